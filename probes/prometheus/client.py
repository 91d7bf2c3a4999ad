"""`prometheus-api-client` off the event loop, with our own transport under it.

The client frames queries and opens their answers.  Left to itself it would retry three times, take proxies
and passwords from the environment, read answers of any size, forget the warnings in them, and not be
stopped; so it gets a carrier in place of a session of `requests`.  It runs in a worker thread, where
answers are decoded as well; the carrier hands each request back to the event loop, so that cancelling who
waits ends the request and the thread at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import msgspec
from anyio import CapacityLimiter, from_thread, to_thread
from prometheus_api_client.prometheus_connect import PrometheusConnect

from probes.prometheus.envelope import decode
from probes.prometheus.result import Result, read
from probes.prometheus.server import Server

__all__ = ["Client"]

_Told = TypeVar("_Told")


class Client:
    """Asks one server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def place(self) -> str:
        """Host and port, as messages name them."""
        return self._server.place

    async def query(self, expression: str) -> Result:
        """Evaluate now, by the server's clock.  Raises Unreachable and ProbeError."""
        return await self._ask(self._result, lambda client: client.custom_query(expression))

    async def query_range(self, expression: str, start: float, end: float, step: float) -> Result:
        """Evaluate at every step of a time.  Raises Unreachable and ProbeError."""
        times = (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
        return await self._ask(
            self._result, lambda client: client.custom_query_range(expression, *times, step=f"{step:g}")
        )

    async def label_values(self, label: str, selectors: Iterable[str], since: float | None = None) -> list[str]:
        """List the values that a label has had on such series, since a time in Unix seconds if one is given."""
        query: dict[str, str | list[str]] = {"match[]": list(selectors)}
        if since is not None:
            query["start"] = f"{since:.0f}"
        return await self._ask(self._names, lambda client: client.get_label_values(label, query))

    def _result(self, data: msgspec.Raw) -> dict[str, Result]:
        return {"result": read(data, self._server.place)}

    def _names(self, data: msgspec.Raw) -> list[str]:
        return [] if bytes(data) == b"null" else decode(data, list[str], self._server.place)

    async def _ask(self, form: Callable[[msgspec.Raw], object], call: Callable[[PrometheusConnect], _Told]) -> _Told:
        """Have the client make a call.  It has a thread of its own: others must not wait for a server that hangs."""
        client = PrometheusConnect("", session=cast("Any", _Carrier(self._server, form)))
        return await to_thread.run_sync(call, client, abandon_on_cancel=True, limiter=CapacityLimiter(1))


class _Carrier:
    """What the client takes for its session: it carries requests over our own transport."""

    verify = True
    cert = None

    def __init__(self, server: Server, form: Callable[[msgspec.Raw], object]) -> None:
        self._server, self._form = server, form

    def mount(self, *_: object) -> None:
        """Leave the adapter that would retry."""

    def request(self, url: str, params: Mapping[str, Any], **_: object) -> _Answer:
        """Ask, from the client's thread."""
        query = {name: value if isinstance(value, list) else str(value) for name, value in params.items()}
        visit = from_thread.run(self._server.visit, url, query)
        return _Answer(self._form(self._server.opened(visit)))


class _Answer:
    """What the client takes for an answer: always a good one, because any other has raised its error before."""

    status_code = 200

    def __init__(self, data: object) -> None:
        self._data = data

    def json(self) -> dict[str, object]:
        """Give what the client opens."""
        return {"data": self._data}
