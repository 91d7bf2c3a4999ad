"""The other side of a hello: reading one, and answering it by hand."""

import struct
from dataclasses import dataclass

import anyio

from probes.tls.versions import Version


@dataclass(frozen=True)
class ClientHello:
    """What a server finds in a hello."""

    record_version: int
    legacy_version: int
    suites: tuple
    extensions: dict

    @property
    def version(self):
        """The one version that is offered."""
        if 43 not in self.extensions:
            return Version(self.legacy_version)
        assert self.extensions[43][0] == 2
        return Version(int.from_bytes(self.extensions[43][1:], "big"))

    @property
    def server_name(self):
        return self.extensions[0][5:].decode() if 0 in self.extensions else None

    @property
    def alpn(self):
        rest, found = self.extensions.get(16, b"\0\0")[2:], []
        while rest:
            found.append(rest[1 : 1 + rest[0]].decode())
            rest = rest[1 + rest[0] :]
        return found


class _Reader:
    def __init__(self, data):
        self.data = data

    def take(self, size):
        taken, self.data = self.data[:size], self.data[size:]
        assert len(taken) == size
        return taken

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, width):
        return _Reader(self.take(self.number(width)))


def parse(record):
    """Take a record with a hello apart, and see that every length in it is right."""
    kind, version, size = struct.unpack(">BHH", record[:5])
    assert (kind, size) == (22, len(record) - 5)
    message = _Reader(record[5:])
    assert message.number(1) == 1
    body = message.vector(3)
    assert not message.data
    legacy = body.number(2)
    body.take(32)
    session = body.vector(1).data
    assert len(session) in (0, 32)
    suites = body.vector(2).data
    assert body.vector(1).data == b"\0"
    extensions = {}
    if body.data:
        rest = body.vector(2)
        while rest.data:
            number = rest.number(2)
            assert number not in extensions
            extensions[number] = rest.vector(2).data
    assert not body.data
    return ClientHello(version, legacy, struct.unpack(f">{len(suites) // 2}H", suites), extensions)


async def read(stream):
    """Wait for a whole hello."""
    data = await stream.receive()
    while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
        data += await stream.receive()
    return parse(data)


def record(payload, kind=22, version=0x0301):
    return struct.pack(">BHH", kind, version, len(payload)) + payload


def alert(number, level=2):
    return record(bytes([level, number]), 21)


def server_hello(version, suite=0x002F, *, session=b"", extensions=b""):
    """Write a ServerHello; TLSv1.3 says its version in an extension."""
    if version == Version.TLS13:
        extensions += struct.pack(">HHH", 43, 2, version)
    body = struct.pack(">H", min(version, Version.TLS12)) + bytes(32) + bytes([len(session)]) + session
    body += struct.pack(">HB", suite, 0) + (struct.pack(">H", len(extensions)) + extensions if extensions else b"")
    return record(b"\x02" + len(body).to_bytes(3, "big") + body)


SILENCE, CLOSE = object(), object()


def accept(hello):
    """Choose the first suite that is offered."""
    return server_hello(hello.version, hello.suites[0])


@dataclass
class Picky:
    """A server that has an answer for each version: bytes, SILENCE, CLOSE, or a function of the hello."""

    answers: dict
    seen: list

    async def __call__(self, stream):
        hello = await read(stream)
        self.seen.append(hello)
        answer = self.answers.get(hello.version, alert(70))
        if callable(answer):
            answer = answer(hello)
        if answer is SILENCE:
            await anyio.sleep_forever()
        if answer is CLOSE:
            await stream.send_eof()
        else:
            await stream.send(answer)
        await stream.receive()
