"""Settings: what they mean, and which are refused while the profile is loaded."""

import re

import pytest

from probes.dns.endpoint import Endpoint
from probes.websocket.probe import WebsocketProbe
from probes.websocket.urls import Place, parse


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ws://h", Place(False, Endpoint("h", 80), "h", "/")),
        ("WSS://h/a?b=c%20d", Place(True, Endpoint("h", 443), "h", "/a?b=c%20d")),
        ("ws://h:443/", Place(False, Endpoint("h", 443), "h:443", "/")),
        ("wss://[::1]:9443", Place(True, Endpoint("::1", 9443), "[::1]:9443", "/")),
        ("ws://[::1]?x", Place(False, Endpoint("::1", 80), "[::1]", "/?x")),
        ("ws://bücher.example/", Place(False, Endpoint("xn--bcher-kva.example", 80), "xn--bcher-kva.example", "/")),
    ],
)
def test_urls(text, place):
    assert parse(text) == place


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"url": "http://h"}, "is not a URL of WebSocket, expected ws:// or wss:// first", id="scheme"),
        pytest.param({"url": "h:80"}, "is not a URL of WebSocket, expected ws:// or wss:// first", id="no scheme"),
        pytest.param({"url": "ws://h/a b"}, "holds a space or a control character, expected a URL", id="space"),
        pytest.param({"url": "ws://h/a\r\nb"}, "holds a space or a control character, expected a URL", id="line"),
        pytest.param({"url": "ws://h/ü"}, "holds a character that must be escaped (%…)", id="not escaped"),
        pytest.param({"url": "ws://h/#a"}, "has a fragment (#), which WebSocket does not know", id="fragment"),
        pytest.param(
            {"url": "ws://a:b@h/"}, "holds a user, which goes into `headers` or `bearer`", id="user and password"
        ),
        pytest.param({"url": "ws://h:0/"}, "'h:0' has port '0', expected 1 to 65535", id="port"),
        pytest.param({"url": "ws:///"}, "'' is no host:port (a name or address, IPv6 in brackets)", id="no host"),
        pytest.param({"ca": "ca.pem"}, "`ca` has no meaning without TLS", id="ca"),
        pytest.param({"connect_to": "h"}, "'h' has no port, expected host:port", id="connect_to"),
        pytest.param({"headers": {"a b": "c"}}, "'a b' is not the name of a header", id="name of a header"),
        pytest.param({"headers": {"host": "c"}}, "the header host is the agent's own", id="host"),
        pytest.param(
            {"headers": {"Sec-WebSocket-Key": "c"}}, "the header Sec-WebSocket-Key is the agent's own", id="key"
        ),
        pytest.param(
            {"bearer": "a\nb"},
            "the header bearer holds a line break, a control character or outer space",
            id="bearer",
        ),
        pytest.param(
            {"bearer": "a", "headers": {"Authorization": "b"}},
            "credentials are given twice: in `bearer` and `headers`",
            id="two credentials",
        ),
        pytest.param({"subprotocols": ["a,b"]}, "'a,b' is not the name of a subprotocol", id="subprotocol"),
        pytest.param(
            {"receive": 0, "json": {"a": "a"}}, "`json` and `regex` read a message, and `receive` is 0", id="no message"
        ),
        pytest.param({"message_limit": 0}, "`message_limit` is 0, expected 1 or more", id="limit"),
        pytest.param({"json": {"a": "a"}, "regex": {"a": "a"}}, "the reading a is named twice", id="twice"),
    ],
)
def test_settings_that_are_refused(settings, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        WebsocketProbe(**{"url": "ws://h/", **settings})


@pytest.mark.parametrize(
    ("settings", "awaited"),
    [
        ({}, 0),
        ({"send": "hello"}, 1),
        ({"send": ""}, 1),
        ({"json": {"a": "a"}}, 1),
        ({"send": "hello", "receive": 0}, 0),
        ({"receive": 3}, 3),
    ],
)
def test_how_many_messages_are_awaited(settings, awaited):
    assert WebsocketProbe(url="ws://h/", **settings).awaited == awaited
