"""Regular expressions, bounded in time.

The `regex` package can stop a search that a hostile text would keep busy for years (catastrophic
backtracking); the standard library's `re` cannot.
"""

from __future__ import annotations

import importlib
from functools import cache
from types import ModuleType

SECONDS = 0.25
"""How long one search may take; it holds the event loop up meanwhile."""
LONGEST = 5_000
"""Characters of a pattern; it takes milliseconds to read one of these."""


def check(pattern: str) -> None:
    """See that it is a regular expression; raises ValueError saying what is wrong and where."""
    if len(pattern) > LONGEST:
        raise ValueError(f"is a regular expression of more than {LONGEST:,} characters")
    try:
        _engine().compile(pattern)
    except _engine().error as error:  # its text is "missing ) at position 3"
        raise ValueError(f"is not a regular expression: {error}") from None
    except RecursionError:
        raise ValueError("is not a regular expression: nested too deep") from None


def found(pattern: str, text: str) -> bool:
    """Tell whether the pattern is found anywhere in the text; raises TimeoutError when it took too long."""
    return _engine().search(pattern, text, timeout=SECONDS) is not None


def escape(text: str) -> str:
    """Give a pattern that matches just this text."""
    escaped: str = _engine().escape(text, special_only=True, literal_spaces=True)
    return escaped


@cache
def _engine() -> ModuleType:
    """Load `regex` when the first pattern is there: most runs of a probe or two have none."""
    return importlib.import_module("regex")
