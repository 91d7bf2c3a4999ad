"""Run a command of this machine and measure how it ended and what it wrote."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import chain

import msgspec
from anyio import to_thread

from agent.probe import Bytes, Names, Need, Probe, ProbeError, Reading, Unreadable, Value
from probes import nagios
from probes.child import Command, Output, run
from probes.extract import JmesPaths, Patterns, json_readings, regex_readings
from probes.extract.json_text import decoded

__all__ = ["ExecProbe", "ExecReading"]

_INHERITED = ("HOME", "LANG", "LANGUAGE", "LC_*", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")


class ExecReading(Reading, frozen=True):
    """How a command ended and what it wrote."""

    exit_code: int
    """What the command ended with; as a shell has it, 128 and the number of the signal when one ended it
    (139 for SIGSEGV); `signal` tells the two apart."""
    stdout: str | Unreadable
    """What it wrote to standard output, without the last newline; unreadable when that is not UTF-8, and when
    a process that it left running holds it open a second after the command ended."""
    stderr: str | Unreadable
    """What it wrote to standard error, likewise."""
    duration_seconds: float
    """From its start to its end."""
    signal: str | None = None
    """The signal that ended it (`SIGSEGV`); absent when it ended by itself."""
    status: nagios.Status | Unreadable | None = None
    """What the exit code of a Nagios plugin says; UNKNOWN is an error, because then it could not look.
    Unreadable where standard output is held open."""
    message: str | Unreadable | None = None
    """With `nagios`: the first line of output, without the performance data."""


class ExecProbe(Probe, frozen=True):
    """Run a command once, without a shell, in a session of its own; when it is not waited for it is ended.

    A process that it leaves running (a daemon) lives on.  It must not hold standard output or standard error
    open: what is read from them would be cut short, and is unreadable.

    With `nagios`, each value of the performance data is recorded under its label and base unit
    (`'Free Space'=1KB` as `free_space_bytes`: 1000); `perfdata` names those that limits are about.
    """

    defaults = {"exit_code": "0"}

    command: str | tuple[str, ...]
    """The program and its arguments, a list.  A program without `/` is looked for in PATH; with one it is
    relative to `directory`.  With `shell`: one text."""
    shell: bool = False
    """Have `/bin/sh -c` read the command.  What is substituted into it is read by the shell too."""
    environment: tuple[str, ...] = ()
    """Variables handed on beside HOME, LANG, LANGUAGE, LC_*, LOGNAME, PATH, TMPDIR, TZ and USER; `AWS_*` is
    all that begin so.  Nothing else of the agent's environment reaches the command."""
    set: dict[str, str] = msgspec.field(default_factory=dict)
    """Variables set for the command."""
    directory: str | None = None
    """Where it runs; default: the working directory."""
    stdin: str | None = None
    """Text for its standard input; default: nothing (`/dev/null`)."""
    output_limit: Bytes = 8 * 2**20
    """How much it may write to standard output, and to standard error; with more it is ended: error."""
    json: JmesPaths = msgspec.field(default_factory=dict)
    """Readings by JMESPath, from standard output as JSON."""
    regex: Patterns = msgspec.field(default_factory=dict)
    """Readings by regular expression, from standard output: the first group, else the match."""
    nagios: bool = False
    """It is a Nagios plugin: read `status`, `message` and performance data.  Exit code 3 (UNKNOWN), any
    higher one and a signal are errors."""
    perfdata: Names = msgspec.field(default_factory=dict)
    """Readings by the label of Nagios performance data, in the unit that the reading's ending promises, or
    in base units: KB is 1000 bytes and KiB 1024, % is a ratio."""

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        for mistake in chain(self._wrong_command(), self._wrong_names()):
            raise ValueError(mistake)

    def _wrong_command(self) -> Iterator[str]:
        if self.shell != isinstance(self.command, str):
            wanted = "one text, which the shell reads" if self.shell else "a list, the program first"
            yield f"command is {'a list' if self.shell else 'one text'}, expected {wanted}"
        if not self.command or not self._arguments()[0]:
            yield "command is empty"
        if any("\0" in text for text in (*self._arguments(), self.directory or "", *self.set.values())):
            yield "a NUL character stands in the command, its directory or its environment"

    def _wrong_names(self) -> Iterator[str]:
        for name in self.set:
            if not name or set("=\0") & set(name):
                yield f"set: {name!r} is no name of a variable"
        if self.perfdata and not self.nagios:
            yield "perfdata is what Nagios plugins write: say nagios: true"
        for name, count in Counter([*self.json, *self.regex, *self.perfdata]).items():
            if count > 1:
                yield f"the reading {name} is named twice"

    async def measure(self) -> ExecReading:
        """Run the command to its end."""
        output = await run(
            Command(
                arguments=self._arguments(),
                environment=self._environment(),
                directory=self.directory,
                stdin=None if self.stdin is None else self.stdin.encode(),
                output_limit=self.output_limit,
                may_leave=True,
            )
        )
        if self.json or self.regex or self.nagios:
            return await to_thread.run_sync(self._reading, output, abandon_on_cancel=True)
        return self._reading(output)

    def permissions(self) -> tuple[Need, ...]:
        """List the command."""
        return (Need("command", self._arguments()[0]),)

    def _arguments(self) -> tuple[str, ...]:
        return ("/bin/sh", "-c", self.command) if isinstance(self.command, str) else tuple(self.command)

    def _environment(self) -> dict[str, str]:
        wanted = (*_INHERITED, *self.environment)
        inherited = {
            name: value for name, value in os.environ.items() if any(fnmatchcase(name, pattern) for pattern in wanted)
        }
        return inherited | self.set

    def _reading(self, output: Output) -> ExecReading:
        stdout = _held("stdout") if output.stdout_held else _text(output.stdout, "stdout")
        reading = ExecReading(
            exit_code=output.exit_code if output.exit_code >= 0 else 128 - output.exit_code,
            signal=_signal(output.exit_code),
            stdout=stdout,
            stderr=_held("stderr") if output.stderr_held else _text(output.stderr, "stderr"),
            duration_seconds=output.duration_seconds,
            named=self._found(output, stdout),
        )
        return self._plugin(reading, held=output.stdout_held) if self.nagios else reading

    def _found(self, output: Output, stdout: str | Unreadable) -> dict[str, Value]:
        if output.stdout_held:
            return dict.fromkeys([*self.json, *self.regex], stdout)
        found = json_readings(output.stdout, self.json, what="stdout")
        if isinstance(stdout, Unreadable):
            return found | dict.fromkeys(self.regex, stdout)
        return found | regex_readings(stdout, self.regex)

    def _plugin(self, reading: ExecReading, *, held: bool) -> ExecReading:
        """Add what a Nagios plugin says.  Raises ProbeError when it says that it does not know."""
        plugin = nagios.plugin_output(reading.stdout if isinstance(reading.stdout, str) else "")
        status = nagios.status(reading.exit_code)
        if status is None:
            program, ending = self._arguments()[0], reading.signal or f"exit code {reading.exit_code}"
            said = f": {plugin.message}" if plugin.message else ""
            raise ProbeError(f"{program} ended with {ending}, which is UNKNOWN{said}", exit_code=reading.exit_code)
        measures = nagios.suggested(plugin.measures) | nagios.named(plugin.measures, self.perfdata)
        if isinstance(reading.stdout, str):
            return msgspec.structs.replace(
                reading, status=status, message=plugin.message, named=measures | reading.named
            )
        return msgspec.structs.replace(
            reading,
            status=reading.stdout if held else status,
            message=reading.stdout,
            named=dict.fromkeys(self.perfdata, reading.stdout) | reading.named,
        )


def _held(name: str) -> Unreadable:
    return Unreadable(f"{name} is still held open by a process that the command left running")


def _text(data: bytes, name: str) -> str | Unreadable:
    try:
        return decoded(data).removesuffix("\n").removesuffix("\r")
    except ValueError as error:
        return Unreadable(f"{name}: {error}")


def _signal(exit_code: int) -> str | None:
    if exit_code >= 0:
        return None
    try:
        return signal.Signals(-exit_code).name
    except ValueError:  # a real-time signal has no name
        return f"signal {-exit_code}"
