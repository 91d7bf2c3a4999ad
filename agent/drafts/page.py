"""A draft written as a profile: names made unique, ids given, every text quoted where it must be."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from agent.drafts.draft import Check, Data, Draft, Group, Variable
from agent.drafts.names import Names, fitting
from agent.drafts.scalars import comment, flow, text, word
from agent.plan.outline import slug

WIDTH = 116
"""Columns; what is longer stands below its key."""
_HEAD = """\
# {title}: a start, written by `gonogo init`. It asserts little: read each check, give it
# the limits that make it proof, then delete this.
#
{commands}
#
# gonogo probes KIND tells all that a kind can do; docs/profile.md is the reference of the language.
"""


class Title(msgspec.Struct, frozen=True, kw_only=True):
    """What the profile is called."""

    name: str
    file: str
    """How commands would name it."""
    origin: str
    """The source, for people."""
    source: str
    """The source as it was given."""


class Page(msgspec.Struct, frozen=True):
    """A profile as text."""

    text: str
    places: tuple[tuple[int, Group | Check], ...]
    """In which line each group and each check begins."""

    def at(self, line: int) -> Group | Check | None:
        """Give what stands in a line; None above the first group."""
        number = bisect_right(self.places, line, key=lambda place: place[0])
        return self.places[number - 1][1] if number else None


def write(draft: Draft, title: Title) -> Page:
    """Write a draft."""
    page = _Page()
    page.body(draft.groups)
    variables = _used(draft.variables, "\n".join(page.lines))
    needed = next((name for name, one in variables.items() if not one.value), "")
    head = _HEAD.format(title=comment(f"Drafted from {title.origin}"), commands=_commands(title.file, needed))
    lines = [*head.splitlines(), *_top(title), *_variables(variables), "", "checks:"]
    places = tuple((len(lines) + line, item) for line, item in page.places)
    return Page("\n".join([*lines, *page.lines, *_left(draft.left)]) + "\n", places)


def _commands(file: str, variable: str) -> str:
    """Say what to do with it; `variable` is one that must be given."""
    given = f"{file} --var {variable}=…" if variable else file
    said = {
        f"gonogo validate {file} --no-values": "every mistake, with its place",
        f"gonogo plan {given}": "what would run",
        f"gonogo run {given}": "GO (0), NO-GO (1) or INCONCLUSIVE (3), and why",
    }
    width = max(map(len, said))
    return "\n".join(f"#   {comment(command):{width}}    {what}" for command, what in said.items())


def _used(variables: Mapping[str, Variable], body: str) -> dict[str, Variable]:
    """Keep the variables that are used in the body, or by another one that is."""
    used: set[str] = set()
    fresh = _names_in(body)
    while fresh:
        used |= fresh
        values = "\n".join(variables[name].value for name in fresh if name in variables)
        fresh = _names_in(values) - used
    return {name: one for name, one in variables.items() if name in used}


def _names_in(written: str) -> set[str]:
    """Find the variables that a text names, in `$(name)` or as the key of a `when`."""
    return {found[1] or found[2] for found in re.finditer(r"(?<!\$)\$\((\w+)\)|\bwhen: \{(\w+):", written)}


def _top(title: Title) -> Iterator[str]:
    yield f"name: {text(fitting(title.name))}"
    yield f"title: {text(f'{fitting(title.name)} (drafted from {title.origin})')}"
    yield "# owner: who answers for these checks; one section or check may name another"


def _variables(variables: Mapping[str, Variable]) -> Iterator[str]:
    if variables:
        yield ""
        yield "vars:"
    for name, one in variables.items():
        if one.note:
            yield f"  # {comment(one.note)}"
        yield f"  {name}: {word(one.value)}" if one.value else f"  {name}:"


def _left(left: Iterable[str]) -> Iterator[str]:
    said = list(dict.fromkeys(map(comment, left)))
    if said:
        yield ""
        yield "# In the source, and not in the checks above:"
    yield from (f"#   {line}" for line in said)


class _Page:
    """Lines under `checks`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: list[tuple[int, Group | Check]] = []

    def body(self, groups: Iterable[Group]) -> None:
        """Write every group."""
        names = Names()
        named = [(group, name := names.name(group.name), names.identity(name)) for group in groups]
        ids = {group.name: identity for group, _, identity in reversed(named)}
        for group, name, identity in named:
            needs = [ids[other] for other in group.needs if other in ids]
            self._group(group, (name, identity), needs)

    def _group(self, group: Group, called: tuple[str, str], needs: list[str]) -> None:
        self._begin(group, "  ")
        self._line(f"  - name: {text(called[0])}")
        self._line(f"    id: {called[1]}")
        if needs:
            self._line(f"    needs: {flow(needs)}")
        if group.when:
            self._line(f"    when: {flow(group.when)}")
        self._line("    checks:")
        names = Names()
        for check in group.checks:
            self._check(check, names)

    def _check(self, check: Check, names: Names) -> None:
        self._begin(check, "      ")
        name = names.name(check.name)
        self._line(f"      - name: {text(name)}")
        identity = names.identity(name)
        if identity != slug(name):
            self._line(f"        id: {identity}")
        self._key(check.kind, check.settings, text)
        for key, value in check.keys.items():
            self._key(key, value, word)

    def _key(self, key: str, value: Data, scalar: Callable[[str], str]) -> None:
        line = f"        {key}: {flow(value, scalar)}"
        if len(line) <= WIDTH or not isinstance(value, Mapping):
            self._line(line)
            return
        self._line(f"        {key}:")
        for inner, entry in value.items():
            self._line(f"          {text(inner)}: {flow(entry, scalar)}")

    def _begin(self, item: Group | Check, indent: str) -> None:
        self.places.append((len(self.lines) + 1, item))
        for note in item.notes:
            self._line(f"{indent}# {comment(note)}")

    def _line(self, line: str) -> None:
        self.lines.append(line)
