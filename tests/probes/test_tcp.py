"""The `tcp` kind against ports that are open, closed, silent, chatty and hostile."""

import errno
import re
import socket
import threading
from contextlib import ExitStack, suppress

import anyio
import anyio.to_thread
import msgspec
import pytest

from agent.probe import Need, ProbeError, Unreachable, Unreadable
from probes.dns.dialogue import Step
from probes.dns.endpoint import Endpoint, resolve
from probes.tcp import TcpProbe

CLOSED = 1
"""A port that nobody listens at (tcpmux); no system hands it out."""


class Server:
    """Accepts connections and holds the same dialogue on each, in threads, from `with` to `with`."""

    def __init__(self, talk, host="127.0.0.1", port=0):
        self._talk = talk
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family)
        self.port = self._listener.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.talking, self.over = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self):
        while not self.over.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:  # shut down
                return
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock):
        with sock, suppress(ConnectionResetError, BrokenPipeError):  # the probe may have heard enough
            self._talk(sock, self)


@pytest.fixture
def serve():
    with ExitStack() as stack:
        yield lambda *args: stack.enter_context(Server(*args))


def says(*parts):
    """Say this part by part, each after something was heard; then close."""

    def talk(sock, _):
        for number, part in enumerate(parts):
            if number:
                sock.recv(1000)
            sock.sendall(part)

    return talk


def silence(_, server):
    server.talking.set()
    server.over.wait()


def reset(sock, _):
    sock.recv(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def steady(reading):
    found = msgspec.to_builtins(reading)
    assert 0 < found.pop("latency_seconds") < 10
    return found


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_open_port(serve, host):
    server = serve(silence, host)
    reading = await TcpProbe(host=host, port=server.port).measure()
    assert steady(reading) == {
        "named": {},
        "open": True,
        "reason": None,
        "addresses": [server.address],
        "banner": None,
    }


@pytest.mark.parametrize("place", [f"127.0.0.1:{CLOSED}", f"[::1]:{CLOSED}"])
async def test_a_closed_port_is_a_reading(place):
    reading = await TcpProbe(address=place).measure()
    assert msgspec.to_builtins(reading) == {
        "named": {},
        "open": False,
        "reason": f"{place}: connection refused",
        "addresses": [place],
        "latency_seconds": None,
        "banner": None,
    }


async def test_a_name_that_does_not_exist_is_neither_open_nor_closed():
    with pytest.raises(Unreachable, match=r"^-: no such name$"):
        await TcpProbe(address="-:80").measure()


@pytest.fixture
def instead(monkeypatch):
    """Have the kernel say something else of connections of a family than that they are refused."""
    real, others = socket.socket.getsockopt, {}

    def getsockopt(sock, level, option, *size):
        said = real(sock, level, option, *size)
        is_refusal = (level, option, said) == (socket.SOL_SOCKET, socket.SO_ERROR, errno.ECONNREFUSED)
        return others.get(sock.family, said) if is_refusal else said

    monkeypatch.setattr(socket.socket, "getsockopt", getsockopt)
    return others


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EHOSTUNREACH, "no route to host"),
        (errno.EHOSTDOWN, "host is down"),
        (errno.ETIMEDOUT, "connection timed out"),
        (errno.ECONNRESET, "connection reset by peer"),
    ],
    ids=errno.errorcode.get,
)
async def test_what_is_no_refusal_by_the_address_does_not_prove_it_closed(instead, number, said):
    instead[socket.AF_INET] = number
    with pytest.raises(Unreachable) as caught:
        await TcpProbe(address=f"127.0.0.1:{CLOSED}").measure()
    assert str(caught.value) == f"127.0.0.1:{CLOSED}: {said}"
    assert caught.value.partial == {"addresses": [f"127.0.0.1:{CLOSED}"], "latency_seconds": None}


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EACCES], ids=errno.errorcode.get)
async def test_what_is_refused_on_the_way_from_here_is_an_error_however_late(instead, number):
    instead[socket.AF_INET] = number
    with pytest.raises(ProbeError, match=r"^127\.0\.0\.1:1: this machine cannot connect: "):
        await TcpProbe(address=f"127.0.0.1:{CLOSED}").measure()


async def test_what_this_machine_cannot_reach_is_an_error():
    with pytest.raises(ProbeError) as caught:
        await TcpProbe(address="224.0.0.1:80").measure()
    assert str(caught.value) == "224.0.0.1:80: this machine cannot connect: network is unreachable"


async def hold(server, **settings):
    return await TcpProbe(address=server.address, **settings).measure()


class TestDialogue:
    @pytest.mark.parametrize(
        ("parts", "settings", "banner"),
        [
            ([b"SSH-2.0-OpenSSH_9.2\r\n"], {"read": "line"}, "SSH-2.0-OpenSSH_9.2"),
            ([b"SSH-2.0-OpenSSH_9.2\r\nmore"], {"expect": "SSH-2.0"}, "SSH-2.0"),
            ([b"one\ntwo\n"], {"read": "end"}, "one\ntwo"),
            ([b"", b"+PONG\r\n"], {"send": "PING\r\n", "expect": "+PONG"}, "+PONG"),
            ([b"250-a\r\n250 b\r\n"], {"matches": "(?m)^250 .*$"}, "250-a\r\n250 b"),
            ([b"k\xc3\xa4se\n"], {"read": "line"}, "käse"),
            ([b"\xff\n"], {"read": "line"}, "\ufffd"),
            ([b"x\xc3"], {"read": "end"}, "x\ufffd"),
            ([b"", b"hello"], {"send": "x", "read": "end"}, "hello"),
        ],
    )
    async def test_that_goes_as_written(self, serve, parts, settings, banner):
        reading = await hold(serve(says(*parts)), **settings)
        assert (reading.open, reading.banner, reading.reason) == (True, banner, None)

    async def test_of_several_turns(self, serve):
        heard = []

        def smtp(sock, _):
            sock.sendall(b"220 mail ESMTP\r\n")
            heard.append(sock.recv(100))
            sock.sendall(b"250-mail\r\n250 SIZE\r\n")
            heard.append(sock.recv(100))
            sock.sendall(b"221 bye\r\n")

        steps = [
            Step(expect="220 "),
            Step(send="EHLO gonogo\r\n", matches="(?m)^250 "),
            Step(send="QUIT\r\n", expect="221"),
        ]
        reading = await hold(serve(smtp), dialogue=steps)
        assert reading.banner == "220 mail ESMTP\r\n250-mail\r\n250 SIZE\r\n221"
        assert heard == [b"EHLO gonogo\r\n", b"QUIT\r\n"]

    async def test_where_each_turn_needs_text_of_its_own(self, serve):
        server = serve(says(b"ok"))
        with pytest.raises(Unreachable) as caught:
            await hold(server, dialogue=[Step(expect="ok"), Step(expect="ok")])
        assert str(caught.value) == f"{server.address}: closed before 'ok' came, said nothing"

    @pytest.mark.parametrize(
        ("talk", "settings", "said"),
        [
            pytest.param(
                says(b"-NOAUTH\r\n"),
                {"expect": "+PONG"},
                "closed before '+PONG' came, said '-NOAUTH\\r\\n'",
                id="another answer",
            ),
            pytest.param(says(b""), {"read": "line"}, "closed before the end of a line came, said nothing", id="none"),
            pytest.param(
                says(b"SSH-2.0"),
                {"read": "line"},
                "closed before the end of a line came, said 'SSH-2.0'",
                id="half a line",
            ),
            pytest.param(
                says(b"abc"), {"matches": "^x"}, "closed before text that matches ^x came, said 'abc'", id="no match"
            ),
            pytest.param(
                says(b""), {"matches": "x*"}, "closed before text that matches x* came, said nothing", id="empty match"
            ),
            pytest.param(
                reset,
                {"send": "x", "read": "end"},
                "connection reset by peer before the end came, said nothing",
                id="reset",
            ),
            pytest.param(
                says(b"x" * 500),
                {"expect": "y"},
                f"closed before 'y' came, said '{'x' * 200}'",
                id="a long answer is cut in the message",
            ),
            pytest.param(
                says(b"x" * 200), {"expect": "y", "limit": 100}, "100 bytes came, and not 'y'", id="beyond the limit"
            ),
            pytest.param(
                says(b"x" * 200), {"read": "end", "limit": 100}, "100 bytes came, and not the end", id="no end"
            ),
            pytest.param(
                says(b"a" * 40 + b"b"),
                {"matches": "(a|aa)+$"},
                "searching for text that matches (a|aa)+$ took too long",
                id="a pattern without end",
            ),
        ],
    )
    async def test_that_goes_otherwise_is_no_answer(self, serve, talk, settings, said):
        server = serve(talk)
        with pytest.raises(Unreachable) as caught:
            await hold(server, **settings)
        assert str(caught.value) == f"{server.address}: {said}"
        assert caught.value.partial.keys() == {"addresses", "latency_seconds"}

    async def test_with_an_endless_answer_takes_no_more_than_its_limit(self, serve):
        def endless(sock, server):
            while not server.over.is_set():
                sock.sendall(b"x" * 65536)

        server = serve(endless)
        with pytest.raises(Unreachable) as caught:
            await hold(server, read="line")
        assert str(caught.value) == f"{server.address}: 65536 bytes came, and not the end of a line"

    async def test_with_somebody_who_does_not_listen(self, serve):
        server = serve(reset)
        with pytest.raises(Unreachable) as caught:
            await hold(server, send="x" * 50_000_000)
        assert re.fullmatch(
            f"{server.address}: (connection reset by peer|broken pipe) while sending", str(caught.value)
        )

    @pytest.mark.parametrize("settings", [{"read": "line"}, {"read": "end"}, {"send": "x", "expect": "y"}])
    async def test_with_somebody_silent_lasts_until_it_is_cut(self, serve, settings):
        server = serve(silence)
        with anyio.fail_after(20):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda: hold(server, **settings))
                await anyio.to_thread.run_sync(server.talking.wait)
                tasks.cancel_scope.cancel()
        assert tasks.cancel_scope.cancelled_caught

    async def test_gives_readings_from_what_was_said(self, serve):
        patterns = {"version": "OpenSSH_([0-9.]+)", "old": "SSH-1"}
        reading = await hold(serve(says(b"SSH-2.0-OpenSSH_9.2\r\n")), read="line", regex=patterns)
        assert reading.named == {"version": "9.2", "old": None}

    async def test_that_never_began_gives_no_readings(self):
        probe = TcpProbe(address=f"127.0.0.1:{CLOSED}", read="line", regex={"version": "(.*)"})
        reading = await probe.measure()
        assert (reading.open, reading.banner) == (False, None)
        assert reading.named == {"version": Unreadable("nothing was said")}


class TestSeveralAddresses:
    @pytest.fixture
    def knock(self, serve):
        """Knock at a name that stands for 127.0.0.1 and ::1, on one port; None stands for a closed one."""

        async def run(four, six, **settings):
            port = pair(serve, four, six)
            probe = TcpProbe(host="pair", port=port, **settings)
            known = (*await resolve(Endpoint("127.0.0.1", port)), *await resolve(Endpoint("::1", port)))
            return port, await probe.knock(Endpoint("pair", port), known)

        return run

    async def test_the_first_is_tried_and_no_other(self, knock):
        port, reading = await knock(silence, None)
        assert (reading.open, reading.addresses) == (True, [f"127.0.0.1:{port}"])

    async def test_all_must_be_open_where_all_are_asked_for(self, knock):
        port, reading = await knock(silence, silence, addresses="all")
        assert (reading.open, reading.addresses) == (True, [f"127.0.0.1:{port}", f"[::1]:{port}"])

    async def test_one_open_and_one_closed_is_neither(self, knock):
        port, reading = await knock(silence, None, addresses="all")
        said = f"pair:{port} (::1): connection refused"
        assert (reading.open, reading.reason) == (Unreadable(f"half up: {said}"), said)
        assert (reading.latency_seconds, reading.banner) == (None, None)

    async def test_the_first_closed_does_not_prove_the_others_closed(self, knock):
        port, reading = await knock(None, silence)
        assert reading.open == Unreadable(f"half up: pair:{port} (127.0.0.1): connection refused")
        assert reading.addresses == [f"127.0.0.1:{port}", f"[::1]:{port}"]

    async def test_all_closed_is_closed(self, knock):
        port, reading = await knock(None, None)
        assert (reading.open, reading.addresses) == (False, [f"127.0.0.1:{port}", f"[::1]:{port}"])
        assert reading.reason == (f"pair:{port} (127.0.0.1): connection refused; pair:{port} (::1): connection refused")

    async def test_one_closed_and_one_that_cannot_be_reached_from_here_is_not_closed(self):
        known = (*await resolve(Endpoint("127.0.0.1", CLOSED)), *await resolve(Endpoint("224.0.0.1", CLOSED)))
        reading = await TcpProbe(host="pair", port=CLOSED).knock(Endpoint("pair", CLOSED), known)
        assert reading.open == Unreadable(
            f"not all refuse: pair:{CLOSED} (127.0.0.1): connection refused; "
            f"pair:{CLOSED} (224.0.0.1): this machine cannot connect: network is unreachable"
        )

    @pytest.mark.parametrize("addresses", ["first", "all"])
    async def test_one_closed_and_one_without_a_route_is_not_closed(self, knock, instead, addresses):
        instead[socket.AF_INET6] = errno.EHOSTUNREACH
        _, reading = await knock(None, None, addresses=addresses)
        said = f"pair:{CLOSED} (127.0.0.1): connection refused; pair:{CLOSED} (::1): no route to host"
        assert (reading.open, reading.reason) == (Unreadable(f"not all refuse: {said}"), said)

    async def test_one_open_and_one_without_a_route_is_no_answer_where_all_are_asked_for(self, knock, instead):
        instead[socket.AF_INET6] = errno.EHOSTUNREACH
        with pytest.raises(Unreachable, match=r" \(::1\): no route to host$"):
            await knock(silence, None, addresses="all")

    async def test_the_same_is_said_by_all(self, knock):
        _, reading = await knock(says(b"v1\n"), says(b"v1\n"), addresses="all", read="line", regex={"v": "v(.)"})
        assert (reading.banner, reading.named) == ("v1", {"v": "1"})

    async def test_different_things_are_said(self, knock):
        _, reading = await knock(says(b"v1\n"), says(b"v2\n"), addresses="all", read="line", regex={"v": "v(.)"})
        unlike = Unreadable("the addresses say different things")
        assert (reading.open, reading.banner, reading.named) == (True, unlike, {"v": unlike})

    async def test_one_that_answers_otherwise_is_no_answer(self, knock):
        with pytest.raises(Unreachable, match=r" \(::1\): closed before 'a' came, said 'b'$"):
            await knock(says(b"a"), says(b"b"), addresses="all", expect="a")


def pair(serve, four, six):
    """Serve on one port of IPv4 and IPv6; gives the port."""
    if not four and not six:
        return CLOSED
    while True:
        server = serve(four or six, "127.0.0.1" if four else "::1")
        try:
            if four and six:
                serve(six, "::1", server.port)
        except OSError:  # taken there
            continue
        return server.port


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "give either address (host:port) or host and port"),
        ({"address": "a:1", "host": "a"}, "give either address (host:port) or host and port"),
        ({"address": "a:1", "port": 1}, "give either address (host:port) or host and port"),
        ({"host": "a"}, "host and port go together"),
        ({"port": 1}, "host and port go together"),
        ({"host": "a:2", "port": 1}, "host is 'a:2', expected a name or address without a port"),
        ({"host": "a b", "port": 1}, "'a b' is no host:port (a name or address, IPv6 in brackets)"),
        (
            {"address": "a:1", "send": "x", "dialogue": [Step(send="x")]},
            "give either dialogue or send, expect, matches and read",
        ),
        (
            {"address": "a:1", "regex": {"x": "y"}},
            "regex reads the banner, which needs read, expect, matches or dialogue",
        ),
    ],
)
def test_settings_that_cannot_be(settings, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        TcpProbe(**settings)


def test_a_turn_in_which_nothing_is_done_cannot_be():
    with pytest.raises(ValueError, match=r"^asks for nothing: give send, expect, matches or read$"):
        Step()


@pytest.mark.parametrize(
    ("settings", "host", "place"),
    [
        ({"address": "db:5432"}, "db", "db:5432"),
        ({"host": "db", "port": 5432}, "db", "db:5432"),
        ({"host": "::1", "port": 5432}, "::1", "[::1]:5432"),
        ({"host": "[::1]", "port": 5432}, "::1", "[::1]:5432"),
    ],
)
def test_whom_it_must_be_allowed_to_reach(settings, host, place):
    probe = TcpProbe(**settings)
    assert (probe.target(), probe.permissions()) == (host, (Need("network", "connect", place),))
