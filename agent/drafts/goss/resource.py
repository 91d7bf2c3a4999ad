"""One entry of a gossfile, read attribute by attribute: what nobody asked for is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agent.drafts.draft import Data
from agent.drafts.goss.matchers import Unmapped, limit
from agent.drafts.written import Written, text_of
from agent.problem import ProfileError

_ABOUT = ("title", "meta", "skip", "timeout")


class Resource:
    """An entry, its attributes, and which of them were used."""

    def __init__(self, kind: str, key: str, written: Written) -> None:
        self.kind = kind
        self.key = key
        self._entries = written.entries(f"{kind} {key}")
        self._used = set(_ABOUT)
        self._lost: list[str] = []

    @property
    def skipped(self) -> bool:
        """Whether goss would leave it out."""
        return self.text("skip") == "true"

    def name(self, otherwise: str) -> str:
        """Give its title, or what else it may be called."""
        return self.text("title") or otherwise

    def text(self, attribute: str, otherwise: str = "") -> str:
        """Give an attribute that is text."""
        self._used.add(attribute)
        return text_of(self._entries.get(attribute), f"{attribute} of {self.kind} {self.key}", otherwise)

    def get(self, attribute: str) -> Written | None:
        """Give an attribute as it is written."""
        self._used.add(attribute)
        return self._entries.get(attribute)

    def limits(self, **attributes: str) -> dict[str, Data]:
        """Give the limits of attributes, each under the metric that it is here."""
        found: dict[str, Data] = {}
        for metric, attribute in attributes.items():
            found.update(self.limit(metric, attribute, limit))
        return found

    def limit(self, metric: str, attribute: str, read: Callable[[Written], Data]) -> dict[str, Data]:
        """Give one limit; nothing when it asserts nothing, or cannot be one here."""
        written = self.get(attribute)
        if written is None:
            return {}
        try:
            made = read(written)
        except (Unmapped, ProfileError) as error:
            self._lost.append(f"{attribute} ({error})")
            return {}
        return {} if made in ({}, []) else {metric: made}

    def lose(self, attribute: str) -> None:
        """Say that an attribute has no counterpart."""
        self._used.discard(attribute)

    def timeout(self) -> dict[str, Data]:
        """Give the timeout, which goss has in milliseconds."""
        written = self.text("timeout")
        return {"timeout": f"{written}ms"} if written.isascii() and written.isdigit() and int(written) >= 10 else {}

    def left(self) -> Iterator[str]:
        """Say what of it is not in the check."""
        lost = [*self._lost, *(key for key in self._entries if key not in self._used)]
        if lost:
            yield f"{self.kind} {self.key}: without {', '.join(lost)}"


def expected(limits: dict[str, Data]) -> dict[str, Data]:
    """Give limits as a key of a check; none when there are none."""
    return {"expect": limits} if limits else {}
