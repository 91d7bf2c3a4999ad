"""Read a document that somebody or something left as a proof: a report, a drill, a configuration."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
from anyio import to_thread

from agent.probe import Unreadable
from probes.content import look
from probes.evidence import Evidence, EvidenceReading
from probes.extract import XPaths

__all__ = ["DocumentProbe", "DocumentReading"]


class DocumentReading(EvidenceReading, frozen=True, kw_only=True):
    """What a document says, and how old it is."""

    valid: bool | Unreadable | None = None
    """Whether it is what its format says: parsed to the end, nothing twice, UTF-8 (xml: as it declares);
    unreadable when it is larger than `limit` or changes while it is read."""
    problem: str | None = None
    """Why it is not valid, and where; absent when it is."""


class DocumentProbe(Evidence, frozen=True, kw_only=True):
    """Read one document.

    What cannot be parsed makes every reading of it unreadable, which no limit survives; where there is
    nothing, `exists` is false and the rest absent.
    """

    defaults = {"exists": "true", "size_bytes": {"min": "1"}, "valid": "true"}

    xpath: XPaths = msgspec.field(default_factory=dict)
    """Readings by XPath 1.0 from xml: the text of one element, a list for several, absent for none.  Names
    in a namespace are reached by `*[local-name()='…']`.  A DTD makes the document invalid."""

    def mistakes(self) -> Iterator[str]:
        """Name what does not fit together."""
        if self.xpath and self.form != "xml":
            yield f"xpath reads xml, and {self.path} is taken for {self.form}: see format"
        for name in self.xpath.keys() & self.regex.keys():
            yield f"the reading {name} is named twice"

    async def measure(self) -> DocumentReading:
        """Read it once."""
        now = time.time()
        reading = await to_thread.run_sync(self._look, now, abandon_on_cancel=True)
        return await self.dated(reading, now)

    def _look(self, now: float) -> DocumentReading:
        found = look(self.path)
        if found is None:
            return DocumentReading(exists=False)
        contents = self.contents(self.xpath or self.json)
        return DocumentReading(**self.facts(found, contents, now), valid=contents.valid, problem=contents.problem)
