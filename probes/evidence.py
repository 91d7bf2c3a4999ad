"""What the kinds about evidence share: a file that somebody left as a proof, its contents and its age.

Its age comes from a date inside it, else from the last commit that touched it; never from the file system,
because a fresh clone makes every file new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import ClassVar, TypeVar

import msgspec

from agent.probe import Bytes, Need, Probe, Reading, Unknown, Unreadable, Value
from probes import formats, last_commit
from probes.content import Found, read
from probes.dates import age, age_of
from probes.extract import JmesPaths, Patterns, regex_readings
from probes.extract.json_text import decoded
from probes.formats import Format

__all__ = ["Contents", "Evidence", "EvidenceReading"]

_Reading = TypeVar("_Reading", bound="EvidenceReading")

_NAMES: Mapping[Format, str] = {
    "json": "JSON",
    "yaml": "YAML",
    "toml": "TOML",
    "ini": "INI",
    "xml": "XML",
    "csv": "CSV",
    "tsv": "TSV",
    "text": "text",
}
_DATA = ("json", "yaml", "toml", "ini", "csv", "tsv")


class EvidenceReading(Reading, frozen=True, kw_only=True):
    """What stands at a path, as far as every kind about evidence measures it."""

    exists: bool
    """Whether the path leads to something."""
    size_bytes: int | None = None
    """Size of the file; absent for what is no file (a directory)."""
    modified_age_seconds: float | Unreadable | None = None
    """Since the file system says that it was written.  A fresh clone makes every file new: for the age of
    evidence see `age_seconds`."""
    age_seconds: float | Unreadable | None = None
    """Since the date that `date` finds inside it, else since the last commit that touched it.  Unreadable
    when nobody knows: no date there, one in the future, not committed, changed since, a shallow clone."""
    revision: Value = None
    """The commit that it is about, where `revision` finds it."""


class Contents(msgspec.Struct, frozen=True):
    """What was read out of a file; `problem` says why nothing could be."""

    valid: bool | Unreadable
    problem: str | None
    named: dict[str, Value]
    date: Value = None
    revision: Value = None


class Evidence(Probe, frozen=True, kw_only=True):
    """A file that somebody left as a proof."""

    witness: ClassVar[bool] = True

    path: str
    """Where it is, relative to the working directory; links are followed."""
    format: Format | None = None
    """How it is written; default: by the end of its name (.json, .yaml, .yml, .toml, .ini, .cfg, .xml, .csv,
    .tsv), else text."""
    json: JmesPaths = msgspec.field(default_factory=dict)
    """Readings by JMESPath from json, yaml, toml, ini (`section.name`), csv and tsv (a list of rows, each a
    mapping of the names in the first line)."""
    regex: Patterns = msgspec.field(default_factory=dict)
    """Readings by regular expression from the text of any format: the first group, else the match."""
    date: str | None = None
    """Where the date stands that `age_seconds` counts from: a JMESPath for data, an XPath for xml, a regular
    expression for text.  A time needs an offset (2026-12-01T10:30:00Z); a day counts from its beginning in
    UTC; up to a minute in the future counts as now."""
    revision: str | None = None
    """Where the commit stands that it is about; written as `date` is."""
    commit: bool = True
    """Ask git for the last commit when there is no `date`.  `false` saves the walk through a long history
    where no limit is on `age_seconds`."""
    limit: Bytes = 16 * 2**20
    """How much is read for the readings; a larger file is unreadable."""

    def __post_init__(self) -> None:
        """Refuse settings that do not fit together."""
        for mistake in chain(self._mistakes(), self.mistakes()):
            raise ValueError(mistake)

    def mistakes(self) -> Iterator[str]:
        """Name what does not fit together in the settings of one kind."""
        yield from ()

    def _mistakes(self) -> Iterator[str]:
        if not self.path or "\0" in self.path:
            yield "path is empty or holds a NUL character"
        if self.json and self.form not in _DATA:
            yield f"json reads {', '.join(_DATA)}, and {self.path} is taken for {self.form}: see format"
        for name in self.json.keys() & self.regex.keys():
            yield f"the reading {name} is named twice"
        for setting, expression in (("date", self.date), ("revision", self.revision)):
            if expression is not None:
                yield from _wrong(setting, expression, self.form)

    @property
    def form(self) -> Format:
        """How it is written."""
        return self.format or formats.by_suffix(self.path)

    def permissions(self) -> tuple[Need, ...]:
        """List the file."""
        return (Need("file", "read", self.path),)

    def contents(self, readings: Mapping[str, str]) -> Contents:
        """Read the file and take out of it what the settings name; blocks.  Raises ProbeError."""
        try:
            data = read(self.path, self.limit)
        except ValueError as error:
            problem = f"{self.path} {error}"
            return self._unread(readings, problem, valid=Unreadable(problem))
        try:
            document = formats.parse(data, self.form)
        except ValueError as error:
            problem = f"{self.path} is not {_NAMES[self.form]}: {error}"
            found = self._unread(readings, problem, valid=False)
        else:
            found = self._picked(document, readings)
        return msgspec.structs.replace(found, named=found.named | _matches(data, self.regex))

    def _unread(self, readings: Mapping[str, str], problem: str, *, valid: bool | Unreadable) -> Contents:
        nothing = Unreadable(problem)
        return Contents(valid, problem, dict.fromkeys((*readings, *self.regex), nothing), nothing, nothing)

    def _picked(self, document: Value, readings: Mapping[str, str]) -> Contents:
        places = {"date": self.date, "revision": self.revision}
        own = {name: place for name, place in places.items() if place is not None}
        named = formats.pick(document, self.form, readings)
        return Contents(True, None, named, **formats.pick(document, self.form, own))

    def facts(self, found: Found, contents: Contents, now: float) -> dict[str, Value]:
        """Give the metrics that all kinds about evidence have; `dated` adds what only git knows."""
        unasked = None if self.commit else Unknown(f"{self.path}: no date is named and commit is false")
        modified = age_of(found.status.st_mtime, now, what=f"the last change of {self.path}")
        return {
            "exists": True,
            "size_bytes": found.size_bytes,
            "modified_age_seconds": modified,
            "age_seconds": age(contents.date, now, where=self.date) if self.date else unasked,
            "revision": contents.revision if self.revision else None,
            "named": contents.named,
        }

    async def dated(self, reading: _Reading, now: float) -> _Reading:
        """Add the age since the last commit, where the file has no date of its own."""
        if not reading.exists or self.date is not None or not self.commit:
            return reading
        return msgspec.structs.replace(reading, age_seconds=await last_commit.age_seconds(self.path, now))


def _matches(data: bytes, patterns: Mapping[str, str]) -> dict[str, Value]:
    if not patterns:
        return {}
    try:
        text = decoded(data).replace("\r\n", "\n")
    except ValueError as error:
        return dict.fromkeys(patterns, Unreadable(str(error)))
    return regex_readings(text, patterns)


def _wrong(setting: str, expression: str, form: Format) -> Iterator[str]:
    try:
        formats.check(expression, form)
    except ValueError as error:
        yield f"{setting}: {error}"
