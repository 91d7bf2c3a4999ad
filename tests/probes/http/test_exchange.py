"""Whatever bytes a server sends, however they are cut: an answer or Unreachable, and nothing else."""

import anyio
import pytest
from hpack import Encoder
from hyperframe.frame import DataFrame, GoAwayFrame, HeadersFrame, PingFrame, SettingsFrame, WindowUpdateFrame
from hypothesis import given
from hypothesis import strategies as st

from agent.probe import ProbeError, Unreachable, Unreadable
from probes.http import unverified
from probes.http.exchange import Message
from probes.http.http1 import Http1
from probes.http.http2 import Http2
from probes.http.timing import Timing

MESSAGE = Message(b"GET", b"http", b"h", b"/", [(b"host", b"h")], b"")


class Memory:
    """A stream that was written before."""

    sent = began = arrived = 0.0
    complete = True
    expires = protocol = None

    def __init__(self, data, step):
        self.chunks = [data[at : at + step] for at in range(0, len(data), step)]

    async def send(self, data):
        pass

    async def receive(self):
        return self.chunks.pop(0) if self.chunks else b""

    receive_first = receive


async def exchange(kind, data, step):
    """Ask and read to the end."""
    one = kind(Memory(data, step), Timing())
    try:
        head = await one.ask(MESSAGE)
        body = b""
        while (piece := await one.more()) is not None:
            body += piece
    except Unreachable as error:
        return str(error)
    return head.status, body


HTTP1 = (
    b"HTTP/1.1 103 Early\r\na: b\r\n\r\nHTTP/1.1 200 OK\r\nx: y\r\ntransfer-encoding: chunked\r\n\r\n"
    b"5;e=x\r\nhello\r\n0\r\nt: u\r\n\r\n"
)
HTTP2 = b"".join(
    frame.serialize()
    for frame in (
        SettingsFrame(0, settings={4: 100, 1: 0}),
        PingFrame(0, b"12345678"),
        WindowUpdateFrame(0, window_increment=9),
        HeadersFrame(1, Encoder().encode([(":status", "200"), ("x", "y")]), flags=["END_HEADERS"]),
        GoAwayFrame(0, last_stream_id=1),
        DataFrame(1, b"hello", pad_length=3, flags=["PADDED", "END_STREAM"]),
    )
)
SEEDS = {Http1: HTTP1, Http2: HTTP2}


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
@pytest.mark.parametrize("kind", SEEDS)
async def test_what_is_right_is_read_however_it_comes(kind, step):
    assert await exchange(kind, SEEDS[kind], step) == (200, b"hello")


@pytest.mark.parametrize("kind", SEEDS)
async def test_what_is_cut_anywhere_is_never_an_answer(kind):
    data = SEEDS[kind]
    for size in range(len(data)):
        assert isinstance(await exchange(kind, data[:size], 1000), str)


CHANGES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 3), st.binary(max_size=12)),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("kind", SEEDS)
@given(changes=CHANGES, step=st.sampled_from([1, 9, 1000]))
def test_what_is_changed_anywhere_raises_nothing_else(kind, changes, step):
    data = SEEDS[kind]
    for at, removed, added in changes:
        data = data[:at] + added + data[at + removed :]
    found = anyio.run(exchange, kind, data, step)
    assert isinstance(found, tuple) or "Error" not in found


@pytest.mark.parametrize(
    ("kind", "header", "version"), [(Http1, (b"a", b"sesame\r\nb: c"), "HTTP"), (Http2, (b"te", b"sesame"), "HTTP/2")]
)
async def test_a_request_that_is_none_is_our_own_trouble_and_shows_nothing(kind, header, version):
    message = MESSAGE._replace(headers=[(b"host", b"h"), header])
    with pytest.raises(ProbeError) as caught:
        await kind(Memory(b"", 1), Timing()).ask(message)
    assert str(caught.value) == f"the request is not valid {version}"


def test_a_certificate_that_is_none():
    assert unverified.expires(b"nonsense") == Unreadable("the certificate cannot be read")
