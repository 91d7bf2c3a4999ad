"""The scan: offered, not offered, or not known; never shorter than the truth."""

import math

import anyio
import pytest

from agent.probe import Unreachable, Unreadable
from probes.tls import connection, suites
from probes.tls.connection import Place
from probes.tls.hello import Hello
from probes.tls.scan import Scan
from probes.tls.versions import Version

from . import dialogues, hellos
from .conftest import probe
from .hellos import CLOSE, SILENCE, Picky, accept, alert, server_hello
from .servers import Tls

SSL3, TLS10, TLS11, TLS12, TLS13 = Version
MODERN = {TLS12: accept, TLS13: accept}
NULL_SHA, RC4, DES3 = 0x0002, 0x0005, 0x000A


@pytest.fixture
def scan(serve):
    """Scan a server that has these answers; a short wait for silence."""

    async def start(answers, *, negotiated=TLS13, window=30.0, seen=None, until=math.inf):
        return await scanning(Picky(answers, [] if seen is None else seen), negotiated, window, until)

    async def scanning(handle, negotiated, window, until=math.inf):
        place = Place("127.0.0.1", await serve(handle))
        return Scan(
            dial=lambda: connection.connect(place),
            hello=Hello("a.example"),
            negotiated=negotiated,
            window=window,
            until=until,
        )

    start.at = scanning
    return start


def choosing(*accepted):
    """Accept any hello that offers one of these suites, and refuse others."""

    def choose(hello):
        chosen = [suite for suite in accepted if suite in hello.suites]
        return server_hello(hello.version, chosen[0]) if chosen else alert(40)

    return choose


class TestProtocols:
    @pytest.mark.parametrize(
        ("versions", "found"),
        [
            (("TLSv1.2",), ["TLSv1.2"]),
            (("TLSv1.3",), ["TLSv1.3"]),
            (("TLSv1", "TLSv1.3"), ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
            (("TLSv1", "TLSv1.1"), ["TLSv1", "TLSv1.1"]),
            (("TLSv1.1",), ["TLSv1.1"]),
        ],
    )
    async def test_of_a_real_server(self, serve, files, versions, found):
        reading = await probe(await serve(Tls(files, versions)), scan=True).measure()
        assert reading.protocols == found

    async def test_of_a_server_on_ipv6(self, serve, files):
        port = await serve(Tls(files), "::1")
        reading = await probe(port, connect_to=f"[::1]:{port}", scan=True).measure()
        assert (reading.protocols, reading.weak_ciphers) == (["TLSv1.2", "TLSv1.3"], 0)

    @pytest.mark.parametrize("number", [40, 47, 70, 71, 109])
    async def test_an_alert_that_says_no_is_a_no(self, scan, number):
        answers = dict.fromkeys((SSL3, TLS10, TLS11), alert(number)) | MODERN
        assert await (await scan(answers)).protocols() == ["TLSv1.2", "TLSv1.3"]

    async def test_sslv3_is_found_though_no_library_has_it(self, scan):
        assert await (await scan({SSL3: accept} | MODERN)).protocols() == ["SSLv3", "TLSv1.2", "TLSv1.3"]

    async def test_a_retry_request_is_an_offer(self, scan):
        """A HelloRetryRequest is a ServerHello with a random value of its own (RFC 8446, section 4.1.3)."""
        assert await (await scan({TLS13: accept})).protocols() == ["TLSv1.3"]

    async def test_an_older_version_in_answer_is_a_no(self, scan):
        answers = {TLS13: server_hello(TLS12), TLS12: accept}
        assert await (await scan(answers, negotiated=TLS12)).protocols() == ["TLSv1.2"]

    @pytest.mark.parametrize("number", [80, 112, 0])
    async def test_an_alert_that_says_something_else_is_no_answer(self, scan, number):
        found = await (await scan({TLS10: alert(number)} | MODERN)).protocols()
        assert isinstance(found, Unreadable)
        assert found.reason.startswith(f"alert {number} (")
        assert found.reason.endswith(") in answer to the TLSv1 hello")

    async def test_silence_says_nothing(self, scan):
        found = await (await scan({TLS10: SILENCE} | MODERN, window=0.5)).protocols()
        assert found == Unreadable("no answer to the TLSv1 hello")

    async def test_every_silence_is_named(self, scan):
        found = await (await scan({SSL3: SILENCE, TLS11: SILENCE} | MODERN, window=0.5)).protocols()
        assert found == Unreadable("no answer to the SSLv3 hello; no answer to the TLSv1.1 hello")

    async def test_a_newer_version_than_offered_is_no_answer(self, scan):
        found = await (await scan({TLS10: server_hello(TLS12)} | MODERN)).protocols()
        assert found == Unreadable("a version that was not offered in answer to the TLSv1 hello")

    async def test_something_else_than_tls_is_no_answer(self, scan):
        found = await (await scan({TLS10: b"421 too many connections\r\n"} | MODERN)).protocols()
        assert isinstance(found, Unreadable)
        assert found.reason.endswith("which is not TLS, to the TLSv1 hello")

    async def test_a_close_is_a_no_where_another_version_is_accepted_before_and_after(self, scan):
        seen = []
        answers = {SSL3: CLOSE, TLS10: CLOSE} | MODERN
        assert await (await scan(answers, seen=seen)).protocols() == ["TLSv1.2", "TLSv1.3"]
        assert [hello.version for hello in seen[5:]] == [SSL3, TLS10, TLS13]

    async def test_a_close_says_nothing_where_no_version_is_accepted(self, scan):
        found = await (await scan(dict.fromkeys(Version, CLOSE))).protocols()
        assert isinstance(found, Unreadable)
        assert found.reason.count("closed the connection during the ") == 5

    async def test_a_server_that_bears_few_connections_at_once_is_asked_again(self, scan):
        """Of five at once it closes all but two, and among those the one that matters."""
        busy = 0

        async def limited(stream):
            nonlocal busy
            if busy == 2:
                return
            busy += 1
            try:
                hello = await hellos.read(stream)
                await anyio.wait_all_tasks_blocked()
                await stream.send(accept(hello) if hello.version in {TLS10, TLS12, TLS13} else alert(70))
                await stream.receive()
            finally:
                busy -= 1

        found = await (await scan.at(limited, TLS13, 30.0)).protocols()
        assert found == ["TLSv1", "TLSv1.2", "TLSv1.3"]

    async def test_a_server_that_bears_few_connections_in_a_time_leaves_it_open(self, scan):
        """What closes the old versions here is a limit; it would have accepted them."""
        left = 2

        async def limited(stream):
            nonlocal left
            hello = await hellos.read(stream)
            if hello.version >= TLS12 and left:
                left -= 1
                await stream.send(accept(hello))
                await stream.receive()

        found = await (await scan.at(limited, TLS13, 30.0)).protocols()
        assert isinstance(found, Unreadable)
        assert found.reason.endswith("closed the connection during the TLSv1.1 hello")

    async def test_a_scan_that_contradicts_the_handshake_is_not_believed(self, scan):
        found = await (await scan({TLS12: accept})).protocols()
        assert found == Unreadable("the TLSv1.3 hello is refused though the handshake agreed on that version")

    async def test_a_connection_that_is_not_made_says_nothing(self, scan, serve):
        scanning = await scan(MODERN)
        dial, left = scanning.dial, iter([False] * 4)

        async def refuse_the_last():
            if next(left, True):
                raise Unreachable("a.example:443: connection refused")
            return await dial()

        scanning.dial = refuse_the_last
        found = await scanning.protocols()
        assert found == Unreadable("a.example:443: connection refused, before the TLSv1.3 hello")

    async def test_a_dialogue_that_fails_says_nothing(self, serve, files):
        """The first connection may turn to TLS, and those of the scan find the server too busy."""
        first = True

        async def once(stream):
            nonlocal first
            if not first:
                await stream.send(b"421 too many connections\r\n")
                await stream.receive()
            first = False
            await dialogues.smtp(stream)

        port = await serve(Tls(files, before=once))
        reading = await probe(port, starttls="smtp", scan=True).measure()
        assert isinstance(reading.protocols, Unreadable)
        assert reading.protocols.reason.startswith(
            f"127.0.0.1:{port}: answers '421 too many connections', expected 220, before the SSLv3 hello"
        )
        assert reading.weak_ciphers == reading.weak_cipher_names
        assert isinstance(reading.weak_ciphers, Unreadable)

    async def test_no_time_left_says_nothing(self, scan):
        found = await (await scan(MODERN, until=0.0)).protocols()
        assert isinstance(found, Unreadable)
        assert found.reason.startswith("no answer to the SSLv3 hello; ")


class TestWeakCiphers:
    async def test_a_good_server_has_none(self, serve, files):
        reading = await probe(await serve(Tls(files)), scan=True).measure()
        assert (reading.weak_ciphers, reading.weak_cipher_names) == (0, [])

    async def test_of_a_real_server(self, serve, files):
        server = Tls(
            files, ("TLSv1", "TLSv1.2"), ciphers="ECDHE-ECDSA-AES128-SHA:AECDH:ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"
        )
        reading = await probe(await serve(server), scan=True).measure()
        assert reading.weak_ciphers == 4
        assert reading.weak_cipher_names == [
            "TLS_ECDHE_ECDSA_WITH_NULL_SHA",
            "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
            "TLS_ECDH_anon_WITH_AES_256_CBC_SHA",
            "TLS_ECDH_anon_WITH_NULL_SHA",
        ]

    async def test_each_is_asked_for_until_none_is_left(self, scan):
        seen = []
        scanning = await scan({TLS12: choosing(0xC02F, RC4, DES3)}, negotiated=TLS12, seen=seen)
        assert await scanning.protocols() == ["TLSv1.2"]
        assert await scanning.weak_ciphers() == ["TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_RC4_128_SHA"]
        asked = [hello.suites for hello in seen[5:]]
        assert [len(one) for one in asked] == [len(suites.WEAK) + 1, len(suites.WEAK), len(suites.WEAK) - 1]

    async def test_of_each_version_that_is_accepted(self, scan):
        answers = {SSL3: choosing(0x002F, NULL_SHA), TLS12: choosing(0xC02F, RC4)}
        scanning = await scan(answers, negotiated=TLS12)
        assert await scanning.protocols() == ["SSLv3", "TLSv1.2"]
        assert await scanning.weak_ciphers() == ["TLS_RSA_WITH_NULL_SHA", "TLS_RSA_WITH_RC4_128_SHA"]

    async def test_a_server_of_tls_1_3_alone_is_not_asked(self, scan):
        seen = []
        scanning = await scan({TLS13: accept}, seen=seen)
        await scanning.protocols()
        assert await scanning.weak_ciphers() == []
        assert len(seen) == 5

    async def test_where_a_version_is_not_known_nor_are_they(self, scan):
        scanning = await scan({TLS10: alert(80)} | MODERN)
        assert await scanning.protocols() == Unreadable("alert 80 (internal_error) in answer to the TLSv1 hello")
        assert await scanning.weak_ciphers() == Unreadable("alert 80 (internal_error) in answer to the TLSv1 hello")

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (SILENCE, "no answer to the TLSv1.2 hello"),
            (alert(80), "alert 80 (internal_error) in answer to the TLSv1.2 hello"),
            (server_hello(TLS12, 0x1301), "the answer to the TLSv1.2 hello is a suite that was not offered"),
        ],
        ids=["silence", "another alert", "another suite"],
    )
    async def test_what_says_nothing_leaves_it_open(self, scan, answer, reason):
        def choose(hello):
            return server_hello(TLS12, 0xC02F) if 0xC02F in hello.suites else answer

        scanning = await scan({TLS12: choose}, negotiated=TLS12, window=0.5)
        await scanning.protocols()
        assert await scanning.weak_ciphers() == Unreadable(reason)

    async def test_a_close_is_a_no_while_the_version_is_still_accepted(self, scan):
        def choose(hello):
            return server_hello(TLS12, 0xC02F) if 0xC02F in hello.suites else CLOSE

        scanning = await scan({TLS12: choose}, negotiated=TLS12)
        await scanning.protocols()
        assert await scanning.weak_ciphers() == []

    async def test_a_close_says_nothing_once_all_is_closed(self, scan):
        left = 1

        def choose(_):
            nonlocal left
            left -= 1
            return server_hello(TLS12, 0xC02F) if left >= 0 else CLOSE

        scanning = await scan({TLS12: choose}, negotiated=TLS12)
        await scanning.protocols()
        found = await scanning.weak_ciphers()
        assert isinstance(found, Unreadable)
        assert found.reason.endswith("closed the connection during the TLSv1.2 hello")

    async def test_a_server_that_accepts_everything_is_asked_for_each_once(self, scan):
        seen = []
        scanning = await scan({TLS11: accept, TLS12: accept}, negotiated=TLS12, seen=seen)
        await scanning.protocols()
        assert await scanning.weak_ciphers() == sorted(suites.WEAK.values())
        assert len(seen) == 5 + len(suites.WEAK)

    def test_no_suite_has_the_name_of_another(self):
        assert len(set(suites.WEAK.values())) == len(suites.WEAK) == 69


class TestTime:
    async def test_a_scan_ends_before_the_time_of_its_check(self, serve, files):
        """What was read before is not lost because the scan meets silence."""
        first = True

        async def once(_):
            nonlocal first
            if not first:
                await anyio.sleep_forever()
            first = False

        port = await serve(Tls(files, before=once))
        with anyio.fail_after(2):
            reading = await probe(port, scan=True, silence=600).measure()
        assert reading.protocols == Unreadable(
            "; ".join(f"no answer to the {version.label} hello" for version in Version)
        )
        assert reading.protocol == "TLSv1.3"

    async def test_a_scan_can_be_given_up_and_its_connections_are_closed(self, serve, files):
        first, opened, gone = True, 0, 0
        every_one = anyio.Event()

        async def once(stream):
            nonlocal first, opened, gone
            if first:
                first = False
                return
            opened += 1
            try:
                while True:
                    await stream.receive()
            finally:
                gone += 1
                if gone == 5:
                    every_one.set()

        port = await serve(Tls(files, before=once))
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(probe(port, scan=True, silence=600).measure)
                while opened < 5:
                    await anyio.wait_all_tasks_blocked()
                scope.cancel()
        with anyio.fail_after(5):
            await every_one.wait()
