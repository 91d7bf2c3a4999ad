"""Names as the operator writes them, and the rules of RFC 9525."""

import re

import pytest
from cryptography import x509

from probes.tls import names

from . import pki


@pytest.fixture(scope="module")
def key():
    return pki.make_key()


def certificate(root, key, *alternatives, common="", extensions=()):
    return pki.issue(root, key=key, names=alternatives, common=common, extensions=extensions).certificate


@pytest.mark.parametrize(
    ("presented", "wanted", "verdict"),
    [
        pytest.param("example.com", "example.com", True, id="the same"),
        pytest.param("EXAMPLE.com", "example.COM", True, id="in other case"),
        pytest.param("example.com", "example.com.", True, id="asked for with the root's dot"),
        pytest.param("example.com.", "example.com", False, id="presented with the root's dot"),
        pytest.param("example.com", "www.example.com", False, id="not below"),
        pytest.param("www.example.com", "example.com", False, id="not above"),
        pytest.param("*.example.com", "www.example.com", True, id="wildcard"),
        pytest.param("*.example.com", "example.com", False, id="wildcard is not nothing"),
        pytest.param("*.example.com", "a.b.example.com", False, id="wildcard is one label"),
        pytest.param("*.example.com", "www.example.org", False, id="wildcard elsewhere"),
        pytest.param("w*.example.com", "www.example.com", False, id="wildcard as part of a label"),
        pytest.param("www.*.com", "www.example.com", False, id="wildcard not leftmost"),
        pytest.param("*.com", "example.com", False, id="wildcard below a top-level domain"),
        pytest.param("*", "localhost", False, id="wildcard alone"),
        pytest.param("*.*.com", "www.example.com", False, id="two wildcards"),
        pytest.param("xn--bcher-kva.example", "bücher.example", True, id="asked for in Unicode"),
        pytest.param("*.xn--bcher-kva.example", "www.bücher.example", True, id="wildcard over Unicode"),
        pytest.param("fass.example", "faß.example", False, id="sharp s is not ss"),
        pytest.param("127.0.0.1", "127.0.0.1", True, id="IPv4"),
        pytest.param("127.0.0.1", "127.0.0.2", False, id="other IPv4"),
        pytest.param("::1", "::1", True, id="IPv6"),
        pytest.param("::1", "0:0:0:0:0:0:0:1", True, id="IPv6 in another spelling"),
        pytest.param("fe80::1", "fe80::1%eth0", True, id="IPv6 with a zone"),
        pytest.param("*.0.0.1", "127.0.0.1", False, id="wildcard is no address"),
    ],
)
def test_a_name_matches_by_rfc_9525(root, key, presented, wanted, verdict):
    assert names.matches(certificate(root, key, presented), wanted) is verdict


def test_any_of_several_names_will_do(root, key):
    both = certificate(root, key, "a.example", "b.example", "::1")
    assert [names.matches(both, name) for name in ("a.example", "b.example", "::1", "c.example")] == [
        True,
        True,
        True,
        False,
    ]


def test_the_common_name_is_not_a_name(root, key):
    assert not names.matches(certificate(root, key, common="example.com"), "example.com")


def test_an_address_written_as_a_dns_name_is_not_an_address(root, key):
    extension = x509.SubjectAlternativeName([x509.DNSName("127.0.0.1")])
    disguised = certificate(root, key, common="x", extensions=((extension, False),))
    assert not names.matches(disguised, "127.0.0.1")


def test_names_and_addresses_are_listed_in_their_order(root, key):
    alternatives = [
        x509.DNSName("b.example"),
        x509.RFC822Name("someone@a.example"),
        x509.IPAddress(names.address("::1")),
        x509.DNSName("*.a.example"),
    ]
    extension = (x509.SubjectAlternativeName(alternatives), False)
    found = names.presented(certificate(root, key, common="x", extensions=(extension,)))
    assert found == ["b.example", "::1", "*.a.example"]


def test_a_certificate_without_alternative_names_has_none(root, key):
    assert names.presented(certificate(root, key, common="example.com")) == []


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("example.com", "example.com"),
        ("Example.COM.", "example.com"),
        ("_sip._tls.example.com", "_sip._tls.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("localhost", "localhost"),
    ],
)
def test_a_name_is_sent_in_ascii_and_lower_case(written, sent):
    assert names.a_label(written) == sent


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "'' is not a host name"),
        (".", "'.' is not a host name"),
        ("a..b", "'a..b' is not a host name"),
        ("a.b..", "'a.b..' is not a host name"),
        ("exa mple.com", "'exa mple.com' is not a host name"),
        ("-a.example", "'-a.example' is not a host name"),
        ("example.com:443", "'example.com:443' is not a host name"),
        ("[::1]", "'[::1]' is not a host name"),
        ("a" * 64, f"'{'a' * 64}' is not a host name"),
        ("https://example.com", "'https://example.com' is a URL or a path, expected a host name or an address"),
        ("example.com/", "'example.com/' is a URL or a path, expected a host name or an address"),
    ],
)
def test_what_is_no_host_is_refused(written, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        names.host(written)


def test_what_is_no_name_in_unicode_is_refused():
    with pytest.raises(ValueError, match=r"^'☃\.example' is not a host name: Codepoint U\+2603"):
        names.host("☃.example")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1%eth0"])
def test_an_address_is_a_host(address):
    assert names.host(address) == address
