"""How a check is tried over time: its own keys, the defaults around it, and what does not go together."""

import pytest

from agent.plan.steps import Policy


def one(keys: str = "", defaults: str = "{}", kind: str = "acme.healthy: {}") -> str:
    return f"name: p\ndefaults: {defaults}\nchecks:\n  - {{name: One, {kind}{', ' + keys if keys else ''}}}\n"


@pytest.mark.parametrize(
    ("keys", "defaults", "policy"),
    [
        pytest.param("", "{}", Policy(), id="nothing said"),
        pytest.param("timeout: 3s", "{timeout: 5s}", Policy(timeout=3.0), id="its own goes before a default"),
        pytest.param("", "{timeout: 5s, retry: {attempts: 3}}", Policy(timeout=5.0, attempts=3, delay=1.0), id="defaults"),
        pytest.param("retry: {delay: 5s}", "{retry: {attempts: 9}}", Policy(attempts=2, delay=5.0), id="retry as a whole"),
        pytest.param("timeout: null", "{timeout: 5s}", Policy(), id="null takes a default away"),
        pytest.param("retry: null", "{retry: {attempts: 3}}", Policy(), id="null takes retry away"),
        pytest.param("retry: ", "{retry: {attempts: 3}}", Policy(), id="so does no value"),
        pytest.param("within: 1m", "{}", Policy(within=60.0), id="within"),
        pytest.param("within: 1m, every: 2s", "{every: 9s}", Policy(within=60.0, every=2.0), id="within and every"),
        pytest.param("hold: 1m, tolerate: 5s", "{}", Policy(hold=60.0, tolerate=5.0), id="hold and tolerate"),
        pytest.param("within: 1m", "{retry: {attempts: 3}}", Policy(within=60.0), id="within takes the place of a default retry"),
        pytest.param("", "{within: 1m, every: 2s, tolerate: 3s}", Policy(within=60.0, every=2.0, tolerate=3.0), id="defaults of waiting"),
        pytest.param("within: null", "{within: 1m}", Policy(), id="null takes within away"),
        pytest.param("active: true", "{retry: {attempts: 3}}", Policy(), id="no default retry for what changes something"),
        pytest.param("active: true, retry: {attempts: 3}", "{}", Policy(attempts=3, delay=1.0), id="its own retry for it"),
        pytest.param("active: false", "{retry: {attempts: 3}}", Policy(attempts=3, delay=1.0), id="a check that is not active"),
        pytest.param("timeout: 90", "{}", Policy(timeout=90.0), id="plain seconds"),
        pytest.param("retry: {attempts: 1000, delay: 0s}", "{}", Policy(attempts=1000, delay=0.0), id="the most attempts"),
    ],
)  # fmt: skip
def test_a_policy(room, keys, defaults, policy):
    assert room.step(one(keys, defaults)).policy == policy


def test_flags(room):
    step = room.step(one("active: true, always: true"))
    assert (step.active, step.always) == (True, True)
    step = room.step("name: p\nvars: {on: true}\nchecks:\n  - {name: One, acme.healthy: {}, active: $(on)}\n")
    assert (step.active, step.always) == (True, False)


@pytest.mark.parametrize(
    ("keys", "defaults", "told"),
    [
        ("retry: {attempts: 3}", "{within: 1m}", ["4:35: retry does not go with within or hold, which try again by themselves"]),
        ("retry: {attempts: 3}, hold: 1m", "{}", ["4:35: retry does not go with within or hold, which try again by themselves"]),
        ("every: 5s, within: null", "{within: 1m}", ["4:35: every wants within or hold beside it"]),
        ("tolerate: 5s, within: 1m", "{}", ["4:35: tolerate wants hold beside it"]),
        ("always: true, active: false", "{}", ["4:35: always is for clean-up, which is active: add active: true"]),
        ("timeout: 0s", "{}", ["4:44: timeout is below 10ms: no answer would ever be in time"]),
        ("within: 1ms", "{}", ["4:43: within is below 10ms: leave it out for one attempt"]),
        ("", "{timeout: 0s, every: 0s}", ["2:21: timeout is below 10ms: no answer would ever be in time", "2:32: every is below 10ms"]),
        ("active: ", "{}", ["4:35: active has no value"]),
        ("active: null", "{}", ["4:43: active is 'null', expected true or false"]),
        ("timeout: [$(secret:X)]", "{}", ["4:44: timeout cannot rest on a secret or a reading: it is settled before the run"]),
        ("retry: {attempts: $(secret:X)}", "{}", ["4:42: retry cannot rest on a secret or a reading: it is settled before the run"]),
        ("timeout: soon, every: x, retry: {attempts: 0, delay: y}", "{}", [
            "4:44: timeout: 'soon' is not a time such as 500ms, 1h30m or 30d",
            "4:50: every wants within or hold beside it",
            "4:57: every: 'x' is not a time such as 500ms, 1h30m or 30d",
            "4:78: attempts is '0', expected a whole number from 1 to 1000",
            "4:88: delay: 'y' is not a time such as 500ms, 1h30m or 30d",
        ]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(room, keys, defaults, told):
    assert room.told(one(keys, defaults)) == told


def test_a_default_that_is_wrong_is_told_once(room):
    assert room.told(one("", "{timeout: x}") + "  - {name: Two, acme.healthy: {}}\n") == [
        "2:21: timeout: 'x' is not a time such as 500ms, 1h30m or 30d"
    ]


def test_the_nearest_default_wins_key_by_key_and_null_takes_away(room):
    items = room.items(
        """
        name: p
        vars: {t: 7s}
        defaults: {timeout: 5s, retry: {attempts: 3}, acme: {host: outer, port: 1, even: ab}, acme.healthy: {port: 2}}
        checks:
          - {name: One, acme.healthy: {even: cd}}
          - name: All
            defaults: {timeout: $(t), retry: null, acme: {host: inner}, acme.healthy: {even: null, share: 10%}}
            checks:
              - {name: Two, acme.healthy: {share: 20%}}
              - {name: Three, acme.thing: {}, expect: {ok: true}}
              - {name: Four, acme.query: {query: x}, expect: {rows: 1}}
          - {name: Five, acme.healthy: {host: null, port: null}}
        """
    )
    probes = {address: item.ready for address, item in items.items() if hasattr(item, "kind")}
    assert (probes["one"].host, probes["one"].port, probes["one"].even) == ("outer", 2, "cd")
    assert (items["one"].policy.timeout, items["one"].policy.attempts) == (5.0, 3)
    two, three = probes["all/two"], probes["all/three"]
    assert (two.host, two.port, two.even, two.share) == ("inner", 2, "", 0.2)
    assert (three.host, three.port, three.even, three.share) == ("inner", 1, "ab", 0.5)
    assert (items["all/two"].policy.timeout, items["all/two"].policy.attempts) == (7.0, 1)
    assert (probes["five"].host, probes["five"].port) == ("", None)


def test_a_default_may_rest_on_what_the_run_learns(room):
    items = room.items(
        """
        name: p
        defaults: {acme: {host: $(secret:HOST), headers: {authorization: $(login.state)}}}
        checks:
          - {name: Login, id: login, tcp: {host: a, port: 1}}
          - {name: One, acme.healthy: {}}
        """.replace("tcp: {host: a, port: 1}", "acme.query: {query: x}, expect: {state: {exists: true}}")
    )
    assert items["one"].needs == ("login",)
    assert items["one"].settings.get("host").parts[0].name == "HOST"


@pytest.mark.parametrize(
    ("defaults", "told"),
    [
        ("{acme.healthy: {hots: a}}", ["2:27: unknown setting of acme.healthy 'hots', did you mean 'host'?"]),
        ("{acme: {query: a, host: b, prt: 1}}", ["2:38: unknown setting of acme 'prt', did you mean 'port'?"]),
        ("{acme: x}", ["2:18: the defaults of acme are not a mapping"]),
        ("{acne: {}}", ["2:12: unknown default 'acne', did you mean 'acme'?"]),
        ("{acme.thing: {anything: goes}}", []),
        ("{acme: null, tcp: null}", []),
        ("{http: {url: x}}", []),
        ("{owner: me}", ["2:12: 'owner' cannot be a default: each check says it itself"]),
        ("{acme: {port: x}}", ["2:25: port is 'x', expected a whole number from 1 to 65535"]),
        ("[]", ["2:11: defaults is not a mapping"]),
        ("{'': {a: b}}", ["2:12: unknown default ''"]),
    ],
)
def test_defaults_that_can_reach_nothing(room, defaults, told):
    profile = one("", defaults) + "  - {name: Two, acme.query: {query: x}, expect: {rows: 1}}\n"
    assert (room.told(profile) if told else room.bind(profile) and []) == told


def test_a_kind_that_is_not_there_makes_no_mistake_of_its_defaults(room):
    assert room.told(one("", "{acme.gone: {a: b}, gone: {host: x}}", "gone.off: {}")) == [
        "2:12: unknown default 'acme.gone', did you mean 'acme.thing'?",
        "4:17: unknown kind 'gone.off': no installed package brings it",
    ]
