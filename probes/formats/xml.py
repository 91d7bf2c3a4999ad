"""XML, without DTD, entities, network or other files."""

from __future__ import annotations

from probes.extract import parse_xml

__all__ = ["parse"]

parse = parse_xml
