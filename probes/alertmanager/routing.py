"""The way of an alert through the tree of routes.

https://prometheus.io/docs/alerting/latest/configuration/#route, and as `dispatch.Route.Match` does it: an
alert goes down into the first child that matches, and on to the next one after a child that says
`continue`; where no child matches, the route itself is its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import msgspec

from agent.probe import Value
from probes.prometheus.matchers import Labels, Matcher, Operator, matching

__all__ = ["NotRouting", "Route", "ends", "routes"]

_MATCHER = re.compile(r"\s*(\"(?:[^\"\\]|\\.)*\"|[^\s\"{}=!~,]+)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_ESCAPED = re.compile(r"\\([n\"\\])")
_PART = re.compile(r"(?:\"(?:[^\"\\]|\\.)*\"|[^,\"])+", re.DOTALL)
_DEPTH = 50


class NotRouting(ValueError):
    """What no configuration of an Alertmanager has."""


class Route(msgspec.Struct, frozen=True):
    """One route with those below it."""

    receiver: str
    matchers: tuple[Matcher, ...]
    continues: bool
    timed: bool
    """Whether it notifies at some times only."""
    children: tuple[Route, ...]


def ends(route: Route, labels: Labels) -> list[Route]:
    """Give the routes at which an alert with these labels ends, in their order; none when the route is not its."""
    if not matching(route.matchers, labels):
        return []
    found: list[Route] = []
    for child in route.children:
        below = ends(child, labels)
        found += below
        if below and not child.continues:
            break
    return found or [route]


def routes(tree: Value, receiver: str = "", depth: int = 0) -> Route:
    """Read the `route` of a configuration.  Raises NotRouting for what is none."""
    if not isinstance(tree, dict) or depth > _DEPTH:
        raise NotRouting("a route is no mapping" if depth <= _DEPTH else "the routes are nested too deep")
    own = tree.get("receiver") or receiver
    if not isinstance(own, str) or not own:
        raise NotRouting("a route has no receiver")
    children = tree.get("routes") or []
    if not isinstance(children, list):
        raise NotRouting("the routes of a route are not a list")
    return Route(
        receiver=own,
        matchers=tuple(_matchers(tree)),
        continues=tree.get("continue") is True,
        timed=bool(tree.get("mute_time_intervals") or tree.get("active_time_intervals")),
        children=tuple(routes(child, own, depth + 1) for child in children),
    )


def _matchers(route: dict[str, Value]) -> Iterator[Matcher]:
    for key, operator in (("match", "="), ("match_re", "=~")):
        pairs = route.get(key) or {}
        if not isinstance(pairs, dict):
            raise NotRouting(f"`{key}` of a route is no mapping")
        yield from (Matcher(label, cast("Operator", operator), str(value)) for label, value in pairs.items())
    written = route.get("matchers") or []
    for text in [written] if isinstance(written, str) else written:
        yield from map(_matcher, _parts(str(text)))


def _parts(text: str) -> list[str]:
    """Part `{a="b", c=~"d"}` at the commas that are not quoted."""
    inner = text.strip().removeprefix("{").removesuffix("}")
    if _PART.sub("", inner).strip(","):
        raise NotRouting(f"{text} has a quote that is not closed")
    return [part for part in _PART.findall(inner) if part.strip()]


def _matcher(text: str) -> Matcher:
    match = _MATCHER.fullmatch(text)
    if match is None:
        raise NotRouting(f"{text.strip()} is no matcher")
    label, operator, value = match.groups()
    return Matcher(_plain(label), cast("Operator", operator), _plain(value))


def _plain(text: str) -> str:
    """Take quotes away, and what they make of a backslash: of any but three letters, nothing."""
    inner = text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], inner)
