"""Lists, page by page: each page is read, folded into what a kind wants to know, and forgotten.

A list that is cut silently proves nothing.  When its rest is not kept any more (410 Gone) it is read again
from the beginning, because the beginning of one list and the rest of another are no list.  An empty list
proves nothing either before it is known that the namespace exists: the API answers for any.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from agent.probe import ProbeError, Unreachable, Value
from probes.http.readings import apart
from probes.kubernetes.client import Api, Reply
from probes.kubernetes.rbac import CONTEXT, Right
from probes.kubernetes.refusal import Expired, Missing
from probes.kubernetes.resources import NAMESPACES, Resource
from probes.kubernetes.wire import Page, decode

__all__ = ["Fold", "Listed", "Wanted", "existence", "must_exist", "read"]

_PAGE = 250
"""Objects on a page: a few milliseconds of decoding, which nothing can interrupt."""

_READINGS = 3
"""How often a list is begun at most."""


class Fold(Protocol):
    """Takes what it needs from each object."""

    def add(self, item: Value) -> None:
        """Take one object, of the decoder's type."""


_Fold = TypeVar("_Fold", bound=Fold)


class Wanted(msgspec.Struct, frozen=True):
    """Which list, and what is read of it."""

    resource: Resource
    decoder: msgspec.json.Decoder[Page[Value]]
    namespace: str = ""
    """Empty for all of the cluster."""
    selector: str = ""
    field_selector: str = ""
    known: bool = False
    """Whether the namespace is known to exist."""

    @property
    def right(self) -> Right:
        """What must be allowed."""
        return self.resource.right("list", self.namespace)

    def query(self, continued: str) -> dict[str, str]:
        """Ask for one page."""
        asked = {
            "labelSelector": self.selector,
            "fieldSelector": self.field_selector,
            "limit": str(_PAGE),
            "continue": continued,
        }
        return {name: value for name, value in asked.items() if value}


class Listed(msgspec.Struct, Generic[_Fold], frozen=True):
    """What came of a list."""

    fold: _Fold
    count: int
    now: datetime
    """The server's time when it gave the last page."""


async def read(api: Api, wanted: Wanted, begin: Callable[[datetime], _Fold]) -> Listed[_Fold]:
    """Read a list to its end into what `begin` makes of the server's time.  Raises Unreachable and ProbeError."""
    for _ in range(_READINGS):
        try:
            found = await _Reader(api, wanted, begin).read()
        except Expired:
            continue
        if not found.count and wanted.namespace and wanted.resource.namespaced and not wanted.known:
            await must_exist(api, wanted.namespace)
        return found
    raise ProbeError(
        f"{api.place}: the list of {wanted.resource.plural} expired {_READINGS} times before it was read to its end "
        "(410 Gone)"
    )


class _Reader(Generic[_Fold]):
    """Reads one page after the other, and holds one at a time."""

    def __init__(self, api: Api, wanted: Wanted, begin: Callable[[datetime], _Fold]) -> None:
        self._api, self._wanted, self._begin = api, wanted, begin
        self._count = 0

    async def read(self) -> Listed[_Fold]:
        """Read them all.  Raises Expired as well."""
        reply = await self._ask("")
        now, fold = reply.now, self._begin(reply.now)
        seen, continued = {""}, await self._folded(reply.data, fold)
        del reply
        while continued:
            if continued in seen:
                plural = self._wanted.resource.plural
                raise Unreachable(f"{self._api.place}: the pages of its list of {plural} go in a circle")
            seen.add(continued)
            continued, now = await self._page(continued, fold)
        return Listed(fold, self._count, now)

    async def _page(self, continued: str, fold: _Fold) -> tuple[str, datetime]:
        reply = await self._ask(continued)
        return await self._folded(reply.data, fold), reply.now

    async def _ask(self, continued: str) -> Reply:
        wanted = self._wanted
        return await self._api.get(wanted.resource.path(wanted.namespace), wanted.right, wanted.query(continued))

    async def _folded(self, data: bytes, fold: _Fold) -> str:
        with self._api.explained():
            return await apart(len(data), self._take, data, fold)

    def _take(self, data: bytes, fold: _Fold) -> str:
        """Fold one page; gives what the next one is asked with."""
        what = f"{self._wanted.resource.kind}List"
        page = decode(self._wanted.decoder, data, what)
        if page.kind not in ("", what):
            raise Unreachable(f"answers with {page.kind}, expected {what}")
        for item in page.items or ():
            fold.add(item)
        self._count += len(page.items or ())
        return page.metadata.continue_


def existence(scope: str) -> Right:
    """Say what must be allowed for `must_exist`; a Role in the namespace itself is enough."""
    return Right("get", NAMESPACES.plural, name="" if scope == CONTEXT else scope, namespace=scope)


async def must_exist(api: Api, namespace: str) -> None:
    """Raise ProbeError when there is no such namespace: nothing can be said about what is in it."""
    try:
        await api.get(NAMESPACES.path(name=namespace), existence(namespace))
    except Missing:
        raise ProbeError(f"{api.place}: namespace {namespace} does not exist") from None
    except ProbeError as error:
        raise ProbeError(f"nothing is found, and namespace {namespace} may not be there: {error}") from error
