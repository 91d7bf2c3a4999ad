"""The transport under a client of httpx, as other kinds may use it."""

import gzip

import httpx
import pytest

from agent.probe import Unreachable
from probes.http.route import Route
from probes.http.timing import Timing
from probes.http.transport import Transport
from probes.http.trust import Trust

from .server import response, routes


async def test_a_client_can_use_it(serve, tls, ca):
    answers = {
        "/": response(302, location="/json"),
        "/json": response(200, gzip.compress(b'{"a": 1}'), content_encoding="gzip"),
        "/cut": response(200, gzip.compress(b'{"a": 1}')[:-5], content_encoding="gzip"),
    }
    server = serve(routes(answers), tls=tls())
    route = Route(trust=Trust(ca=ca))
    async with httpx.AsyncClient(transport=Transport(route), follow_redirects=True, trust_env=False) as client:
        answer = await client.get(f"{server.url}/")
        assert (answer.json(), answer.http_version, len(answer.history)) == ({"a": 1}, "HTTP/1.1", 1)
        async with client.stream("POST", f"{server.url}/json", content=iter_bytes()) as streamed:
            assert b"".join([piece async for piece in streamed.aiter_bytes()]) == b'{"a": 1}'
        with pytest.raises(Unreachable, match="the body is cut short: its gzip does not end"):
            await client.get(f"{server.url}/cut")
    assert b"streamed" in server.asked[2].body


async def iter_bytes():
    for piece in (b"stre", b"amed"):
        yield piece


async def test_the_callers_own_timing_survives_a_failure(nobody):
    timing = Timing()
    request = httpx.Request("GET", f"http://127.0.0.1:{nobody}/", extensions={"timing": timing})
    with pytest.raises(Unreachable, match="connection refused"):
        await Transport(Route()).handle_async_request(request)
    assert (timing.peer, timing.connect) == ("127.0.0.1", None)
