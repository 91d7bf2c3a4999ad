"""Whole processes: they end, whatever their probes do, and as signals want them to."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest


class Victim:
    """A process with a run in it; what it tells is read line by line."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.agent.engine.victim", name]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events: list[dict] = []

    def until(self, kind: str, address: str) -> None:
        """Read until a check has come so far."""
        for line in self.process.stdout:
            self.events.append(json.loads(line))
            if (self.events[-1].get("event"), self.events[-1].get("address")) == (kind, address):
                return
        raise AssertionError(self.process.stderr.read())

    def end(self) -> tuple[int, dict]:
        """Wait for the end; gives the exit code and the run."""
        out, err = self.process.communicate(timeout=30)
        assert err == ""
        return self.process.returncode, json.loads(out.splitlines()[-1]) if out else {}

    def reasons(self, run: dict) -> dict[str, tuple[str, str]]:
        return {result["address"]: (result["outcome"], result["reason"]) for result in run["results"]}


@pytest.fixture
def victim() -> Iterator[type[Victim]]:
    started = []

    def start(name: str) -> Victim:
        started.append(Victim(name))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_a_run_ends_and_so_does_its_process(victim):
    code, run = victim("passes").end()
    assert (code, run["interrupted"], run["stuck"]) == (0, "", False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_all_results_and_clean_up(victim, number):
    process = victim("long")
    process.until("check_started", "s/long")
    process.process.send_signal(number)
    code, run = process.end()
    assert (code, run["interrupted"], run["stuck"]) == (130, number.name, False)
    assert process.reasons(run) == {
        "s/up": ("pass", ""),
        "s/long": ("error", f"interrupted by {number.name}"),
        "s/down": ("error", f"interrupted by {number.name}; cleaned up all the same"),
    }


@pytest.mark.parametrize(("second", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"])
def test_a_second_signal_ends_the_process_at_once(victim, second, code):
    process = victim("long-clean-up")
    process.until("check_started", "s/up")
    process.process.send_signal(signal.SIGINT)
    process.until("check_started", "s/down")
    process.process.send_signal(second)
    assert process.end() == (code, {})


def test_a_blocked_thread_keeps_no_process_from_ending(victim):
    process = victim("blocks-thread")
    code, run = process.end()
    assert (code, run["stuck"]) == (0, False)
    assert process.reasons(run) == {"a": ("fail", "no answer within 100ms"), "b": ("pass", "")}


@pytest.mark.parametrize("name", ["blocks-thread-for-good", "swallows"])
def test_a_probe_that_does_not_stop_is_an_error_and_its_process_ends(victim, name):
    process = victim(name)
    code, run = process.end()
    assert (code, run["stuck"]) == (7, True)
    assert process.reasons(run) == {"a": ("error", "did not stop when cancelled"), "b": ("pass", "")}


def test_a_probe_that_blocks_the_loop_is_an_error_and_its_process_ends(victim):
    process = victim("blocks-loop")
    code, run = process.end()
    assert (code, run["stuck"]) == (7, True)
    outcome, reason = process.reasons(run)["a"]
    assert (outcome, reason[:30]) == ("error", "the event loop was blocked for")
