"""What the checks are measured against: loops that do the same requests, each in a process of its own.

python -m tests.bench.loops imports                 what a plain HTTP run must import, and nothing else
python -m tests.bench.loops streams URL COUNT [CA]  bare asyncio streams, 100 at a time
python -m tests.bench.loops probes URL COUNT [CA]   the http kind without engine, verdict and report
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from urllib.parse import urlsplit


async def streams(url: str, count: int, ca: str | None) -> None:
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
    slots = asyncio.Semaphore(100)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\naccept: */*\r\n\r\n".encode()

    async def one():
        async with slots:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            writer.close()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(one())


async def probes(url: str, count: int, ca: str | None) -> None:
    import anyio

    from probes.http.probe import HttpProbe

    limiter = anyio.CapacityLimiter(100)
    made = [HttpProbe(url=url, ca=ca) for _ in range(count)]
    made[0].prepare()

    async def one(probe):
        async with limiter:
            await probe.measure()

    async with anyio.create_task_group() as tasks:
        for probe in made:
            tasks.start_soon(one, probe)
            await anyio.lowlevel.checkpoint()


def imports() -> None:
    import anyio  # noqa: F401
    import click  # noqa: F401
    import httpx  # noqa: F401
    import msgspec  # noqa: F401
    import yaml  # noqa: F401


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "imports":
        imports()
    else:
        url, count, *ca = rest
        asyncio.run({"streams": streams, "probes": probes}[what](url, int(count), ca[0] if ca else None))
