"""The times: what each phase holds, and that a thousand open checks do not lengthen them."""

import subprocess
import sys

import anyio
import pytest

from agent.probe import Unreachable
from probes.http.probe import HttpProbe

from .server import response, says

SERVER = """
import asyncio
ANSWER = b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok"
class Late(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        asyncio.get_running_loop().call_later(0.1, self.answer)
    def answer(self):
        self.transport.write(ANSWER)
        self.transport.close()
async def main():
    server = await asyncio.get_running_loop().create_server(Late, "127.0.0.1", 0, backlog=2000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@pytest.fixture
def late():
    """A server in a process of its own that answers after 100 ms."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    with process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        process.kill()


async def test_with_many_checks_open_each_reads_its_own_times(late):
    """Times are not asserted here but in the bench; that they add up, and are of the server, is."""
    probe = HttpProbe(url=late)
    readings = []

    async def look():
        readings.append(await probe.measure())

    async with anyio.create_task_group() as tasks:
        for _ in range(300):
            tasks.start_soon(look)
            await anyio.lowlevel.checkpoint()
    assert [reading.status for reading in readings] == [200] * 300
    for reading in readings:
        assert reading.first_byte_seconds >= 0.099
        parts = (reading.connect_seconds, reading.first_byte_seconds, reading.transfer_seconds)
        assert sum(parts) <= reading.latency_seconds < sum(parts) + 0.5


async def test_being_late_ourselves_is_not_the_targets_time(late):
    """The loop is held while the answer comes; when it came is the kernel's word, where the kernel tells."""
    probe = HttpProbe(url=late)
    readings = []

    async def look():
        readings.append(await probe.measure())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        held = anyio.current_time()
        while anyio.current_time() < held + 2:
            pass
    assert readings[0].latency_seconds < (1.5 if sys.platform == "linux" else 60)


async def test_interim_answers_do_not_count_as_the_first_byte(serve, look):
    def script(server, peer):
        peer.ask()
        peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        server.over.wait(0.2)
        peer.send(response(200))

    assert (await look(serve(script).url)).first_byte_seconds > 0.15


async def test_a_slow_body_is_transfer(serve, look):
    def script(server, peer):
        peer.ask()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na")
        server.over.wait(0.2)
        peer.send(b"b")

    reading = await look(serve(script).url)
    assert reading.transfer_seconds > 0.15
    assert reading.first_byte_seconds < reading.latency_seconds - 0.15


async def test_a_failure_keeps_the_phases_before_it(serve, look):
    server = serve(says(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"))
    with pytest.raises(Unreachable) as caught:
        await look(server.url)
    assert set(caught.value.partial) == {"hops", "connect_seconds", "first_byte_seconds"}
