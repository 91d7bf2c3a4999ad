"""`prometheus-api-client` without its input and output, which are ours.

The client frames queries and opens answers.  Left to itself it would block, retry three times, take proxies
and passwords from the environment, read answers of any size, forget the warnings in them, and not be
stopped.  So it is called twice, with a carrier in place of a session of `requests`: the first call ends
where it would send, and tells what; the request goes over our own transport, on the event loop; the second
call finds the answer there.  Nothing blocks, no thread waits, and a long answer is read off the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import msgspec
from prometheus_api_client.prometheus_connect import PrometheusConnect

from probes.http.readings import apart
from probes.http.visit import Visit
from probes.prometheus.connection import Query
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

    async def query_range(self, expression: str, start: int, end: int, step: int) -> Result:
        """Evaluate at every step of a time.  Raises Unreachable and ProbeError."""
        times = (datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
        return await self._ask(
            self._result, lambda client: client.custom_query_range(expression, *times, step=str(step))
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
        """Have the client make a call."""
        visit = await self._server.visit(*_framed(call))
        return await apart(len(visit.answer.content), self._opened, visit, form, call)

    def _opened(
        self, visit: Visit, form: Callable[[msgspec.Raw], object], call: Callable[[PrometheusConnect], _Told]
    ) -> _Told:
        """Have the client open an answer that is none of a failure: any other raises its error before."""
        data = form(self._server.opened(visit))
        return call(_client(_Carrier(_Answer(data))))


def _framed(call: Callable[[PrometheusConnect], object]) -> tuple[str, Query]:
    """Have the client frame a request: its path, and its parameters."""
    try:
        call(_FRAMING)
    except _Framed as framed:
        return framed.path, framed.query
    raise AssertionError("a call of the client sends something")


def _client(carrier: _Carrier) -> PrometheusConnect:
    return PrometheusConnect("", session=cast("Any", carrier))


class _Framed(Exception):
    """Ends a call of the client where it would send."""

    def __init__(self, path: str, query: Query) -> None:
        super().__init__(path)
        self.path, self.query = path, query


class _Answer:
    """What the client takes for an answer of `requests`."""

    status_code = 200

    def __init__(self, data: object) -> None:
        self._data = data

    def json(self) -> dict[str, object]:
        """Give what the client opens."""
        return {"data": self._data}


class _Carrier:
    """What the client takes for its session."""

    verify = True
    cert = None

    def __init__(self, answer: _Answer | None = None) -> None:
        self._answer = answer

    def mount(self, *_: object) -> None:
        """Leave the adapter that would retry."""

    def request(self, url: str, params: Mapping[str, Any], **_: object) -> _Answer:
        """Give the answer, or tell what is asked."""
        if self._answer is not None:
            return self._answer
        raise _Framed(url, {name: value if isinstance(value, list) else str(value) for name, value in params.items()})


_FRAMING = _client(_Carrier())
"""It has no answer, and keeps nothing of a call."""
