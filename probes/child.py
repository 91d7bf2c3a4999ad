"""Run a command of this machine: bounded in what it writes, gone when it is no longer waited for.

The command leads a session of its own.  When the wait is cut (cancellation) or it writes too much, its
whole process group is told to end, and killed if it does not do so at once.  A process that it leaves
behind after it ended by itself lives on, and holds up nobody: what stands in the pipes when the command
ends is read, and no more.

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


class Output(msgspec.Struct, frozen=True):
    """How a command ended and what it wrote until then."""

    exit_code: int
    """Negative when a signal ended it: -9 for SIGKILL."""
    stdout: bytes
    stderr: bytes
    duration_seconds: float
    """From the start of the process to its end."""


async def run(command: Command) -> Output:
    """Run a command to its end.  Raises ProbeError when it cannot be started or writes without end."""
    with ExitStack() as pipes:
        stdout, stderr = (pipes.enter_context(Sink(command.output_limit)) for _ in range(2))
        stdin = None if command.stdin is None else pipes.enter_context(Source(command.stdin))
        started = perf_counter()
        process = await _start(command, stdin, stdout, stderr)
        try:
            exit_code = await _until_it_ends(process, stdin, stdout, stderr)
            duration = perf_counter() - started
        finally:
            await _stop(process)
        output = stdout.rest(), stderr.rest()
        if exit_code is None or stdout.flooded or stderr.flooded:
            raise ProbeError(_flooded(command, "stdout" if stdout.flooded else "stderr"))
        return Output(exit_code, *output, duration)


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


async def _until_it_ends(process: Process, stdin: Source | None, stdout: Sink, stderr: Sink) -> int | None:
    """Feed it and read what it writes until it ends; None when it had to be cut because it floods."""
    exit_code = None
    async with anyio.create_task_group() as tasks:

        async def fill(sink: Sink) -> None:
            await sink.fill()
            if sink.flooded:
                tasks.cancel_scope.cancel()

        tasks.start_soon(fill, stdout)
        tasks.start_soon(fill, stderr)
        if stdin is not None:
            tasks.start_soon(stdin.feed)
        exit_code = await process.wait()
        tasks.cancel_scope.cancel()
    return exit_code


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
        missing = (
            "its interpreter, named in its first line, is missing" if path.is_file() else "no such command"
        )
        return f"{program}: {missing}"
    return f"{program}: {_said(error)}"


def _said(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
