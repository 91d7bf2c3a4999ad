"""Revocation lists: only an authentic, current one about such certificates says anything."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ObjectIdentifier

from agent.probe import ProbeError
from probes.tls import crl
from probes.tls.crl import Standing

from . import pki

HOUR = pki.days(1) / 24
POINT = "http://crl.example/1.crl"
LIST = "the list from CN=Intermediate"


def judged(identity, *lists, path=None):
    loaded = tuple(x509.load_pem_x509_crl(one) for one in lists)
    return crl.judge(loaded, path or [one.certificate for one in (identity, *identity.above)], pki.NOW)


def scope(**limits):
    nothing = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return ((x509.IssuingDistributionPoint(**nothing | limits), True),)


def at(*urls):
    return [x509.UniformResourceIdentifier(url) for url in urls]


@pytest.fixture(scope="module")
def other(intermediate):
    return pki.issue(intermediate, common="Other")


def test_a_certificate_that_is_not_on_the_list(server, intermediate, other):
    assert judged(server, pki.revocations(intermediate, other)) == Standing("good")


def test_a_certificate_on_the_list(server, intermediate):
    since = (pki.NOW - pki.days(2)).isoformat()
    assert judged(server, pki.revocations(intermediate, server)) == Standing(
        "revoked", f"CN=Server is revoked since {since}"
    )


def test_a_certificate_on_the_list_with_the_reason(server, intermediate):
    revoked = pki.revocations(intermediate, server, reason=x509.ReasonFlags.cessation_of_operation)
    since = (pki.NOW - pki.days(2)).isoformat()
    assert judged(server, revoked) == Standing("revoked", f"CN=Server is revoked since {since}: cessationOfOperation")


def test_a_revoked_ca_above(server, intermediate, root):
    both = (pki.revocations(intermediate), pki.revocations(root, intermediate))
    assert judged(server, *both) == Standing(
        "revoked", f"CN=Intermediate is revoked since {(pki.NOW - pki.days(2)).isoformat()}"
    )


def test_the_list_of_the_root_alone_says_nothing_about_the_server(server, root):
    assert judged(server, pki.revocations(root)) == Standing("unknown", "no list is from CN=Intermediate")


def test_a_doubtful_list_about_a_ca_above_leaves_the_path_unknown(server, intermediate, root):
    both = (pki.revocations(intermediate), pki.revocations(root, ends=pki.NOW - HOUR / 2))
    assert judged(server, *both) == Standing(
        "unknown", f"the list from CN=Root is outdated since {(pki.NOW - HOUR / 2).isoformat()}"
    )


def test_a_list_of_somebody_else(server):
    stranger = pki.authority("Stranger")
    assert judged(server, pki.revocations(stranger)) == Standing("unknown", "no list is from CN=Intermediate")


@pytest.mark.parametrize("revoke", [True, False], ids=["accusing", "clearing"])
def test_a_forged_list_says_nothing(server, revoke):
    forger = pki.authority("Intermediate")
    forged = pki.revocations(forger, *([server] if revoke else []))
    assert judged(server, forged) == Standing("unknown", f"{LIST} is not signed by that issuer")


def test_a_forged_list_beside_a_good_one_changes_nothing(server, intermediate):
    forger = pki.authority("Intermediate")
    both = (pki.revocations(forger, server), pki.revocations(intermediate))
    assert judged(server, *both) == Standing("good")


@pytest.mark.parametrize("revoke", [True, False], ids=["accusing", "clearing"])
def test_an_outdated_list_says_nothing(server, intermediate, revoke):
    ended = pki.NOW - HOUR / 2
    old = pki.revocations(intermediate, *([server] if revoke else []), ends=ended)
    assert judged(server, old) == Standing("unknown", f"{LIST} is outdated since {ended.isoformat()}")


def test_a_list_from_the_future_says_nothing(server, intermediate):
    begins = pki.NOW + HOUR
    early = pki.revocations(intermediate, begins=begins)
    assert judged(server, early) == Standing("unknown", f"{LIST} is from the future: {begins.isoformat()}")


def test_an_issuer_that_may_not_sign_lists(root):
    usage = dict.fromkeys(
        (
            "content_commitment",
            "data_encipherment",
            "key_agreement",
            "key_encipherment",
            "encipher_only",
            "decipher_only",
            "crl_sign",
        ),
        False,
    )
    certain = x509.KeyUsage(digital_signature=True, key_cert_sign=True, **usage)
    limited = pki.issue(
        root,
        common="Intermediate",
        names=(),
        purpose=(),
        extensions=((certain, True),),
    )
    server = pki.issue(limited, common="Server")
    assert judged(server, pki.revocations(limited)) == Standing("unknown", f"{LIST} is not signed by that issuer")


@pytest.mark.parametrize(
    ("limits", "points", "verdict"),
    [
        pytest.param({"only_contains_user_certs": True}, (), "good", id="servers only"),
        pytest.param({"only_contains_ca_certs": True}, (), "unknown", id="CAs only"),
        pytest.param({"only_contains_attribute_certs": True}, (), "unknown", id="attributes only"),
        pytest.param({"indirect_crl": True}, (), "unknown", id="indirect"),
        pytest.param(
            {"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})}, (), "unknown", id="some reasons"
        ),
        pytest.param({"full_name": at(POINT)}, (POINT,), "good", id="the shard of the certificate"),
        pytest.param({"full_name": at("http://crl.example/2.crl")}, (POINT,), "unknown", id="another shard"),
        pytest.param({"full_name": at(POINT)}, (), "unknown", id="a shard, and the certificate names none"),
    ],
)
def test_a_list_speaks_of_what_it_is_about(intermediate, limits, points, verdict):
    crl_points = x509.CRLDistributionPoints([x509.DistributionPoint(at(url), None, None, None) for url in points])
    server = pki.issue(intermediate, common="Server", extensions=((crl_points, False),) if points else ())
    standing = judged(server, pki.revocations(intermediate, extensions=scope(**limits)))
    reason = None if verdict == "good" else f"{LIST} is about other certificates"
    assert standing == Standing(verdict, reason)


def test_a_list_of_changes_only_is_not_a_list(server, intermediate):
    changes = pki.revocations(intermediate, extensions=((x509.DeltaCRLIndicator(1), True),))
    assert judged(server, changes) == Standing(
        "unknown", f"{LIST} has a critical extension 2.5.29.27 that is not understood here"
    )


def test_a_critical_extension_that_nobody_knows(server, intermediate):
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
    odd = pki.revocations(intermediate, extensions=((unknown, True),))
    assert judged(server, odd) == Standing(
        "unknown", f"{LIST} has a critical extension 1.3.6.1.4.1.99999.1 that is not understood here"
    )


def test_without_the_issuer_no_list_can_be_checked(server, intermediate):
    assert judged(server, pki.revocations(intermediate), path=[server.certificate]) == Standing(
        "unknown", "the issuer of the certificate is not known, so no list can be checked"
    )


@pytest.mark.parametrize(
    ("revoke", "trusted", "reason", "said"),
    [(False, True, None, "good"), (True, False, "revoked", "revoked")],
)
async def test_what_the_operator_gives_is_read(look, server, intermediate, tmp_path, *, revoke, trusted, reason, said):
    path = tmp_path / "revoked.pem"
    path.write_bytes(b"# fetched today\n" + pki.revocations(intermediate, *([server] if revoke else [])))
    reading = await look(server, crl=str(path))
    assert (reading.trusted, reading.reason, reading.crl) == (trusted, reason, said)


async def test_a_list_that_says_nothing_makes_no_certificate_trusted(look, server, intermediate, tmp_path):
    path = tmp_path / "revoked.pem"
    path.write_bytes(pki.revocations(intermediate, ends=pki.NOW - HOUR / 2))
    reading = await look(server, crl=str(path))
    assert (reading.trusted, reading.reason, reading.crl, reading.culprit) == (
        False,
        "revocation_unknown",
        "unknown",
        "CN=Server",
    )


def test_several_lists_in_one_file(root, intermediate, tmp_path):
    path = tmp_path / "revoked.pem"
    path.write_bytes(pki.revocations(root) + b"\n" + pki.revocations(intermediate))
    assert [one.issuer for one in crl.load(str(path))] == [
        root.certificate.subject,
        intermediate.certificate.subject,
    ]


def test_a_list_in_der(root, tmp_path):
    path = tmp_path / "revoked.crl"
    path.write_bytes(x509.load_pem_x509_crl(pki.revocations(root)).public_bytes(Encoding.DER))
    assert [one.issuer for one in crl.load(str(path))] == [root.certificate.subject]


def test_a_file_is_read_anew_when_it_changed(root, intermediate, tmp_path):
    path = tmp_path / "revoked.pem"
    path.write_bytes(pki.revocations(root))
    before = crl.load(str(path))
    assert crl.load(str(path)) is before
    path.write_bytes(pki.revocations(root) + pki.revocations(intermediate))
    assert len(crl.load(str(path))) == 2


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ProbeError) as caught:
        crl.load(str(tmp_path / "revoked.pem"))
    assert str(caught.value) == f"{tmp_path}/revoked.pem: no such file or directory"


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN X509 CRL-----\nZ2FyYmFnZQ==\n-----END X509 CRL-----"]
)
def test_a_file_without_a_list(tmp_path, content):
    path = tmp_path / "revoked.pem"
    path.write_bytes(content)
    with pytest.raises(ProbeError) as caught:
        crl.load(str(path))
    assert str(caught.value).startswith(f"{path}: holds no revocation list: ")
