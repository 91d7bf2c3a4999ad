"""What several kinds say in the same words."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["line", "listed", "span"]

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def span(seconds: float) -> str:
    """Write a time for a person: `3h12m`, `42s`, `0.3s`."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f}".rstrip("0").rstrip(".") + "s"
    rest = round(seconds)
    parts: list[str] = []
    for size, name in _UNITS:
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count}{name}" if count else "")
    return "".join(parts[:2])


def line(text: str, limit: int = 300) -> str:
    """Put a text of others on one line, and cut it."""
    told = " ".join(text.split())
    return told if len(told) <= limit else f"{told[:limit]}…"


def listed(items: Iterable[str], limit: int = 5) -> str:
    """Name a few, and say how many more there are."""
    names = list(items)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
