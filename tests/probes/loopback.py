"""A server on loopback that does, connection by connection, what a test's handler does with the stream."""

import socket
import ssl
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSStream

GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, anyio.IncompleteRead, ssl.SSLError)
"""What a handler meets when the client has left, or does not trust it."""


@asynccontextmanager
async def serving(handle, host="127.0.0.1", tls=None):
    """Serve connections with a handler, over TLS if there is a context, and give the port."""

    async def handle_one(stream):
        try:
            if tls is not None:
                stream = await TLSStream.wrap(stream, server_side=True, ssl_context=tls, standard_compatible=False)
            await handle(stream)
        except GONE:
            pass
        finally:
            await anyio.aclose_forcefully(stream)

    listener = await anyio.create_tcp_listener(local_host=host, local_port=0)
    raised = None
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle_one)
        try:
            yield listener.extra(SocketAttribute.local_port)
        except Exception as error:  # noqa: BLE001  raised below as it is, and not in a group
            raised = error
        tasks.cancel_scope.cancel()
    if raised is not None:
        raise raised


async def finish(stream):
    """End what we say, and wait until the client has closed: to close with bytes unread would reset."""
    if isinstance(stream, TLSStream):
        await stream.aclose()
        return
    await stream.send_eof()
    while True:
        await stream.receive()


def naming(monkeypatch, table):
    """Give names to addresses, or an error to say: the system's resolver cannot be told any by a test."""
    real = socket.getaddrinfo

    def getaddrinfo(host, *args, flags=0, **options):
        known = None if flags & socket.AI_NUMERICHOST else table.get(host)
        if isinstance(known, Exception):
            raise known
        return real(known or host, *args, flags=flags, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


NO_SUCH_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
