"""Runs in which one check uses what another read, and secrets that never get out."""

import threading
from decimal import Decimal

import msgspec
import pytest

from agent.limit import Metric, Shape
from agent.model import Outcome
from agent.node import Measured, Secret
from agent.plan.steps import LateLimit, Policy
from agent.probe import ProbeError, Unreadable
from tests.agent.engine.kit import (
    DOWN,
    FAIL,
    Prepared,
    Seen,
    Typed,
    check,
    late,
    limit,
    mapping,
    plan,
    play,
    real_time,
    script,
)  # fmt: skip
from tests.agent.engine.test_run import WAIVER

VALUE = Measured("login", "value")


def login(*answers, **keys):
    return check("login", script(*answers), **{"wanted": frozenset({"value"}), **keys})


def user(address="use", **keys):
    given = {"probe": Typed, "ready": None, "kind": "typed", "limits": (), "needs": ("login",)}
    return check(address, **{**given, "settings": mapping(data=late(VALUE)), **keys})


@pytest.mark.parametrize("value", ["abc", 5, 0.5, True, [1, "x"], {"a": [1]}, Decimal("1.5")])
async def test_a_reading_reaches_the_check_that_uses_it_with_its_type(value):
    same = LateLimit(Metric("data"), late(VALUE))
    played = await play(plan(user(late_limits=(same,)), login(Seen(value=value))))
    assert played.outcomes == {"use": Outcome.PASS, "login": Outcome.PASS}


async def test_a_reading_arrives_whole_and_unmasked_but_is_shown_masked():
    settings = mapping(headers=mapping(authorization=late("Bearer ", VALUE)))
    whole = limit("length", 5007, Shape.NUMBER)
    played = await play(plan(login(Seen(value="t" * 5000)), user(settings=settings, limits=(whole,))))
    assert played.reasons == {"login": "", "use": ""}
    assert played["login"].attempts[0].readings == {"ok": True, "value": "***"}


async def test_a_credential_that_was_read_does_not_come_back_in_an_error():
    settings = mapping(token="echo", headers=mapping(authorization=late("Bearer ", VALUE)))
    played = await play(plan(login(Seen(value="tok-123")), user(settings=settings)))
    assert played["use"].reason == "said {'authorization': 'Bearer ***'}"
    assert "tok-123" not in msgspec.json.encode(played.events).decode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, "login.value is absent"), (Unreadable("cut short"), "login.value is unreadable (cut short)")],
)
async def test_a_reading_that_is_not_there_is_the_error_of_who_uses_it(value, reason):
    played = await play(plan(login(Seen(value=value)), user()))
    assert (played["use"].outcome, played["use"].reason, played["use"].attempts) == (Outcome.ERROR, reason, ())


async def test_the_reading_is_that_of_the_attempt_that_passed():
    retried = login(Seen(ok=False, value=1), Seen(value=2), policy=Policy(attempts=2, delay=0))
    played = await play(plan(retried, user(limits=(limit("data", 2),))))
    assert played.outcomes == {"login": Outcome.PASS, "use": Outcome.PASS}


async def test_the_reading_of_a_waived_check_is_used():
    played = await play(plan(login(Seen(ok=False, value=2), waiver=WAIVER), user(limits=(limit("data", 2),))))
    assert played.outcomes == {"login": Outcome.WAIVED, "use": Outcome.PASS}


async def test_only_readings_that_somebody_wants_are_kept():
    played = await play(plan(login(Seen(value=1), wanted=frozenset()), user()))
    assert played["use"].reason == "login.value is absent"


async def test_settings_that_a_reading_spoils_are_the_checks_error():
    played = await play(plan(login(Seen(value="many")), user(settings=mapping(port=late(VALUE)))))
    assert (played["use"].outcome, played["use"].reason) == (
        Outcome.ERROR,
        "port is 'many', expected a whole number",
    )


async def test_a_limit_that_a_reading_spoils_is_the_checks_error():
    spoilt = LateLimit(Metric("data", Shape.NUMBER), late(VALUE))
    played = await play(plan(login(Seen(value="many")), user(late_limits=(spoilt,))))
    assert played["use"].reason == "the limit for data cannot be: 'many' is not a plain number"


# ---- secrets


def secret_user(address="use", *, token="echo", **keys):
    settings = mapping(token=token, headers=mapping(authorization=late("Bearer ", Secret("TOKEN"))))
    return user(address, **{"settings": settings, "needs": (), **keys})


@real_time
async def test_a_secret_reaches_the_probe_and_nothing_else(monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cr3t.value\n")
    pattern = LateLimit(Metric("value", Shape.TEXT), mapping(matches=late("^", Secret("TOKEN", escaped=True), "$")))
    whole = limit("length", 7 + len("s3cr3t.value"), Shape.NUMBER)
    played = await play(
        plan(
            secret_user(),
            secret_user("passes", token="quiet", limits=(whole,)),
            check("echoes", script(Seen(value="got s3cr3t.value")), late_limits=(pattern,)),
            check("breaks", script(ValueError("s3cr3t.value")), policy=Policy(attempts=2, delay=0)),
            user(settings=mapping(port=late(Secret("TOKEN"))), needs=(), address="spoilt"),
        )
    )
    assert played.outcomes["passes"] is Outcome.PASS
    assert played.reasons["use"] == "said {'authorization': 'Bearer ***'}"
    assert played.reasons["echoes"] == "value is 'got ***', expected to match '^***$'"
    assert played.reasons["spoilt"] == "port is '***', expected a whole number"
    told = msgspec.json.encode(played.events).decode()
    assert "s3cr3t" not in told


@real_time
async def test_a_missing_secret_is_the_error_of_who_uses_it(monkeypatch):
    monkeypatch.delenv("TOKEN", raising=False)
    monkeypatch.setenv("GONOGO_SECRETS_DIR", "/nowhere")
    played = await play(plan(secret_user(), check("other")))
    assert played.outcomes == {"use": Outcome.ERROR, "other": Outcome.PASS}
    assert played.reasons["use"] == (
        "secret TOKEN is missing: set the environment variable TOKEN or mount the file /nowhere/TOKEN"
    )


@real_time
async def test_a_check_that_does_not_run_asks_for_no_secret(monkeypatch):
    monkeypatch.delenv("TOKEN", raising=False)
    played = await play(plan(secret_user(skipped="not here"), secret_user("active", active=True)))
    assert played.outcomes == {"use": Outcome.SKIPPED, "active": Outcome.BLOCKED}


# ---- preparation


@real_time
async def test_a_probe_is_prepared_once_in_another_thread_before_its_clock_starts():
    probe = Prepared(answers=(FAIL,))
    result = (await play(plan(check("a", probe, policy=Policy(attempts=3, delay=0)))))["a"]
    assert len(result.attempts) == 3
    assert len(probe.calls) == 4
    assert probe.calls[0] != threading.get_ident()


@real_time
async def test_what_cannot_prepare_itself_is_an_error_of_its_own():
    broken = Prepared(problem=ProbeError("ca.pem: no such file"))
    played = await play(plan(check("a", broken), check("b", Prepared())))
    assert (played["a"].outcome, played["a"].reason, played["a"].attempts) == (
        Outcome.ERROR,
        "ca.pem: no such file",
        (),
    )
    assert played["b"].outcome is Outcome.PASS


class LatePrepared(Typed, frozen=True):
    """Cannot prepare itself for port 9."""

    def prepare(self) -> None:
        if self.port == 9:
            raise ProbeError("no port 9 here")


@real_time
@pytest.mark.parametrize(("port", "reason"), [(8, ""), (9, "no port 9 here")])
async def test_a_probe_that_waits_for_a_reading_is_prepared_when_it_has_it(port, reason):
    use = user(probe=LatePrepared, settings=mapping(port=late(VALUE)))
    played = await play(plan(login(Seen(value=port)), use))
    assert played["use"].reason == reason


async def test_what_needs_a_check_that_was_not_ready_is_blocked():
    played = await play(plan(check("a", script(DOWN)), user(needs=("a",), address="b"), check("c", needs=("b",))))
    assert played.outcomes == {"a": Outcome.FAIL, "b": Outcome.BLOCKED, "c": Outcome.BLOCKED}
