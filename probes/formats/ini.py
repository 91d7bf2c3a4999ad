"""INI: sections of `name = text`, names as written, nothing interpolated, nothing twice.

`[DEFAULT]` is a section like any other.  A name without `=` has no value: null.
"""

from __future__ import annotations

import configparser

from probes.extract.json_text import decoded

__all__ = ["parse"]


class _Plain(configparser.RawConfigParser):
    """Names keep their case."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def parse(data: bytes) -> dict[str, dict[str, str | None]]:
    """Read the sections; ValueError says in which line they break."""
    parser = _Plain(allow_no_value=True, default_section="\0", strict=True)
    try:
        parser.read_string(decoded(data))
    except configparser.DuplicateSectionError as error:
        raise ValueError(f"the section [{error.section}] stands twice, again in line {error.lineno}") from None
    except configparser.DuplicateOptionError as error:
        raise ValueError(f"{error.option} stands twice in [{error.section}], again in line {error.lineno}") from None
    except configparser.MissingSectionHeaderError as error:
        raise ValueError(f"line {error.lineno} stands before the first [section]") from None
    except configparser.ParsingError as error:
        raise ValueError(f"line {error.errors[0][0]} is neither a section nor a name") from None
    return {name: dict(parser.items(name)) for name in parser.sections()}
