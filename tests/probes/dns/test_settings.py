"""The settings of the `dns` kind: mistakes are found before anything is asked."""

import re

import pytest

from agent.probe import Need
from probes.dns.probe import DnsProbe
from probes.dns.question import parse_name, parse_type


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"type": "MAILX"}, "'MAILX' is no record type, expected for instance A, AAAA, CNAME or TXT"),
        ({"type": "ANY"}, "'ANY' is no type of a record, expected for instance A, AAAA, CNAME or TXT"),
        ({"type": "AXFR"}, "'AXFR' is no type of a record, expected for instance A, AAAA, CNAME or TXT"),
        ({"type": "TYPE99999"}, "'TYPE99999' is no record type, expected for instance A, AAAA, CNAME or TXT"),
        ({"name": ""}, "'' is no domain name"),
        ({"name": "https://x.example"}, "'https://x.example' is no domain name"),
        ({"name": "x..example"}, "'x..example' is no domain name: A DNS label is empty"),
        ({"name": "x" * 64}, f"'{'x' * 64}' is no domain name: A DNS label is > 63 octets long"),
        ({"name": "192.0.2.1"}, "name is the address 192.0.2.1, which only type PTR can ask about"),
        ({"resolver": "a", "resolvers": ["b"]}, "give either resolver or resolvers"),
        ({"resolvers": ["1.1.1.1", "1.1.1.1:53"]}, "resolvers names 1.1.1.1:53 twice"),
        ({"resolver": "1.1.1.1:0"}, "'1.1.1.1:0' has port '0', expected 1 to 65535"),
        ({"ca": "ca.pem"}, "server_name and ca are for transport: tls"),
        ({"server_name": "a"}, "server_name and ca are for transport: tls"),
    ],
)
def test_settings_that_cannot_be(settings, said):
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        DnsProbe(**{"name": "x.example"} | settings)


@pytest.mark.parametrize("text", ["a", "AAAA", "https", "TYPE65", "Sshfp"])
def test_record_types_in_any_case(text):
    assert parse_type(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("_sip._tcp.example.com", "_sip._tcp.example.com."),
        ("*.example.com", "*.example.com."),
        ("straße.example", "xn--strae-oqa.example."),
        (".", "."),
        ("192.0.2.1", "1.2.0.192.in-addr.arpa."),
    ],
)
def test_names(text, name):
    assert parse_name(text).to_text() == name


def test_whom_it_must_be_allowed_to_ask():
    one = DnsProbe(name="x.example", resolver="1.1.1.1")
    assert (one.target(), one.permissions()) == ("1.1.1.1", (Need("network", "connect", "1.1.1.1:53"),))
    two = DnsProbe(name="x.example", resolvers=["dns.example", "::1"], transport="tls")
    assert (two.target(), two.permissions()) == (
        "",
        (Need("network", "connect", "dns.example:853"), Need("network", "connect", "[::1]:853")),
    )
    own = DnsProbe(name="x.example", authoritative=True)
    assert (own.target(), own.permissions()) == (
        "",
        (
            Need("network", "connect", "resolvers of /etc/resolv.conf"),
            Need("network", "connect", "name servers of x.example"),
        ),
    )
