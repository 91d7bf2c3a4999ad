"""Content codings: gzip and deflate, whole, bounded, and nothing else."""

import gzip
import zlib

import pytest

from agent.probe import Unreachable
from probes.http.decode import Decoder

from .server import response, says

TEXT = b"to be or not to be " * 1000


def raw(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


GOOD = {
    "gzip": ("gzip", gzip.compress(TEXT)),
    "its old name": ("X-GZIP", gzip.compress(TEXT)),
    "gzip of nothing": ("gzip", gzip.compress(b"")),
    "gzip of two members": ("gzip", gzip.compress(TEXT) + gzip.compress(TEXT)),
    "deflate with zlib": ("deflate", zlib.compress(TEXT)),
    "deflate as it is": ("deflate", raw(TEXT)),
    "stored": ("deflate", zlib.compress(TEXT, 0)),
    "identity": ("identity", TEXT),
    "none": ("", TEXT),
}


def decoded(coding, data, step, limit=10**6):
    decoder = Decoder(coding, limit)
    pieces = [piece for at in range(0, len(data), step) for piece in decoder.feed(data[at : at + step])]
    decoder.finish()
    return b"".join(pieces)


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("name", GOOD)
def test_what_is_whole_is_decoded_however_it_comes(name, step):
    coding, data = GOOD[name]
    expected = {"gzip of nothing": b"", "gzip of two members": TEXT * 2}.get(name, TEXT)
    assert decoded(coding, data, step) == expected


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("size", [0, 1, 5, 10, 40, -9, -1])
def test_whatever_is_cut_off_is_missed(coding, size):
    data = {"gzip": gzip.compress(TEXT), "deflate": zlib.compress(TEXT)}[coding][:size]
    with pytest.raises(Unreachable) as caught:
        decoded(coding, data, 10)
    assert str(caught.value) == f"the body is cut short: its {coding} does not end"


@pytest.mark.parametrize(
    ("coding", "data", "reason"),
    [
        pytest.param("gzip", b"hello", "the body is broken: it is not gzip", id="not gzip"),
        pytest.param("deflate", b"\xff" * 9, "the body is broken: it is not deflate", id="not deflate"),
        pytest.param("gzip", gzip.compress(TEXT)[:-8] + b"\0" * 8, "the body is broken: it is not gzip", id="checksum"),
        pytest.param("gzip", gzip.compress(TEXT) + b"more", "the body is broken: it is not gzip", id="gzip and more"),
        pytest.param(
            "deflate",
            zlib.compress(TEXT) + b"more",
            "the body is broken: something follows its deflate",
            id="deflate and more",
        ),
    ],
)
def test_what_is_broken_is_refused(coding, data, reason):
    with pytest.raises(Unreachable) as caught:
        decoded(coding, data, 10)
    assert str(caught.value) == reason


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "deflate, gzip", "compress", "gzip;q=1"])
def test_what_was_not_asked_for_is_refused(coding):
    with pytest.raises(Unreachable) as caught:
        Decoder(coding, 1000)
    assert str(caught.value) == f"the body is coded in {coding}, expected gzip, deflate or none"


@pytest.mark.parametrize("step", [1, 65536])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_the_limit_counts_decoded_bytes_exactly(coding, step):
    pack = gzip.compress if coding == "gzip" else zlib.compress
    assert len(decoded(coding, pack(b"\0" * 300_000), step, limit=300_000)) == 300_000
    with pytest.raises(Unreachable) as caught:
        decoded(coding, pack(b"\0" * 300_001), step, limit=300_000)
    assert str(caught.value) == "the body is larger than 300000 bytes (`body_limit`)"


async def test_a_bomb_costs_no_more_than_the_limit(serve, look):
    bomb = gzip.compress(b"\0" * 50_000_000, 1)
    server = serve(says(response(200, bomb, content_encoding="gzip")))
    with pytest.raises(Unreachable) as caught:
        await look(server.url, body_limit=1_000_000)
    assert str(caught.value) == f"127.0.0.1:{server.port}: the body is larger than 1000000 bytes (`body_limit`)"


async def test_a_compressed_body_is_read_and_measured_decoded(serve, look):
    server = serve(says(response(200, gzip.compress(TEXT), content_encoding="gzip")))
    reading = await look(server.url, header={"coding": "content-encoding"})
    assert (reading.body, reading.size_bytes, reading.named) == (TEXT.decode(), len(TEXT), {"coding": "gzip"})
    assert server.asked[0].headers["accept-encoding"] == "gzip, deflate"


async def test_a_truncated_gzip_body_is_not_an_empty_good_one(serve, look):
    server = serve(says(response(200, gzip.compress(TEXT)[:20], content_encoding="gzip")))
    with pytest.raises(Unreachable) as caught:
        await look(server.url)
    assert str(caught.value) == f"127.0.0.1:{server.port}: the body is cut short: its gzip does not end"


async def test_a_compressed_body_that_is_declared_empty_is_empty(serve, look):
    server = serve(says(response(200, b"", content_encoding="gzip")))
    assert (await look(server.url)).body == ""


async def test_a_compressed_body_of_which_nothing_came_is_cut(serve, look):
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    server = serve(says(head))
    with pytest.raises(Unreachable) as caught:
        await look(server.url)
    assert str(caught.value) == f"127.0.0.1:{server.port}: the body is cut short: its gzip does not end"
