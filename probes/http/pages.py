"""Every page of a list: where the next one is, and that none is missing.

A list that is cut silently proves nothing, so whatever keeps a page from being read is an error: a page
that fails, a circle, too many pages, a way to another origin.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Meta

from agent.probe import ProbeError, Unreadable, Value
from probes.extract import JmesPath, parse_json, select
from probes.http import urls
from probes.http.transport import Answer

__all__ = ["Page", "Pages", "following", "read"]


class Pages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a list is cut into pages.

    At most one of `next`, `offset` and `number`; with none of them the next page is where the header `link`
    says (`rel="next"`, RFC 8288).
    """

    items: JmesPath | None = None
    """JMESPath of the items in a page; by default the page itself is the list."""
    next: JmesPath | None = None
    """JMESPath of the next page's URL, or of a cursor; null, false or an empty text on the last page."""
    parameter: str | None = None
    """Parameter of the URL that takes the cursor; without it `next` is a URL."""
    offset: str | None = None
    """Parameter of the URL that takes the number of items so far; a page without items is the last."""
    number: str | None = None
    """Parameter of the URL that takes the number of the page, from 1; a page without items is the last."""
    limit: Annotated[int, Meta(ge=1)] = 100
    """Pages that are read at most; more are an error."""

    def __post_init__(self) -> None:
        ways = [name for name in ("next", "offset", "number") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(f'`{name}`' for name in ways)} exclude each other")
        if self.parameter is not None and self.next is None:
            raise ValueError("`parameter` has no meaning without `next`")


class Page(msgspec.Struct, frozen=True):
    """One page, read."""

    document: Value
    items: list[Value]


def read(answer: Answer, pages: Pages) -> Page:
    """Parse a page and find its items.  Raises ProbeError."""
    try:
        document = parse_json(answer.content)
    except ValueError as error:
        raise ProbeError(f"the body is not JSON: {error}") from error
    items = document if pages.items is None else _found(document, pages.items)
    if isinstance(items, list):
        return Page(document, items)
    if pages.items is None:
        raise ProbeError("the page is not a list: `pages: {items: …}` says where its items are")
    raise ProbeError(f"`items` ({pages.items}) is not a list in the page")


def following(answer: Answer, page: Page, pages: Pages, so_far: tuple[int, int]) -> httpx.URL | None:
    """Say where the next page is; None after the last.  `so_far` counts pages and items.  Raises ProbeError."""
    url = answer.request.url
    read_pages, read_items = so_far
    if pages.offset is not None:
        return _with(url, pages.offset, str(read_items)) if page.items else None
    if pages.number is not None:
        return _with(url, pages.number, str(read_pages + 1)) if page.items else None
    if pages.next is None:
        return _joined(url, _link(answer))
    return _told(url, _found(page.document, pages.next), pages.parameter)


def _told(url: httpx.URL, value: Value, parameter: str | None) -> httpx.URL | None:
    if value in (None, False, ""):
        return None
    if isinstance(value, str | int) and value is not True and parameter is not None:
        return _with(url, parameter, str(value))
    if isinstance(value, str):
        return _joined(url, value)
    raise ProbeError("`next` of the page before is neither a text nor empty")


def _found(document: Value, path: str) -> Value:
    value = select(document, {"": path})[""]
    if isinstance(value, Unreadable):
        raise ProbeError(value.reason)
    return value


def _link(answer: Answer) -> str | None:
    """Find the target of the link to the next page."""
    for relations, link in answer.links.items():
        if relations is not None and "next" in relations.lower().split():
            return link.get("url")
    return None


def _joined(url: httpx.URL, reference: str | None) -> httpx.URL | None:
    if reference is None:
        return None
    try:
        target = urls.plain(urls.check(url.join(reference)))
    except (httpx.InvalidURL, ValueError) as error:
        raise ProbeError("it is at what is not a URL") from error
    return target


def _with(url: httpx.URL, parameter: str, value: str) -> httpx.URL:
    """Set one parameter; the others stay as they were written."""
    kept = [one for one in url.query.split(b"&") if one and _name(one) != parameter]
    return url.copy_with(query=b"&".join([*kept, urlencode({parameter: value}).encode("ascii")]))


def _name(pair: bytes) -> str:
    return next(iter(httpx.QueryParams(pair.decode("ascii"))), "")
