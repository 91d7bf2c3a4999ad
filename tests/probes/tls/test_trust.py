"""Chains, good and bad: what is said of them, and why."""

import pytest
from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier

from . import pki
from .conftest import probe
from .servers import Tls

EXPIRED = pki.NOW - pki.days(1)


def said(reading):
    return {
        key: getattr(reading, key)
        for key in ("trusted", "reason", "culprit", "chain_complete", "chain_length", "self_signed")
    }


def days_left(seconds):
    return None if seconds is None else round(seconds / 86400)


def ends(reading):
    return days_left(reading.expires_in_seconds), days_left(reading.sent_expires_in_seconds)


async def test_a_good_chain(look, server):
    reading = await look(server)
    assert said(reading) == {
        "trusted": True,
        "reason": None,
        "culprit": None,
        "chain_complete": True,
        "chain_length": 2,
        "self_signed": False,
    }
    assert ends(reading) == (90, 90)


async def test_a_root_that_is_sent_along_changes_nothing(look, server, root, intermediate):
    reading = await look(server.sending(intermediate, root))
    assert said(reading) == {
        "trusted": True,
        "reason": None,
        "culprit": None,
        "chain_complete": True,
        "chain_length": 3,
        "self_signed": False,
    }


async def test_an_expired_certificate_has_a_path_that_says_so(look, intermediate):
    reading = await look(pki.issue(intermediate, common="Old", begins=pki.NOW - pki.days(20), ends=EXPIRED))
    assert said(reading) == {
        "trusted": False,
        "reason": "expired",
        "culprit": "CN=Old",
        "chain_complete": True,
        "chain_length": 2,
        "self_signed": False,
    }
    assert ends(reading) == (-1, -1)


async def test_a_certificate_of_the_future(look, intermediate):
    reading = await look(pki.issue(intermediate, common="Young", begins=pki.NOW + pki.days(1)))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "not_yet_valid", "CN=Young")
    assert reading.not_before == pki.NOW + pki.days(1)


async def test_an_expired_intermediate_ends_the_path_before_the_certificate(look, root):
    old = pki.authority("Old CA", root, ends=EXPIRED)
    reading = await look(pki.issue(old, common="Server"))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "expired", "CN=Old CA")
    assert ends(reading) == (-1, -1)


async def test_a_missing_intermediate(look, server):
    reading = await look(server.sending())
    assert said(reading) == {
        "trusted": False,
        "reason": "unknown_issuer",
        "culprit": "CN=Server",
        "chain_complete": False,
        "chain_length": 1,
        "self_signed": False,
    }
    assert ends(reading) == (None, 90)


async def test_an_unknown_ca(look):
    stranger = pki.authority("Stranger")
    reading = await look(pki.issue(stranger, common="Server"))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "unknown_issuer", "CN=Server")
    assert ends(reading) == (None, 90)


async def test_an_unknown_root_that_is_sent(look):
    stranger = pki.authority("Stranger")
    reading = await look(pki.issue(stranger, common="Server").sending(stranger))
    assert said(reading) == {
        "trusted": False,
        "reason": "untrusted_root",
        "culprit": "CN=Stranger",
        "chain_complete": True,
        "chain_length": 2,
        "self_signed": False,
    }


async def test_a_self_signed_certificate(look):
    alone = pki.issue(None, common="Alone")
    reading = await look(alone)
    assert said(reading) == {
        "trusted": False,
        "reason": "self_signed",
        "culprit": "CN=Alone",
        "chain_complete": True,
        "chain_length": 1,
        "self_signed": True,
    }
    assert ends(reading) == (90, 90)


async def test_a_self_signed_certificate_that_is_trusted_as_it_is(look, tmp_path):
    alone = pki.issue(None, common="Alone")
    own = tmp_path / "own.pem"
    own.write_bytes(alone.pem)
    reading = await look(alone, ca=str(own))
    assert (reading.trusted, reading.reason, reading.self_signed) == (True, None, True)


async def test_an_intermediate_that_is_trusted_as_it_is(look, server, intermediate, tmp_path):
    own = tmp_path / "own.pem"
    own.write_bytes(intermediate.pem)
    reading = await look(server.sending(), ca=str(own))
    assert (reading.trusted, reading.chain_complete, ends(reading)) == (True, True, (90, 90))


async def test_an_intermediate_that_only_this_machine_has_is_missing_from_the_chain(
    look, server, root, intermediate, *, tmp_path, monkeypatch
):
    both = tmp_path / "both.pem"
    both.write_bytes(root.pem + intermediate.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    reading = await look(server.sending(), ca="")
    assert (reading.trusted, reading.chain_complete, reading.chain_length) == (True, False, 1)


async def test_a_forged_signature(look, intermediate):
    forger = pki.authority("Intermediate", key=pki.make_key())
    forged = pki.issue(forger, common="Server", names=("localhost",))
    reading = await look(forged.sending(intermediate))
    assert (reading.trusted, reading.reason in {"bad_signature", "unknown_issuer"}) == (False, True)


async def test_a_certificate_for_clients_only(look, intermediate):
    reading = await look(pki.issue(intermediate, common="Client", purpose=pki.CLIENT))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "wrong_purpose", "CN=Client")
    assert ends(reading) == (90, 90)


async def test_an_issuer_that_is_no_ca(look, intermediate):
    ordinary = pki.issue(intermediate, common="Ordinary")
    reading = await look(pki.issue(ordinary, common="Server"))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "not_a_ca", "CN=Ordinary")


async def test_a_path_longer_than_a_ca_allows(look, root):
    narrow = pki.authority("Narrow", root, path_length=0)
    below = pki.authority("Below", narrow)
    reading = await look(pki.issue(below, common="Server"))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "path_too_long", "CN=Narrow")


async def test_a_name_that_the_ca_may_not_give(look, root):
    constraint = x509.NameConstraints([x509.DNSName("example.com")], None)
    limited = pki.authority("Limited", root, extensions=((constraint, True),))
    reading = await look(pki.issue(limited, common="Server"))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "outside_name_constraints", "CN=Server")


async def test_a_critical_extension_that_nobody_knows(look, intermediate):
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    reading = await look(pki.issue(intermediate, common="Odd", extensions=((unknown, True),)))
    assert (reading.trusted, reading.reason, reading.culprit) == (False, "unknown_critical_extension", "CN=Odd")


async def test_the_first_error_is_the_reason(look):
    stranger = pki.authority("Stranger")
    old = pki.issue(stranger, common="Old", begins=pki.NOW - pki.days(20), ends=EXPIRED)
    reading = await look(old)
    assert (reading.reason, ends(reading)) == ("unknown_issuer", (None, -1))


async def test_an_expired_cross_signed_certificate_beside_the_path_does_no_harm(look, root, intermediate):
    """The root that everybody trusted once is still sent, as with Let's Encrypt in 2021."""
    former = pki.authority("Former root")
    crossed = pki.authority("Root", former, key=root.key, ends=EXPIRED)
    server = pki.issue(intermediate, common="Server", names=("localhost",))
    reading = await look(server.sending(intermediate, crossed))
    assert (reading.trusted, reading.reason, reading.chain_complete) == (True, None, True)
    assert ends(reading) == (90, -1)


@pytest.mark.parametrize(("good_first", "verdict"), [(True, (True, None)), (False, (False, "unknown_issuer"))])
async def test_of_two_intermediates_with_one_key_the_first_sent_makes_the_path(
    look, intermediate, server, good_first, verdict
):
    """Clients on OpenSSL take the first that fits and do not turn back, so that is what is measured."""
    former = pki.authority("Former root")
    crossed = pki.authority("Intermediate", former, key=intermediate.key)
    sent = (intermediate, crossed) if good_first else (crossed, intermediate)
    reading = await look(server.sending(*sent))
    assert (reading.trusted, reading.reason) == verdict


async def test_intermediates_in_disorder_are_found(look, root):
    upper = pki.authority("Upper", root)
    lower = pki.authority("Lower", upper)
    reading = await look(pki.issue(lower, common="Server").sending(upper, lower))
    assert (reading.trusted, reading.chain_length, reading.chain_complete) == (True, 3, True)


@pytest.mark.parametrize("sent", [20, 60])
async def test_a_chain_full_of_the_same_issuer_is_judged_all_the_same(look, server, intermediate, root, sent):
    namesakes = [pki.authority("Intermediate", root) for _ in range(sent)]
    reading = await look(server.sending(*namesakes, intermediate))
    assert (reading.trusted, reading.chain_length) == (True, sent + 2)


async def test_the_system_does_not_trust_a_ca_of_ours(serve, files):
    reading = await probe(await serve(Tls(files))).measure()
    assert (reading.trusted, reading.reason, reading.expires_in_seconds) == (False, "unknown_issuer", None)
