"""Through a proxy: the tunnel, the absolute form, the credentials, and whose fault it is."""

import contextlib
import socket
import threading

import anyio
import pytest

from agent.probe import ProbeError, Unreachable
from probes.http.probe import HttpProbe

from .server import response, says


def pump(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def proxy(server, peer):
    """A small real proxy: a tunnel for CONNECT, one request passed on for an absolute URL."""
    asked = peer.ask()
    server.asked.append(asked)
    place = asked.target if asked.method == "CONNECT" else asked.target.split("/")[2]
    host, _, port = place.rpartition(":")
    try:
        target = socket.create_connection((host.strip("[]"), int(port)))
    except OSError:
        peer.send(response(502, b"cannot"))
        return
    with target:
        if asked.method == "CONNECT":
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = "/" + asked.target.split("/", 3)[3]
            lines = [f"{asked.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.headers.items())]
            target.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + asked.body)
        back = threading.Thread(target=pump, args=(target, peer.sock))
        back.start()
        pump(peer.sock, target)
        back.join(5)


async def test_https_goes_through_a_tunnel(serve, look, tls, ca, host):
    target, through = serve(says(response(200, b"far")), host, tls=tls()), serve(proxy, host)
    url = through.url.replace("http://", "http://user:p%40ss@")
    reading = await look(f"{target.url}/x", ca=ca, proxy=url, bearer="sesame")
    assert (reading.status, reading.body) == (200, "far")
    place = target.url.removeprefix("https://")
    asked = through.asked[0]
    assert (asked.method, asked.target) == ("CONNECT", place)
    assert asked.headers == {"host": place, "proxy-authorization": "Basic dXNlcjpwQHNz"}
    assert target.asked[0].headers["authorization"] == "Bearer sesame"
    assert "proxy-authorization" not in target.asked[0].headers


async def test_http_goes_in_absolute_form(serve, look, host):
    target, through = serve(says(response(200, b"far")), host), serve(proxy, host)
    reading = await look(f"{target.url}/x?y=z", proxy=through.url.replace("//", "//user:pass@"))
    assert (reading.status, reading.body, reading.url) == (200, "far", f"{target.url}/x?y=z")
    asked = through.asked[0]
    assert (asked.method, asked.target) == ("GET", f"{target.url}/x?y=z")
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"
    assert asked.headers["host"] == target.url.removeprefix("http://")


async def test_the_environments_proxy_is_ignored(serve, look, monkeypatch, nobody):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{nobody}")
    assert (await look(serve(says(response(200))).url)).status == 200


async def test_a_proxy_that_is_not_there_is_no_failure_of_the_target(look, nobody):
    with pytest.raises(ProbeError) as caught:
        await look("https://shop.example:444/", proxy=f"http://user:pass@127.0.0.1:{nobody}")
    assert str(caught.value) == f"shop.example:444: proxy 127.0.0.1:{nobody}: connection refused"


ANSWERS = {
    "wants others": (ProbeError, response(407), "asks for other credentials: status is 407"),
    "forbids": (ProbeError, response(403), "refuses: status is 403"),
    "is broken": (ProbeError, response(500), "refuses: status is 500"),
    "does not reach it": (Unreachable, response(502), "does not reach it: status is 502"),
    "waits in vain": (Unreachable, response(504), "does not reach it: status is 504"),
    "speaks first": (ProbeError, b"HTTP/1.1 200 OK\r\n\r\nhello", "sends more than its answer"),
    "is none": (
        ProbeError,
        b"220 mail.example ESMTP\r\n\r\n",
        "answers with what is not HTTP: '220 mail.example ESMTP'",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_what_a_proxy_may_say(serve, look, name):
    kind, data, reason = ANSWERS[name]
    through = serve(says(data))
    with pytest.raises((ProbeError, Unreachable)) as caught:
        await look("https://shop.example/", proxy=through.url)
    told = str(caught.value).removeprefix(f"shop.example:443: proxy 127.0.0.1:{through.port}").removeprefix(":").strip()
    assert (type(caught.value), told) == (kind, reason)


async def test_a_proxy_that_asks_for_credentials_in_absolute_form(serve, look):
    through = serve(says(response(407, proxy_authenticate="Basic")))
    with pytest.raises(ProbeError) as caught:
        await look("http://shop.example/", proxy=through.url)
    assert (
        str(caught.value)
        == f"shop.example:80: proxy 127.0.0.1:{through.port} asks for other credentials: status is 407"
    )


async def test_a_proxy_that_never_answers_is_left_at_once(serve):
    through = serve(lambda server, peer: peer.hang())
    probe = HttpProbe(url="https://shop.example/", proxy=through.url)
    probe.prepare()
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await probe.measure()
    assert scope.cancelled_caught
