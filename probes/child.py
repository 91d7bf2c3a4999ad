"""Run a command of this machine: bounded in what it writes, gone when it is no longer waited for.

The command leads a session of its own.  When the wait is cut (cancellation) or it writes too much, its
whole process group is told to end, and killed if it does not do so at once.  A process that it leaves
behind after it ended by itself lives on, and holds up nobody for long: what it still says is read for a
short while, and if it holds a pipe open even then, nobody knows what would have come, so that what came
must not be taken for the whole.

The pipes are plain descriptors, since asyncio's own `wait` waits until everybody who inherited them has
closed them.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from subprocess import DEVNULL
from time import perf_counter

import anyio
import msgspec
from anyio.abc import Process

from agent.probe import ProbeError
from probes.pipe import Sink, Source

__all__ = ["Command", "Output", "run"]

_GRACE_SECONDS = 0.5
"""How long a group may take to end by itself once it is told to; nobody waits that long if it does."""

_LAST_WORDS_SECONDS = 1.0
"""How long the pipes may stay open once the command has ended; nobody waits that long if they do not."""

_REAP_SECONDS = 1.0
"""How long a killed process may take to be gone; one that hangs in the kernel never is."""


class Command(msgspec.Struct, frozen=True):
    """What to run and in which surroundings; its environment is exactly `environment`."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    directory: str | None = None
    stdin: bytes | None = None
    output_limit: int = 8 * 2**20
    """How many bytes it may write to standard output, and to standard error."""
    may_leave: bool = False
    """Whether it may leave a process behind that holds its standard output open: `stdout_held`."""


class Output(msgspec.Struct, frozen=True):
    """How a command ended and what it wrote."""

    exit_code: int
    """Negative when a signal ended it: -9 for SIGKILL."""
    stdout: bytes
    stderr: bytes
    duration_seconds: float
    """From the start of the process to its end."""
    stdout_held: bool = False
    """A process that it left running can still write to standard output: more may come than `stdout`."""
    stderr_held: bool = False
    """Likewise to standard error."""


async def run(command: Command) -> Output:
    """Run a command to its end.

    Raises ProbeError when it cannot be started, writes without end, or leaves behind who holds its standard
    output open and may not.
    """
    with ExitStack() as pipes:
        stdout, stderr = (pipes.enter_context(Sink(command.output_limit)) for _ in range(2))
        stdin = None if command.stdin is None else pipes.enter_context(Source(command.stdin))
        started = perf_counter()
        process = await _start(command, stdin, stdout, stderr)
        try:
            ended = await _until_it_ends(process, stdin, stdout, stderr)
        finally:
            await _stop(process)
        output = stdout.rest(), stderr.rest()
        if ended is None or stdout.flooded or stderr.flooded:
            raise ProbeError(_flooded(command, "stdout" if stdout.flooded else "stderr"))
        if not (stdout.ended or command.may_leave):
            raise ProbeError(f"{command.arguments[0]} left a process running that still holds its stdout open")
        return Output(ended.exit_code, *output, ended.at - started, not stdout.ended, not stderr.ended)


class _Ended(msgspec.Struct, frozen=True):
    exit_code: int
    at: float
    """On the clock of `perf_counter`."""


async def _start(command: Command, stdin: Source | None, stdout: Sink, stderr: Sink) -> Process:
    """Start it, which a cancellation does not cut in halves."""
    try:
        with anyio.CancelScope(shield=True):
            process = await anyio.open_process(
                command.arguments,
                stdin=DEVNULL if stdin is None else stdin.child,
                stdout=stdout.child,
                stderr=stderr.child,
                cwd=command.directory,
                env=command.environment,
                start_new_session=True,
            )
    except OSError as error:
        raise ProbeError(_why_not_started(command, error)) from error
    finally:
        for pipe in (stdin, stdout, stderr):
            if pipe is not None:
                pipe.hand_over()
    return process


async def _until_it_ends(process: Process, stdin: Source | None, stdout: Sink, stderr: Sink) -> _Ended | None:
    """Feed it and read until it has ended and its pipes too, for a while; None when cut because it floods."""
    ended = None
    whole = anyio.Event()
    async with anyio.create_task_group() as tasks:

        async def fill(sink: Sink) -> None:
            await sink.fill()
            if sink.flooded:
                tasks.cancel_scope.cancel()
            if stdout.ended and stderr.ended:
                whole.set()

        tasks.start_soon(fill, stdout)
        tasks.start_soon(fill, stderr)
        if stdin is not None:
            tasks.start_soon(stdin.feed)
        exit_code = await process.wait()
        ended = _Ended(exit_code, perf_counter())
        with anyio.move_on_after(_LAST_WORDS_SECONDS):
            await whole.wait()
        tasks.cancel_scope.cancel()
    return ended


async def _stop(process: Process) -> None:
    """End the whole group of a process that has not ended by itself, and have it reaped."""
    if process.returncode is not None:
        return
    _signal_group(process.pid, signal.SIGTERM)
    with anyio.move_on_after(_GRACE_SECONDS, shield=True):
        await process.wait()
    _signal_group(process.pid, signal.SIGKILL)
    with anyio.move_on_after(_REAP_SECONDS, shield=True):
        await process.wait()


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):  # all gone, or somebody else's (sudo)
        os.killpg(leader, number)


def _flooded(command: Command, name: str) -> str:
    return f"{command.arguments[0]} wrote more than {command.output_limit} bytes to {name}"


def _why_not_started(command: Command, error: OSError) -> str:
    program = command.arguments[0]
    if command.directory is not None and error.filename == command.directory:
        return f"{command.directory}: {_said(error)}, expected a directory to run {program} in"
    if error.errno == errno.ENOEXEC:
        return f"{program}: cannot be executed, expected a program or a script whose first line is #!…"
    if isinstance(error, FileNotFoundError):
        path = Path(command.directory or ".", program)
        missing = "its interpreter, named in its first line, is missing" if path.is_file() else "no such command"
        return f"{program}: {missing}"
    return f"{program}: {_said(error)}"


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
