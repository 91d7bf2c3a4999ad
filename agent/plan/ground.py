"""What all files of one binding share: the mistakes, what comes from outside, and how much it may become.

A few lines can ask for a billion values (a variable of two variables of two variables …), sections or
bytes; a profile that does is refused, and nothing waits for it.
"""

from __future__ import annotations

import os
from pathlib import Path

from agent.findings import Findings
from agent.problem import Mark, ProfileError
from agent.source import files

ITEMS = 50_000
"""Sections and checks of a run."""
DEPTH = 50
"""Sections inside each other, those of included files among them."""
VALUES = 1_000_000
"""Values that substitution makes, all together."""
TEXT = 1 << 20
"""Characters of one text."""
_WEIGHT = 100
"""Characters of a text that count as much as one value."""


class OutsideError(LookupError):
    """Something outside of the profile that is not there; the text says what, and why."""


class Ground:
    """Shared by everything that binds the profiles of one run."""

    def __init__(self, findings: Findings, kinds: tuple[str, ...]) -> None:
        self.findings = findings
        self.kinds = frozenset(kinds)
        self._items = 0
        self._values = 0
        self._files: dict[Path, str | OutsideError] = {}

    def item(self, depth: int, mark: Mark) -> None:
        """Count a section or check; raises ProfileError when there are too many."""
        self._items += 1
        if self._items > ITEMS:
            self.findings.stop(f"there are more than {ITEMS:,} sections and checks", mark)
        if depth > DEPTH:
            self.findings.stop(f"sections are nested deeper than {DEPTH} levels", mark)

    def made(self, values: int, mark: Mark) -> None:
        """Count values that substitution made; raises ProfileError when there are too many."""
        self._values += values
        if self._values > VALUES:
            self.findings.stop(f"substitution makes more than {VALUES:,} values", mark)

    def joined(self, parts: list[str], mark: Mark) -> str:
        """Put a text together; raises ProfileError when it is too long."""
        length = sum(map(len, parts))
        if length > TEXT:
            self.findings.stop(f"substitution makes a text of more than {TEXT:,} characters", mark)
        self.made(1 + length // _WEIGHT, mark)
        return "".join(parts)

    def environment(self, name: str) -> str:
        """Give an environment variable.  Raises OutsideError."""
        found = os.environ.get(name)
        if found is None:
            raise OutsideError(f"environment variable {name} is not set")
        if not _is_text(found):
            raise OutsideError(f"environment variable {name} is not UTF-8")
        return found

    def file(self, path: Path) -> str:
        """Give the text of a file, one line end at its end dropped.  Raises OutsideError."""
        if path not in self._files:
            self._files[path] = _read(path)
        found = self._files[path]
        if isinstance(found, OutsideError):
            raise found
        return found


def _is_text(found: str) -> bool:
    """Tell whether it can be written down: bytes that are not UTF-8 come in as surrogates."""
    return found.isascii() or found.encode(errors="ignore").decode() == found


def _read(path: Path) -> str | OutsideError:
    try:
        text = files.content(path).decode()
    except ProfileError as error:
        return OutsideError(str(error))
    except UnicodeDecodeError:
        return OutsideError(f"{path}: is not UTF-8")
    if len(text) > TEXT:
        return OutsideError(f"{path}: has more than {TEXT:,} characters")
    return text.removesuffix("\n").removesuffix("\r")
