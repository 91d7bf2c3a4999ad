"""A small fast server for the benchmarks, in a process of its own so that its cost is not ours.

Prints a line with its ports when it listens: at once, after 100 ms, over TLS, and one whose body never ends.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

BODY = b'{"status": "ok", "version": "1.4.2", "database": "connected"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
DELAY_SECONDS = 0.1
_ENDLESS = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n"


class _Answering(asyncio.Protocol):
    delay = 0.0

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._answer)
        else:
            self._answer()

    def _answer(self):
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


class _Delayed(_Answering):
    delay = DELAY_SECONDS


class _Endless(_Answering):
    def _answer(self):
        self.transport.write(_ENDLESS)
        self._more()

    def resume_writing(self):
        self._more()

    def pause_writing(self):
        self.paused = True

    def _more(self):
        self.paused = False
        while not self.paused and not self.transport.is_closing():
            self.transport.write(b"x" * 65536)


async def main(identity: str) -> None:
    loop = asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)
    servers = [
        await loop.create_server(_Answering, "127.0.0.1", 0, backlog=2048),
        await loop.create_server(_Delayed, "127.0.0.1", 0, backlog=2048),
        await loop.create_server(_Answering, "127.0.0.1", 0, backlog=2048, ssl=context),
        await loop.create_server(_Endless, "127.0.0.1", 0, backlog=2048),
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
