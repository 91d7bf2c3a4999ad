"""A draft: the checks that somebody else's file suggests, before they are written as a profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec


class Template(str):
    """Text in which `$(…)` is meant; any other text is taken as it stands."""

    __slots__ = ()


Data: TypeAlias = "str | int | bool | Sequence[Data] | Mapping[str, Data]"
"""What a profile may hold: text, whole numbers, true and false, lists and mappings of these."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check."""

    name: str
    kind: str
    settings: Mapping[str, Data]
    keys: Mapping[str, Data] = {}
    """Everything beside name and kind: `expect`, `timeout`, `each` …"""
    notes: tuple[str, ...] = ()
    """What stands above it as a comment."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A section."""

    name: str
    checks: tuple[Check, ...]
    needs: tuple[str, ...] = ()
    """Names of other groups; those that are not drafted are left out."""
    when: Mapping[str, Data] = {}
    notes: tuple[str, ...] = ()


class Variable(msgspec.Struct, frozen=True):
    """A variable; one that nothing uses is left out."""

    value: str = ""
    """Empty: it has none, and must be given."""
    note: str = ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A profile in the making."""

    groups: tuple[Group, ...]
    variables: Mapping[str, Variable] = {}
    left: tuple[str, ...] = ()
    """What is in the source and not in the checks, and why."""


def literal(text: str) -> Template:
    """Write a text so that nothing in it is substituted."""
    return Template(text.replace("$(", "$$("))


def join(*parts: str) -> Template:
    """Put templates and plain text together."""
    return Template("".join(part if isinstance(part, Template) else literal(part) for part in parts))
