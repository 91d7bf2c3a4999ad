"""What a person sees while a run goes on, and that no check feels it."""

import io
import re
import subprocess
import sys
import threading

import pytest
from rich.console import Console

from agent import progress
from agent.events import AttemptFinished, CheckFinished, CheckStarted, RunFinished, RunStarted
from agent.model import Attempt, Outcome, Result
from agent.progress.lines import Plain
from agent.progress.screen import Live
from agent.progress.stream import Guarded


def started(checks=3):
    return RunStarted(at_seconds=0, name="post-deploy", started_at="2026-11-21T03:04:05Z", checks=checks)


def turn(address, name="", at=0.0):
    return CheckStarted(at_seconds=at, address=address, name=name or address, kind="http")


def look(address, number=1, outcome="fail", reason="replicas is 2", at=0.0):
    attempt = Attempt(number=number, started_seconds=at, duration_seconds=0.5, outcome=Outcome(outcome), reason=reason)
    return AttemptFinished(at_seconds=at, address=address, attempt=attempt)


def done(address, outcome="pass", reason="", *, at=0.0, name="", attempts=()):
    result = Result(address=address, outcome=Outcome(outcome), reason=reason, attempts=attempts)
    return CheckFinished(at_seconds=at, name=name or address, result=result)


def seen(watcher, stream, *events):
    """Send events, close, and give what was written."""
    for event in events:
        watcher(event)
    watcher.close()
    return stream.getvalue()


@pytest.fixture
def stream():
    return io.StringIO()


# ---- plain -----------------------------------------------------------------------------------------


def test_plain_writes_a_line_for_each_finished_check(stream):
    attempts = (look("c").attempt,)
    told = seen(
        Plain(stream),
        stream,
        started(12),
        turn("a"),
        done("a", name="Log in"),
        done("b", "blocked", "needs a, which failed"),
        done("c", "fail", "status is 500, expected 200", attempts=attempts),
        RunFinished(at_seconds=1),
    )
    assert told.splitlines() == [
        "post-deploy: 12 checks",
        " 1/12  pass     Log in",
        " 2/12  BLOCKED  b  needs a, which failed",
        " 3/12  FAIL     c  500ms  status is 500, expected 200",
    ]


def test_plain_says_what_interrupted_the_run(stream):
    told = seen(Plain(stream), stream, started(), RunFinished(at_seconds=1, interrupted="SIGTERM"))
    assert told.splitlines() == ["post-deploy: 3 checks", "interrupted by SIGTERM"]


def test_plain_gives_a_sign_of_life_when_nothing_finishes_for_long(stream):
    told = seen(
        Plain(stream),
        stream,
        started(),
        turn("a", "Rollout is finished"),
        look("a", 5, at=29.9),
        look("a", 6, at=30.0),
        look("a", 7, at=59.9),
        look("a", 12, at=60.0),
        look("unknown", 1, "pass", at=99.0),
        look("unknown", 1, "error", "no answer\nwithin 10s", at=99.0),
    )
    assert told.splitlines()[1:] == [
        "0/3  waiting  Rollout is finished, attempt 6: replicas is 2",
        "0/3  waiting  Rollout is finished, attempt 12: replicas is 2",
        r"0/3  waiting  unknown, attempt 1: no answer\nwithin 10s",
    ]


# ---- live ------------------------------------------------------------------------------------------


class Clock:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


def drawn(watcher, width=60):
    """One frame as text."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(watcher.frame())
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def live(stream, clock=None):
    """A watcher that draws only when it is closed."""
    return Live(stream, width=60, clock=clock or Clock(), every=3600)


def test_live_shows_totals_and_what_is_running(stream):
    clock = Clock()
    watcher = live(stream, clock)
    watcher(started(203))
    watcher(turn("a", "Metrics are there [orders_total]"))
    clock.now += 2.54
    watcher(turn("b", "Rollout is finished and all of its pods answer the new version"))
    watcher(look("b", 12))
    watcher(look("gone"))
    for address, outcome in (("x", "pass"), ("y", "pass"), ("z", "waived")):
        watcher(done(address, outcome))
    clock.now += 90
    told = drawn(watcher)
    watcher.close()
    assert told == [
        "post-deploy 3/203              2 pass  1 waived        1m33s",
        "  Metrics are there [orders_total]                     1m33s",
        "  Rollout is finished and all of its pods… attempt 13  1m30s",
    ]


def test_live_shows_the_longest_running_and_counts_the_rest(stream):
    clock = Clock()
    watcher = live(stream, clock)
    watcher(started())
    for number in range(20):
        clock.now += 0.1
        watcher(turn(f"check {number}"))
    watcher(done("check 0"))
    told = drawn(watcher)
    watcher.close()
    assert told[1] == "  check 1                                               1.8s"
    assert told[8] == "  check 8                                               1.1s"
    assert told[9:] == ["  and 11 more"]


def left_behind(told):
    """What stays on the terminal: the lines that no control sequence takes away again."""
    kept = re.sub(r"\x1b\[[\d;?]*[A-Zhl]|\r", "\n", re.sub(r"\x1b\[[\d;]*m", "", told))
    return [line.rstrip() for line in kept.splitlines() if re.match(r"[A-Z…]", line)]


def test_live_leaves_only_failures_behind(stream):
    events = [done(outcome, outcome, "why" if outcome != "pass" else "") for outcome in Outcome]
    told = seen(live(stream), stream, started(), *events, done("quiet", "fail"))
    assert left_behind(told) == ["FAIL  fail  why", "ERROR  error  why", "PENDING  pending  why", "FAIL  quiet"]


def test_live_leaves_a_screenful_behind_and_no_more(stream):
    events = [done(f"c{number}", "fail") for number in range(50)]
    told = left_behind(seen(live(stream), stream, started(), *events))
    assert told == [*(f"FAIL  c{number}" for number in range(20)), "… more failures are in the report"]


def test_live_draws_while_the_run_goes_on_and_says_once_that_there_is_more(stream):
    drawn_often = threading.Semaphore(0)

    def clock():
        drawn_often.release()
        return 1.0

    watcher = Live(stream, width=60, clock=clock, every=0.001)
    watcher(started())
    for number in range(60):
        watcher(done(f"c{number}", "error"))
        drawn_often.acquire()
    for _ in range(5):
        drawn_often.acquire()
    watcher.close()
    told = left_behind(stream.getvalue())
    assert told == [*(f"ERROR  c{number}" for number in range(20)), "… more failures are in the report"]


def test_live_shows_the_cursor_again_whatever_happens(stream):
    told = seen(live(stream), stream, started())
    assert told.rindex("\x1b[?25h") > told.rindex("\x1b[?25l")


def test_live_that_never_saw_a_run_writes_nothing(stream):
    assert seen(live(stream), stream) == ""


def test_the_name_of_a_check_is_no_markup_and_no_order_to_the_terminal(stream):
    told = seen(live(stream), stream, started(), done("a", "fail", "\x1b[2J[bold]x[/]", name="[red]a\x9b2J"))
    assert left_behind(told) == [r"FAIL  [red]a\x9b2J  \x1b[2J[bold]x[/]"]


# ---- all -------------------------------------------------------------------------------------------


class Broken(io.StringIO):
    """A terminal that has gone away."""

    tries = 0

    def write(self, text):
        self.tries += 1
        raise BrokenPipeError

    def flush(self):
        self.tries += 1
        raise BrokenPipeError


@pytest.mark.parametrize("kind", [Plain, Live])
def test_a_terminal_that_has_gone_away_stops_nothing(kind):
    stream = Broken()
    watcher = kind(stream)
    for event in (started(), turn("a"), look("a"), done("a", "fail"), RunFinished(at_seconds=1)):
        watcher(event)
    watcher.close()
    assert stream.tries == 1


def test_a_stream_that_is_closed_or_cannot_be_flushed_is_left_alone():
    closed = io.StringIO()
    guarded = Guarded(closed)
    closed.close()
    assert guarded.write("abc") == 3
    unflushed = Guarded(Broken())
    unflushed.flush()
    unflushed.flush()
    assert unflushed.write("x") == 1


def test_what_a_terminal_cannot_write_is_spelt_out():
    raw = io.BytesIO()
    latin = io.TextIOWrapper(raw, encoding="latin-1")
    Guarded(latin).write("ü …")
    Guarded(latin).flush()
    assert raw.getvalue() == b"\xfc \\u2026"
    assert Guarded(io.StringIO()).encoding == "utf-8"
    assert Guarded(latin).encoding == "latin-1"


class Stuck(io.StringIO):
    """A terminal on which somebody pressed Ctrl-S."""

    def __init__(self):
        super().__init__()
        self.freed = threading.Event()

    def write(self, text):
        self.freed.wait(20)
        return super().write(text)


@pytest.mark.parametrize("kind", [Plain, Live])
def test_a_terminal_that_stands_still_delays_no_check(kind):
    stream = Stuck()
    watcher = kind(stream)
    for event in (started(), turn("a"), look("a"), done("a", "fail")):
        watcher(event)
    assert stream.getvalue() == ""
    stream.freed.set()
    watcher.close()
    assert "FAIL" in stream.getvalue()


def test_quiet_says_nothing():
    watcher = progress.quiet()
    watcher(started())
    watcher.close()


@pytest.mark.parametrize(("name", "kind"), [("plain", Plain), ("live", Live)])
def test_the_command_line_gets_a_watcher_for_a_stream_as_often_as_it_asks(name, kind, stream):
    for _ in range(2):
        watcher = getattr(progress, name)(stream)
        assert isinstance(watcher, kind)
        watcher.close()


def test_rich_is_imported_for_live_progress_only():
    code = (
        "import sys, agent.progress as p; w = p.plain(sys.stderr); w.close();"
        "print('rich' in sys.modules); p.live(sys.stderr).close(); print('rich' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\nTrue\n"
