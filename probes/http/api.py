"""The kind `api`: ask somebody else's JSON API about something.

A witness: when it does not answer, or with a status that `expect` does not allow, nobody knows.
"""

from __future__ import annotations

from typing import ClassVar

import httpx
from msgspec import structs

from agent.probe import ProbeError, Unreachable, Unreadable, Value
from probes.extract import select
from probes.http import message, pages, readings, urls
from probes.http.metrics import HttpReading
from probes.http.pages import Page, Pages
from probes.http.patience import refuse_busy
from probes.http.probe import HttpProbe
from probes.http.route import Route
from probes.http.visit import Visit

__all__ = ["ApiProbe", "ApiReading"]

_SEVERAL = Unreadable("there are several pages, which only `json` reads")


class ApiReading(HttpReading, frozen=True, kw_only=True):
    """What came back; with `pages`, times and sizes are those of all pages together."""

    page_count: int | None
    """Pages that were read; absent without `pages`."""

    item_count: int | None
    """Items on all pages; absent without `pages`."""


class ApiProbe(HttpProbe, frozen=True, kw_only=True):
    """Ask a JSON API, all its pages if told to; the settings of `http`, and `pages`.

    An API that asks for patience (429, or 503 with `retry-after`) is an error, whatever `expect` says.
    """

    witness: ClassVar[bool] = True
    gates: ClassVar[tuple[str, ...]] = ("status",)
    accept: ClassVar[str] = "application/json, */*;q=0.5"

    pages: bool | Pages = False
    """Whether all pages are read. `true` follows the header `link` (`rel="next"`); else a mapping says how:
    `items`, and one of `next` (with `parameter`), `offset` and `number`; `limit` bounds their number.
    `json` then reads the list of all items (`length(@)` is their number)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pages is not False and (self.xpath or self.regex or self.addresses == "all"):
            raise ValueError("`pages` is for `json`, without `xpath`, `regex` and `addresses: all`")

    async def measure(self) -> ApiReading:
        """Ask, for each page.  Raises Unreachable and ProbeError."""
        request = await message.build(self, self.accept)
        if self.pages is False:
            return ApiReading(**await self.look(request), page_count=None, item_count=None)
        way = Pages() if self.pages is True else self.pages
        return ApiReading(**await _Reader(self, way).read(request))

    async def ask(self, request: httpx.Request, route: Route) -> Visit:
        """Ask, and follow if told to; no answer is one that asks for patience."""
        visit = await super().ask(request, route)
        refuse_busy(visit)
        return visit


class _Reader:
    """Reads one page after the other."""

    def __init__(self, probe: ApiProbe, way: Pages) -> None:
        self._probe, self._way = probe, way
        self._visits: list[Visit] = []
        self._pages: list[Page] = []
        self._seen: set[str] = set()

    async def read(self, request: httpx.Request) -> dict[str, Value]:
        """Read them all, and then take the readings."""
        upcoming: httpx.Request | None = request
        while upcoming is not None:
            try:
                upcoming = await self._page(upcoming)
            except (Unreachable, ProbeError) as error:
                raise type(error)(f"page {len(self._pages) + 1}: {error}", **error.partial) from error
        return await self._readings()

    async def _page(self, request: httpx.Request) -> httpx.Request | None:
        """Read one page; returns the request for the next."""
        self._refuse_circle(request.url)
        visit = await self._probe.ask(request, self._probe.route())
        self._visits.append(visit)
        answer = visit.answer
        if not answer.is_success and not self._pages:
            return None  # `expect` judges the status of the first page
        self._refuse_cut(answer.status_code)
        page = await readings.apart(len(answer.content), pages.read, answer, self._way)
        counted = self._way.offset is not None or self._way.number is not None
        if counted and self._pages and page.items and page.items == self._pages[-1].items:
            raise ProbeError("it has the same items as the page before")
        self._pages.append(page)
        return self._request(request, pages.following(answer, page, self._way, self._so_far()))

    def _refuse_cut(self, status: int) -> None:
        if not 200 <= status < 300:
            raise ProbeError(f"status is {status}")
        if self._size() > self._probe.body_limit:
            raise ProbeError(f"the pages are larger than {self._probe.body_limit} bytes together (`body_limit`)")

    def _size(self) -> int:
        return sum(len(visit.answer.content) for visit in self._visits)

    def _refuse_circle(self, url: httpx.URL) -> None:
        if str(url) in self._seen:
            raise ProbeError("it was read before: the pages go in a circle")
        if len(self._seen) >= self._way.limit:
            raise ProbeError(f"there are more than {self._way.limit} pages (`limit`)")
        self._seen.add(str(url))

    def _so_far(self) -> tuple[int, int]:
        return len(self._pages), sum(len(page.items) for page in self._pages)

    def _request(self, before: httpx.Request, url: httpx.URL | None) -> httpx.Request | None:
        if url is None:
            return None
        if urls.origin(url) != urls.origin(before.url):
            place = urls.place(*urls.origin(url)[1:])
            raise ProbeError(f"it is at another origin, {url.scheme}://{place}, which is not asked")
        return httpx.Request(before.method, url, headers=before.headers, content=before.content)

    async def _readings(self) -> dict[str, Value]:
        """Take the readings of all pages; of one that was refused only what is not on pages."""
        last = self._visits[-1]
        together = Visit(
            last.answer,
            [timing for visit in self._visits for timing in visit.timings],
            [hop for visit in self._visits for hop in visit.hops],
        )
        without_json = structs.replace(self._probe, json={})
        metrics = await readings.taken(together, without_json)
        metrics["redirects"] = sum(len(visit.hops) - 1 for visit in self._visits)
        if not self._pages:
            unread = Unreadable(f"there are no pages: status is {last.answer.status_code}")
            return metrics | self._counted(metrics["named"] | dict.fromkeys(self._probe.json, unread), None, None)
        size = self._size()
        items = [item for page in self._pages for item in page.items]
        found = await readings.apart(size, select, items, self._probe.json)
        if len(self._pages) > 1:
            metrics |= {"size_bytes": size, "body": _SEVERAL, "sha256": _SEVERAL}
        return metrics | self._counted(metrics["named"] | found, len(self._pages), len(items))

    def _counted(self, named: dict[str, Value], page_count: int | None, item_count: int | None) -> dict[str, Value]:
        return {"named": named, "page_count": page_count, "item_count": item_count}
