"""JSON, strictly (RFC 8259)."""

from __future__ import annotations

from probes.extract import parse_json

__all__ = ["parse"]

parse = parse_json
