"""Hellos by hand, and what comes back."""

from contextlib import suppress

import anyio.lowlevel
import pytest

from agent.probe import Unreachable
from probes.tls import connection, hello, suites
from probes.tls.connection import Closed, Place
from probes.tls.hello import Acceptance, Hello, Refusal
from probes.tls.versions import Version

from . import hellos
from .hellos import alert, record, server_hello


@pytest.fixture
def answered(serve):
    """Read the answer of a server that sends these bytes, and closes."""

    async def read(*pieces):
        async def answer(stream):
            for piece in pieces:
                await stream.send(piece)
                await anyio.lowlevel.checkpoint()

        async with await connection.connect(Place("127.0.0.1", await serve(answer))) as wire:
            return await hello.answer(wire)

    return read


class TestHello:
    @pytest.mark.parametrize("version", Version)
    def test_it_offers_one_version_and_at_most_128_suites(self, version):
        said = hellos.parse(Hello("a.example").encode(version, suites.usual(version)))
        assert said.version is version
        assert (said.record_version, said.legacy_version) == (min(version, 0x0301), min(version, 0x0303))
        assert said.suites == (*suites.usual(version), 0x00FF)
        assert len(said.suites) <= 128

    def test_of_sslv3_it_has_no_extensions(self):
        assert hellos.parse(Hello("a.example", ["h2"]).encode(Version.SSL3, [1])).extensions == {}

    @pytest.mark.parametrize("version", list(Version)[1:])
    def test_it_asks_for_a_name_and_for_protocols(self, version):
        said = hellos.parse(Hello("a.example", ["h2", "http/1.1"]).encode(version, [1]))
        assert (said.server_name, said.alpn) == ("a.example", ["h2", "http/1.1"])

    def test_it_asks_for_nothing_that_was_not_given(self):
        said = hellos.parse(Hello().encode(Version.TLS12, [1]))
        assert (said.server_name, said.alpn) == (None, [])

    def test_no_two_are_alike(self):
        assert Hello().encode(Version.TLS13, [1]) != Hello().encode(Version.TLS13, [1])


class TestAnswer:
    @pytest.mark.parametrize("version", Version)
    @pytest.mark.parametrize("session", [b"", bytes(32)], ids=["no session", "session"])
    async def test_a_server_hello(self, answered, version, session):
        said = server_hello(version, 0x1301, session=session)
        assert await answered(said) == Acceptance(version, 0x1301)

    async def test_the_version_of_tls_1_3_stands_among_other_extensions(self, answered):
        said = server_hello(Version.TLS13, 0x1302, extensions=b"\x00\x33\x00\x02\x00\x1d")
        assert await answered(said) == Acceptance(Version.TLS13, 0x1302)

    async def test_in_pieces_and_in_several_records(self, answered):
        message = server_hello(Version.TLS12)[5:]
        said = b"".join(record(message[at : at + 9]) for at in range(0, len(message), 9))
        assert await answered(*(said[at : at + 4] for at in range(0, len(said), 4))) == Acceptance(0x0303, 0x002F)

    async def test_with_more_messages_behind_it(self, answered):
        message = server_hello(Version.TLS12)[5:] + b"\x0b\x00\x00\x04more"
        assert await answered(record(message)) == Acceptance(Version.TLS12, 0x002F)

    async def test_a_fatal_alert(self, answered):
        assert await answered(alert(70)) == Refusal(70)

    async def test_a_warning_before_it_is_passed_over(self, answered):
        assert await answered(alert(112, level=1), server_hello(Version.TLS12)) == Acceptance(0x0303, 0x002F)

    @pytest.mark.parametrize("sent", [b"", b"\x16", server_hello(Version.TLS12)[:-1], alert(112, level=1)])
    async def test_a_closed_connection(self, answered, sent):
        with pytest.raises(Closed, match=r"closed the connection during the TLS handshake$"):
            await answered(sent)

    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            (b"HTTP/1.1 400 Bad", "answers 'HTTP/1.1 400 Bad', which is not TLS"),
            (b"\x16\x02\x00\x00\x04....", r"answers '\x16\x02\x00\x00\x04....', which is not TLS"),
            (record(b""), r"answers '\x16\x03\x01\x00\x00', which is not TLS"),
            (record(bytes(16641)), None),
            (record(b"x", kind=23), r"answers '\x17\x03\x01\x00\x01x', which is not TLS"),
            (record(b"\x0b\x00\x00\x01x"), "answers a hello with handshake message 11, expected a ServerHello"),
            (record(b"\x02\x00\x00\x02\x03\x03"), "answers with a ServerHello that is cut short"),
            (record(b"\x02\x00\x00\x23\x03\x03" + bytes(33)), "answers with a ServerHello that is cut short"),
            (record(b"\x02\xff\xff\xff" + bytes(16000)) * 2, "answers a hello without an end"),
            (alert(112, level=1) * 25, "answers a hello without an end"),
            (record(b"x", kind=21) * 25, "answers a hello without an end"),
        ],
    )
    async def test_what_is_no_answer(self, answered, sent, said):
        with pytest.raises(Unreachable) as caught:
            await answered(sent)
        if said:
            assert str(caught.value).partition(": ")[2] == said
        else:
            assert str(caught.value).endswith(", which is not TLS")

    async def test_extensions_that_are_cut_short(self, answered):
        body = b"\x03\x03" + bytes(32) + b"\0\x00\x2f\0" + b"\x00\x03\x00\x2b\x00"
        with pytest.raises(Unreachable, match=r"answers with a ServerHello that is cut short$"):
            await answered(record(b"\x02" + len(body).to_bytes(3, "big") + body))

    @pytest.mark.parametrize("size", range(0, 80, 3))
    async def test_no_server_hello_of_any_length_is_a_crash(self, answered, size):
        body = (server_hello(Version.TLS13, session=bytes(32))[9:] + bytes(40))[:size]
        with suppress(Unreachable):
            said = await answered(record(b"\x02" + len(body).to_bytes(3, "big") + body))
            assert isinstance(said, Acceptance)
