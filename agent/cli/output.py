"""Reports on their way out: which, in what format, to where; what could not be written is told."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import click
import msgspec

from agent.events import Event
from agent.problem import nearest
from agent.report import Report
from agent.reporters import REPORTERS

EVENTS = "ndjson"


class Wanted(msgspec.Struct, frozen=True):
    """One `--report FORMAT[:FILE]`."""

    format: str
    file: str = "-"
    """`-` is standard output."""


def parse(options: tuple[str, ...]) -> tuple[Wanted, ...]:
    """Read the options.  Raises click.UsageError for a format that there is not."""
    formats = (*REPORTERS, EVENTS)
    wanted = []
    for option in options:
        name, _, file = option.partition(":")
        if name not in formats:
            raise click.UsageError(f"--report {option}: there is no format '{name}'{nearest(name, formats, listed=20)}")
        wanted.append(Wanted(name, file or "-"))
    return tuple(wanted) or (Wanted("text"),)


class Outputs:
    """Everything that a run was asked to write; keeps count of what failed."""

    def __init__(self, wanted: tuple[Wanted, ...]) -> None:
        self.wanted = wanted
        self.failed: list[str] = []
        self._streams: list[TextIO] = []
        self._encode: Callable[[Event], str] | None = None
        for one in wanted:
            if one.format == EVENTS:
                self._open(one)

    def _open(self, wanted: Wanted) -> None:
        self._encode = importlib.import_module("agent.reporters.ndjson").encode
        try:
            stream = sys.stdout if wanted.file == "-" else _opened(Path(wanted.file))
        except OSError as error:
            self._fail(wanted, error)
        else:
            self._streams.append(stream)

    def event(self, event: Event) -> None:
        """Write an event to every ndjson output."""
        if self._encode is None:
            return
        for stream in list(self._streams):
            try:
                stream.write(self._encode(event) + "\n")
                stream.flush()
            except OSError as error:
                self._streams.remove(stream)
                self._fail(Wanted(EVENTS, stream.name), error)
                self._close(stream)

    def report(self, report: Report) -> bool:
        """Write every report; tells whether all of them, and all events, are there."""
        for one in self.wanted:
            if one.format != EVENTS:
                self._write(one, report)
        for stream in self._streams:
            self._close(stream)
        return not self.failed

    def _close(self, stream: TextIO) -> None:
        if stream is sys.stdout:
            return
        try:
            stream.close()
        except OSError as error:
            if stream.name not in self.failed:
                self._fail(Wanted(EVENTS, stream.name), error)

    def _write(self, wanted: Wanted, report: Report) -> None:
        text = render(wanted, report)
        try:
            if wanted.file == "-":
                sys.stdout.write(text)
                sys.stdout.flush()
            else:
                _replace(Path(wanted.file), text)
        except OSError as error:
            self._fail(wanted, error)

    def _fail(self, wanted: Wanted, error: OSError) -> None:
        self.failed.append(wanted.file)
        where = "standard output" if wanted.file == "-" else wanted.file
        click.echo(f"gonogo: the {wanted.format} report could not be written to {where}: {error.strerror}", err=True)


def render(wanted: Wanted, report: Report) -> str:
    """Render a report for where it goes: colour and width are a terminal's."""
    module, _, name = REPORTERS[wanted.format].partition(":")
    function: Callable[..., str] = getattr(importlib.import_module(module), name)
    if wanted.format == "text":
        return function(report, **_terminal(wanted))
    return function(report)


def _terminal(wanted: Wanted) -> dict[str, int | bool]:
    if wanted.file != "-" or not sys.stdout.isatty():
        return {"width": 100, "color": False}
    return {"width": _columns(), "color": colored()}


def _columns() -> int:
    return max(60, min(os.get_terminal_size(sys.stdout.fileno()).columns, 160))


def colored() -> bool:
    """Whether to colour a terminal: not with NO_COLOR (no-color.org) nor on a dumb one."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _opened(path: Path) -> TextIO:
    """Open a file that is written while the run goes on; `report` closes it."""
    return path.open("w", encoding="utf-8")


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the whole new one (the textfile collector asks for it)."""
    if path.exists() and not path.is_file():  # a pipe or a device
        path.write_text(text, encoding="utf-8")
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
