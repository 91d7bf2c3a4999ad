"""Tab-separated values with a line of names on top: as csv, with tabs."""

from __future__ import annotations

from probes.formats.csv import table

__all__ = ["parse"]


def parse(data: bytes) -> list[dict[str, str]]:
    """Read the rows; ValueError says in which line they break."""
    return table(data, "\t")
