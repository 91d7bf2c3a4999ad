"""Names and ids of siblings: each its own."""

from __future__ import annotations

from collections import Counter

from agent.drafts.scalars import without_user
from agent.plan.outline import slug

_LENGTH = 100


def fitting(name: str) -> str:
    """Make a name that fits in a line and tells no password."""
    line = without_user(" ".join(name.split()))
    return line if len(line) <= _LENGTH else f"{line[: _LENGTH - 1]}…"


class Names:
    """Gives siblings names of their own, and an id where the name does not make one."""

    def __init__(self) -> None:
        self._names = _Free("{} ({})")
        self._ids = _Free("{}-{}", "item", "key")

    def name(self, wanted: str) -> str:
        """Give a name that no sibling has."""
        return self._names.take(fitting(wanted) or "check")

    def identity(self, name: str) -> str:
        """Give an id that no sibling has, the slug of the name if that is one."""
        return self._ids.take(slug(name) or "check")


class _Free:
    """Words that are taken; one that is gets the next number."""

    def __init__(self, numbered: str, *taken: str) -> None:
        self._numbered = numbered
        self._taken = set(taken)
        self._seen: Counter[str] = Counter(taken)

    def take(self, wanted: str) -> str:
        """Give a word that is free, as near to the wanted one as can be."""
        word = wanted
        while word in self._taken:
            self._seen[wanted] += 1
            word = self._numbered.format(wanted, self._seen[wanted])
        self._taken.add(word)
        self._seen[word] = max(self._seen[word], 1)
        return word
