"""What may be shown: masked, cut, JSON, on one line."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest

from agent.engine.judge import Observation
from agent.engine.record import DEPTH, ITEMS, TEXT, VALUES, Record, credentials
from agent.mask import Mask
from agent.model import Attempt, Breach, Outcome
from agent.node import Measured, Secret
from agent.probe import Unreadable
from tests.agent.engine.kit import check, late, mapping

SECRET = "hunter2 is it"


def record(*secrets, used=()):
    mask = Mask()
    for secret in secrets:
        mask.add(secret)
    return Record(mask, frozenset(used))


def attempt(values=None, *, secrets=(), used=(), named=(), **seen):
    observation = Observation(**{"outcome": Outcome.FAIL, "values": values or {}, "named": frozenset(named), **seen})
    return record(*secrets, used=used).attempt("smoke/login", 2, observation, (1.5, 1.75))


def test_an_attempt_is_written_down():
    breach, warning = Breach("status", "500", "200"), Breach("size", "1", "2")
    seen = {"status": 500, "body": None, "json": Unreadable("cut\nshort"), "ratio": Decimal("0.50")}
    assert attempt(seen, breaches=(breach, breach), warnings=(warning,)) == Attempt(
        number=2,
        started_seconds=1.5,
        duration_seconds=0.25,
        outcome=Outcome.FAIL,
        reason="status is 500, expected 200; status is 500, expected 200",
        readings={"status": 500, "body": None, "ratio": 0.5},
        unreadable={"json": "cut short"},
        breaches=(breach, breach),
        warnings=(warning,),
    )


@pytest.mark.parametrize(
    ("seen", "named", "breaches", "reason"),
    [
        ({"open": False, "reason": "refused"}, (), ("open",), "open is 1, expected 2 (refused)"),
        ({"open": False, "reason": "refused"}, ("reason",), ("open",), "open is 1, expected 2"),
        ({"open": False, "reason": ""}, (), ("open",), "open is 1, expected 2"),
        ({"open": False, "reason": None}, (), ("open",), "open is 1, expected 2"),
        ({"reason": "refused"}, (), ("reason",), "reason is 1, expected 2"),
        ({"open": True, "reason": "refused"}, (), (), ""),
    ],
)
def test_a_kind_that_knows_why_is_quoted(seen, named, breaches, reason):
    breached = tuple(Breach(metric, "1", "2") for metric in breaches)
    assert attempt(seen, breaches=breached, named=frozenset(named)).reason == reason


def test_a_reason_that_was_given_is_kept():
    assert attempt(reason="refused").reason == "refused"


# ---- values


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (5, 5),
        (2**63 - 1, 2**63 - 1),
        (2**63, "9223372036854775808"),
        (-(10**30), "-1000000000000000000000000000000"),
        (0.5, 0.5),
        (5.0, 5.0),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("5.0"), 5),
        (Decimal("0.1"), 0.1),
        (Decimal("NaN"), "NaN"),
        (Decimal("1E+40"), "1E+40"),
        ("text\nand\x1b[31mmore", "text\nand\x1b[31mmore"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00Z"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:00:00Z"),
        ([1, [Unreadable("cut")], {"a": Decimal(1)}], [1, ["unreadable (cut)"], {"a": 1}]),
    ],
)
def test_values_become_what_json_has(value, shown):
    got = record().value(value)
    assert (got, type(got)) == (shown, type(shown))
    assert msgspec.json.decode(msgspec.json.encode(got)) == shown


def test_a_subclass_of_text_is_text():
    assert type(record().value(Outcome.PASS)) is str


def test_long_text_is_cut_and_says_how_long_it_was():
    got = record().value("x" * 5000)
    assert len(got) == TEXT
    assert got.endswith("xx… (5000 characters)")
    assert record().value("x" * TEXT) == "x" * TEXT


def test_long_lists_and_mappings_are_cut_and_say_what_is_missing():
    assert record().value(list(range(250))) == [*range(ITEMS), "… 150 more"]
    assert record().value({str(n): n for n in range(250)}) == {**{str(n): n for n in range(ITEMS)}, "…": "150 more"}
    assert record().value(list(range(ITEMS))) == list(range(ITEMS))
    assert list(record().value({"k" * 5000: 1})) == ["k" * (TEXT - 19) + "… (5000 characters)"]


def test_deep_data_is_cut():
    deep = 1
    for _ in range(500):
        deep = [deep]
    got = record().value(deep)
    for _ in range(DEPTH):
        (got,) = got
    assert got == "…"


def test_wide_and_deep_data_is_cut_in_all():
    wide = [[["x"] * 90 for _ in range(90)] for _ in range(90)]
    encoded = msgspec.json.encode(record().value(wide))
    assert len(encoded) < VALUES * 20


# ---- secrets


def test_a_secret_is_masked_everywhere():
    seen = {"body": f"<{SECRET}>", "list": [{SECRET: [SECRET]}], "bad": Unreadable(f"no {SECRET}")}
    breach = Breach("body", f"'<{SECRET}>'", f"to match '{SECRET}'")
    got = attempt(seen, secrets=[SECRET], breaches=(breach,), warnings=(breach,), reason=f"says {SECRET}")
    assert "hunter2" not in msgspec.json.encode(got).decode()
    assert got.readings == {"body": "<***>", "list": [{"***": ["***"]}]}
    assert got.unreadable == {"bad": "no ***"}
    assert got.breaches == (Breach("body", "'<***>'", "to match '***'"),)
    assert got.reason == "says ***"


def test_what_cutting_left_of_a_secret_is_masked_too():
    body = "x" * 195 + SECRET
    got = attempt({"body": body}, secrets=[SECRET], breaches=(Breach("body", f"'{body[:200]}…", "1"),))
    assert got.breaches[0].actual == f"'{'x' * 195}***'"
    body = "x" * (TEXT - 5) + SECRET
    assert attempt({"body": body}, secrets=[SECRET]).readings["body"] == "x" * (TEXT - 5) + "***"


LOGIN = ("smoke/login", "token")


@pytest.mark.parametrize("value", ["abcdefgh", "ab", 12345678, ["a", "b", None], {"a": 1}, Decimal(5)])
def test_a_reading_that_others_use_as_a_credential_is_masked_whole(value):
    got = attempt({"token": value}, used=[LOGIN], breaches=(Breach("token", str(value), "to be present"),))
    assert got.readings == {"token": "***"}
    assert got.breaches == (Breach("token", "***", "to be present"),)


@pytest.mark.parametrize("value", [None, True, False])
def test_what_tells_nothing_is_shown(value):
    assert attempt({"token": value}, used=[LOGIN]).readings == {"token": value}


def test_a_credential_that_could_not_be_read_says_why():
    got = attempt({"token": Unreadable("cut")}, used=[LOGIN], breaches=(Breach("token", "unreadable (cut)", "x"),))
    assert (got.readings, got.unreadable, got.breaches[0].actual) == ({}, {"token": "cut"}, "unreadable (cut)")


def test_a_credential_that_was_read_is_masked_from_then_on():
    seen = record(used=[LOGIN])
    values = {"token": "tok-1", "body": '{"token": "tok-1"}'}
    first = seen.attempt("smoke/login", 1, Observation(outcome=Outcome.PASS, values=values), (0, 1))
    assert first.readings == {"token": "***", "body": '{"token": "***"}'}
    assert seen.text("token tok-1 is refused") == "token *** is refused"


@pytest.mark.parametrize(
    ("metric", "value", "masked"),
    [
        ("token", "abc", True),
        ("access_token", "abc", True),
        ("accessToken", "abc", True),
        ("set_cookie", "a=b", True),
        ("Authorization", "Basic x", True),
        ("api_key", "abc", True),
        ("session", {"id": "abc"}, True),
        ("password", 1234, True),
        ("session_token", Decimal(1234), True),
        ("sessions", 42, False),
        ("token_count", 42, False),
        ("token_expires_in_seconds", 3600.0, False),
        ("token_expires_in_seconds", "soon", False),
        ("session_started", datetime(2026, 1, 1, tzinfo=UTC), False),
        ("release", "1.2", False),
        ("token", None, False),
        ("token", True, False),
    ],
)
def test_a_reading_that_is_called_like_a_credential_is_masked_whole(metric, value, masked):
    got = attempt({metric: value}, named=[metric]).readings[metric]
    assert (got == "***") is masked


def test_a_metric_of_the_kind_itself_is_no_credential():
    assert attempt({"session": "resumed"}).readings == {"session": "resumed"}


def test_a_short_word_is_masked_where_it_was_read_and_nowhere_else():
    got = attempt(
        {"session": "on", "session_token": "tok-12345", "body": "on tok-12345"}, named=["session", "session_token"]
    )
    assert got.readings == {"session": "***", "session_token": "***", "body": "on ***"}


def test_readings_used_as_credentials_are_found_in_settings():
    a, b, c, d, e, f = (Measured("login", metric) for metric in "abcdef")
    settings = mapping(
        url=late("https://x/", a),
        headers=mapping(authorization=late("Bearer ", b), **{"x-id": late(c)}),
        body=mapping(new_password=late(d), secret=late(Secret("S")), author=late(f)),
        bearer=late(e),
    )
    steps = [check("x", settings=settings, ready=None), check("y", settings=settings)]
    assert credentials(steps[:1]) == {("login", "b"), ("login", "c"), ("login", "d"), ("login", "e")}
    assert credentials(steps[1:]) == frozenset()


# ---- texts


def test_a_text_is_one_line_without_what_moves_a_cursor():
    assert record().text("a\nb\r\nc\x1b[2Jd\te\u202ef") == "a b c\\x1b[2Jd\\te\\u202ef"
    assert record().text("grün, 100 %") == "grün, 100 %"
    assert len(record().text("x" * 9999)) == TEXT


def test_a_column_may_be_called_anything():
    got = attempt({"a\x1bb": 1, "c d": Unreadable("x")}, breaches=(Breach("a\x1bb", "1", "2"),))
    assert (got.readings, got.unreadable, got.reason) == ({"a\\x1bb": 1}, {"c d": "x"}, "a\\x1bb is 1, expected 2")


@pytest.mark.parametrize("value", [48151623, {"id": "abcdefghij"}, ["abcdefghij", 1], Decimal("481516.25")])
def test_a_credential_is_masked_wherever_else_it_turns_up(value):
    shown = {48151623: "48151623"}.get(value) if isinstance(value, int) else None
    text = shown or ("481516.25" if isinstance(value, Decimal) else "abcdefghij")
    got = attempt({"token": value, "body": f"<{text}>"}, used=[LOGIN])
    assert got.readings == {"token": "***", "body": "<***>"}
