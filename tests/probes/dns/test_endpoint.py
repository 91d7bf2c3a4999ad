"""`host:port` as operators write it, and looking names up."""

import re
import socket
import threading

import anyio
import anyio.to_thread
import pytest

from agent.probe import ProbeError, Unreachable
from probes.dns.endpoint import Address, Endpoint, parse_endpoint, resolve


@pytest.mark.parametrize(
    ("text", "default", "endpoint", "shown"),
    [
        ("db:5432", None, Endpoint("db", 5432), "db:5432"),
        ("db.example.com.:5432", None, Endpoint("db.example.com.", 5432), "db.example.com.:5432"),
        ("_x.example:1", None, Endpoint("_x.example", 1), "_x.example:1"),
        ("127.0.0.1:65535", None, Endpoint("127.0.0.1", 65535), "127.0.0.1:65535"),
        ("[::1]:443", None, Endpoint("::1", 443), "[::1]:443"),
        ("[fe80::1%eth0]:443", None, Endpoint("fe80::1%eth0", 443), "[fe80::1%eth0]:443"),
        ("1.1.1.1", 53, Endpoint("1.1.1.1", 53), "1.1.1.1:53"),
        ("2001:db8::1", 53, Endpoint("2001:db8::1", 53), "[2001:db8::1]:53"),
        ("[2001:db8::1]", 53, Endpoint("2001:db8::1", 53), "[2001:db8::1]:53"),
        ("dns.example:5353", 53, Endpoint("dns.example", 5353), "dns.example:5353"),
        ("straße.example:80", None, Endpoint("straße.example", 80), "straße.example:80"),
    ],
)
def test_places(text, default, endpoint, shown):
    assert parse_endpoint(text, default) == endpoint
    assert str(endpoint) == shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("db", "'db' has no port, expected host:port"),
        ("2001:db8::1", "'2001:db8::1' has no port, expected host:port"),
        ("db:", "'db:' has port '', expected 1 to 65535"),
        ("db:x", "'db:x' has port 'x', expected 1 to 65535"),
        ("db:0", "'db:0' has port '0', expected 1 to 65535"),
        ("db:65536", "'db:65536' has port '65536', expected 1 to 65535"),
        ("db:+80", "'db:+80' has port '+80', expected 1 to 65535"),
        ("db:٨٠", "'db:٨٠' has port '٨٠', expected 1 to 65535"),
        ("db:80:90", "'db:80:90' has port '80:90', expected 1 to 65535"),
        ("[::1]", "'[::1]' has no port, expected host:port"),
        ("[::1]80", "'[::1]80' is no host:port (a name or address, IPv6 in brackets)"),
        ("[db]:80", "'[db]:80' has 'db' in brackets, expected an IPv6 address"),
        ("[127.0.0.1]:80", "'[127.0.0.1]:80' has '127.0.0.1' in brackets, expected an IPv6 address"),
        ("", "'' is no host:port (a name or address, IPv6 in brackets)"),
        (":80", "':80' is no host:port (a name or address, IPv6 in brackets)"),
        ("a b:80", "'a b:80' is no host:port (a name or address, IPv6 in brackets)"),
        ("a..b:80", "'a..b:80' is no host:port (a name or address, IPv6 in brackets)"),
        ("user@db:80", "'user@db:80' is no host:port (a name or address, IPv6 in brackets)"),
        ("http://db:80", "'http://db:80' has port '//db:80', expected 1 to 65535"),
        ("*:80", "'*:80' is no host:port (a name or address, IPv6 in brackets)"),
    ],
)
def test_what_is_no_place(text, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("host", "family", "sockaddr"),
    [
        ("127.0.0.1", socket.AF_INET, ("127.0.0.1", 80)),
        ("::1", socket.AF_INET6, ("::1", 80, 0, 0)),
    ],
)
async def test_an_address_is_itself(host, family, sockaddr):
    assert await resolve(Endpoint(host, 80)) == (Address(family, sockaddr),)


async def test_a_name_has_its_addresses_in_order_and_each_once():
    def lookup(host, port, *_):
        assert host == b"db.example"
        four, six = ("192.0.2.1", port), ("2001:db8::1", port, 0, 0)
        return [(socket.AF_INET6, 1, 6, "", six), (socket.AF_INET, 1, 6, "", four), (socket.AF_INET6, 1, 6, "", six)]

    found = await resolve(Endpoint("db.example", 80), lookup)
    assert [str(address) for address in found] == ["[2001:db8::1]:80", "192.0.2.1:80"]


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), Unreachable, "db: no such name"),
        (socket.gaierror(socket.EAI_NODATA, "No address"), Unreachable, "db: no such name"),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            ProbeError,
            "db: this machine cannot look names up: temporary failure in name resolution",
        ),
        (
            socket.gaierror(socket.EAI_FAIL, "Non-recoverable failure in name resolution"),
            ProbeError,
            "db: this machine cannot look names up: non-recoverable failure in name resolution",
        ),
        (UnicodeError("label too long"), Unreachable, "db: no such name (label too long)"),
    ],
)
async def test_a_name_that_is_not_there_is_not_a_resolver_that_is_not_there(error, kind, said):
    def lookup(*_):
        raise error

    with pytest.raises(kind) as caught:
        await resolve(Endpoint("db", 80), lookup)
    assert str(caught.value) == said


async def test_an_interface_that_this_machine_has_not_got():
    with pytest.raises(ProbeError) as caught:
        await resolve(Endpoint("fe80::1%nope", 80))
    assert str(caught.value) == "fe80::1%nope: this machine has no such network interface"


async def test_a_lookup_that_hangs_does_not_hold_the_check():
    started, release = threading.Event(), threading.Event()

    def lookup(*_):
        started.set()
        release.wait()
        return []

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(resolve, Endpoint("db", 80), lookup)
        await anyio.to_thread.run_sync(started.wait)
        tasks.cancel_scope.cancel()
    release.set()
    assert tasks.cancel_scope.cancelled_caught
