"""Waivers: dated permissions to fail, each for exactly one check, valid or not when the run starts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

CHECKS = """
checks:
  - name: Smoke
    id: smoke
    checks:
      - {name: Health, id: health, acme.healthy: {}}
      - {name: Look at $(item), id: look, each: [a, b/c], acme.healthy: {host: $(item)}}
  - {name: Health, id: health, acme.healthy: {}}
"""


def profile(*waivers: str, head: str = "") -> str:
    return f"name: p\n{head}{CHECKS}waivers:\n" + "".join(f"  - {waiver}\n" for waiver in waivers)


def waiver(check: str = "smoke/health", expires: str = "2026-06-02", more: str = "") -> str:
    return f"{{check: {check}, owner: dana, reason: renewal booked, expires: {expires}{more}}}"


def waived(room, *waivers: str, **asked) -> list[str]:
    return [
        address for address, item in room.items(profile(*waivers), **asked).items() if getattr(item, "waiver", None)
    ]


@pytest.mark.parametrize("check", ["smoke/health", "health", "'smoke/look[a]'", "'smoke/look[b/c]'"])
def test_a_waiver_is_for_exactly_one_check(room, check):
    assert waived(room, waiver(check)) == [check.strip("'")]


@pytest.mark.parametrize(
    ("expires", "now", "valid"),
    [
        ("2026-06-02", datetime(2026, 6, 1, 23, 59, 59, tzinfo=UTC), True),
        ("2026-06-02", datetime(2026, 6, 2, tzinfo=UTC), False),
        ("2026-06-02", datetime(2026, 6, 2, 1, tzinfo=timezone(timedelta(hours=2))), True),
        ("2026-06-02T12:00:00Z", datetime(2026, 6, 2, 11, 59, tzinfo=UTC), True),
        ("2026-06-02T12:00:00+02:00", datetime(2026, 6, 2, 11, 59, tzinfo=UTC), False),
        ("2026-01-01", datetime(2026, 6, 1, tzinfo=UTC), False),
    ],
)
def test_it_ends_when_its_day_begins(room, expires, now, valid):
    assert bool(waived(room, waiver(expires=expires), now=now)) is valid


def test_one_that_is_over_is_known_to_lint_and_to_nobody_else(room):
    bound = room.bind(profile(waiver(expires="2026-01-01"), waiver("health")))
    assert [(dated.check, dated.waiver.owner) for dated in bound.waivers] == [
        ("smoke/health", "dana"),
        ("health", "dana"),
    ]
    assert [step.address for step in bound.plan.steps if step.waiver] == ["health"]


def test_one_that_is_over_takes_nothing_from_one_that_is_valid(room):
    assert waived(room, waiver(), waiver(expires="2026-01-01")) == ["smoke/health"]
    assert waived(room, waiver(expires="2026-01-01"), waiver()) == ["smoke/health"]


def test_it_says_who_and_why(room):
    step = room.items(profile(waiver(more=", ticket: OPS-12")))["smoke/health"]
    assert str(step.waiver) == "waived by dana: renewal booked, OPS-12, until 2026-06-02"
    step = room.items(profile(waiver()))["smoke/health"]
    assert str(step.waiver) == "waived by dana: renewal booked, until 2026-06-02"


def test_it_may_be_made_of_variables(room):
    text = profile(
        "{check: $(c), owner: $(o), reason: $(o), expires: $(e)}", head="vars: {c: health, o: me, e: 2026-07-01}\n"
    )
    assert room.items(text)["health"].waiver.owner == "me"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("x", ["11:5: is no waiver: a waiver is a mapping of check, owner, reason, ticket, expires"]),
        ("{check: health}", ["11:5: the waiver lacks owner and reason and expires"]),
        (waiver("smoke/heath"), ["11:13: there is no check 'smoke/heath', did you mean 'smoke/health'?"]),
        (waiver("smoke"), ["11:13: 'smoke' is a section, and a waiver is for exactly one check"]),
        (waiver("smoke/look"), ["11:13: 'smoke/look' is a section, and a waiver is for exactly one check"]),
        (waiver("'smoke/look[x]'"), ["11:13: there is no check 'smoke/look[x]', did you mean 'smoke/look[a]'?"]),
        (waiver("''"), ["11:13: check is empty"]),
        (waiver(expires="tomorrow"), ["11:73: expires is 'tomorrow', expected a date such as 2026-12-01"]),
        (waiver(expires="2026-13-01"), ["11:73: expires is '2026-13-01', expected a date such as 2026-12-01"]),
        (waiver(more=", untl: x"), ["11:85: unknown key 'untl' of a waiver; known: check, expires, owner, reason, ticket"]),
        ("{check: health, owner: $(secret:X), reason: [a], expires: 2099-01-01}",
         ["11:28: owner cannot hold a secret or a reading", "11:49: reason is a list, expected text"]),
    ],
)  # fmt: skip
def test_one_that_cannot_be_is_told(room, written, told):
    assert room.told(profile(written)) == told
