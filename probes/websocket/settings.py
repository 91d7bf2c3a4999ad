"""The settings of `websocket`, and which of them do not go together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, field

from agent.probe import Bytes, Json, checked
from probes.dial import Secured
from probes.dial import parse as host_and_port
from probes.extract import JmesPaths, Patterns
from probes.websocket import urls

__all__ = ["WebsocketSettings"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
"""RFC 9110 section 5.6.2."""

_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OWN = frozenset({"host", "upgrade", "connection", "content-length", "transfer-encoding"})


class WebsocketSettings(Secured, frozen=True, kw_only=True):
    """What is asked, how it is reached, and what is awaited."""

    url: Annotated[str, checked(urls.parse)]
    """What is asked for: a ws or wss URL."""

    headers: dict[str, str] = field(default_factory=dict)
    """Headers of the handshake, such as `origin`, `cookie` or `authorization`; never shown."""

    bearer: str | None = None
    """A token, sent as `authorization: Bearer TOKEN`."""

    subprotocols: list[str] = field(default_factory=list)
    """Subprotocols to offer, the preferred first."""

    send: Json = None
    """Message to send once the connection stands: a mapping or a list as JSON, a text as it is.  If it changes
    anything the check needs `active: true`."""

    receive: Annotated[int, Meta(ge=0, le=1000)] | None = None
    """How many messages to wait for; the last is the `message`.  Default 1 where something is sent, or read from
    a message, else 0: then the handshake is all."""

    json: JmesPaths = field(default_factory=dict)
    """Readings from a message of JSON, each by a JMESPath: `{state: status}`."""

    regex: Patterns = field(default_factory=dict)
    """Readings from a message of text, each by a regular expression: its first group, else the match."""

    message_limit: Bytes = 1 << 20
    """Bytes that all awaited messages may have together; default 1 MiB."""

    connect_to: Annotated[str, checked(host_and_port)] | None = None
    """Connect to this `host:port` instead of the URL's, which is still what is asked for."""

    def __post_init__(self) -> None:
        self.check_tls(used=urls.parse(self.url).secure)
        if self.connect_to is not None:
            host_and_port(self.connect_to)
        _check_headers({**self.headers, **({} if self.bearer is None else {"bearer": self.bearer})})
        if self.bearer is not None and any(name.lower() == "authorization" for name in self.headers):
            raise ValueError("credentials are given twice: in `bearer` and `headers`")
        for name in self.subprotocols:
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a subprotocol")
        self._check_messages()

    def _check_messages(self) -> None:
        if self.receive == 0 and (self.json or self.regex):
            raise ValueError("`json` and `regex` read a message, and `receive` is 0")
        if self.message_limit < 1:
            raise ValueError("`message_limit` is 0, expected 1 or more")
        if twice := sorted(self.json.keys() & self.regex.keys()):
            raise ValueError(f"the reading {twice[0]} is named twice")

    @property
    def awaited(self) -> int:
        """How many messages to wait for."""
        if self.receive is not None:
            return self.receive
        return int(self.send is not None or bool(self.json or self.regex))


def _check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what is no header.  The messages never show a value, which may be a secret."""
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header")
        if _NOT_IN_HEADERS.search(value) or value != value.strip():
            raise ValueError(f"the header {name} holds a line break, a control character or outer space")
        if name.lower() in _OWN or name.lower().startswith("sec-websocket-"):
            raise ValueError(f"the header {name} is the agent's own")
