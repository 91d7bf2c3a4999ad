"""What a look is equipped with: CA certificates, a client certificate; and what is missing."""

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from OpenSSL import SSL

from agent.probe import ProbeError
from probes.tls import context

from . import pki
from .conftest import probe
from .servers import Tls


@pytest.fixture
def written(tmp_path):
    """Write a file and give its path."""

    def write(content, name="file.pem"):
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return write


def refusal(**settings):
    with pytest.raises(ProbeError) as caught:
        probe(443, **settings).prepare()
    return str(caught.value)


@pytest.mark.parametrize("setting", ["ca", "cert", "crl"])
def test_a_file_that_is_not_there(tmp_path, setting):
    path = str(tmp_path / "absent.pem")
    assert refusal(**{setting: path}) == f"{path}: no such file or directory"


def test_a_key_that_is_not_there(written, server, tmp_path):
    path = str(tmp_path / "absent.pem")
    assert refusal(cert=written(server.chain_pem), key=path) == f"{path}: no such file or directory"


@pytest.mark.parametrize("setting", ["ca", "cert", "crl"])
def test_a_folder_is_no_file(tmp_path, setting):
    assert refusal(**{setting: str(tmp_path)}).startswith(f"{tmp_path}: ")


@pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nZ2FyYmFnZQ==\n"])
def test_a_ca_file_without_a_certificate(written, content):
    path = written(content)
    assert refusal(ca=path).startswith(f"{path}: holds no CA certificates in PEM: ")


@pytest.mark.parametrize("content", [b"", b"garbage"])
def test_a_cert_file_without_a_certificate(written, content):
    path = written(content)
    assert refusal(cert=path).startswith(f"{path}: holds no certificate in PEM: ")


def test_a_cert_file_without_a_key(written, server):
    path = written(server.chain_pem)
    assert refusal(cert=path).startswith(f"{path}: holds no key in PEM: ")


def test_the_key_of_another_certificate(written, server, root):
    cert, key = written(server.chain_pem), written(root.key_pem, "key.pem")
    assert refusal(cert=cert, key=key) == f"{key}: holds no usable key for {cert}: key values mismatch"


def test_a_key_with_a_passphrase(written, server):
    locked = server.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"sesame"))
    cert, key = written(server.chain_pem), written(locked, "key.pem")
    assert refusal(cert=cert, key=key) == f"{key}: holds a key with a passphrase, expected one without"


def test_a_context_is_made_once(ca):
    assert context.load(ca, None, None) is context.load(ca, None, None)


async def test_a_file_that_changed_is_read_anew(serve, files, written, root):
    path = written(pki.authority("Stranger").pem)
    look = probe(await serve(Tls(files)), ca=path)
    look.prepare()
    assert not (await look.measure()).trusted
    written(root.pem + root.pem)
    assert (await look.measure()).trusted


async def test_what_is_missing_is_told_by_the_look_as_well(tmp_path):
    path = str(tmp_path / "absent.pem")
    with pytest.raises(ProbeError, match=r"absent\.pem: no such file or directory$"):
        await probe(443, ca=path).measure()


def test_preparing_loads_the_systems_certificates():
    probe(443).prepare()
    assert isinstance(context.load(None, None, None), SSL.Context)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SSL.Error([("a", "b", "first"), ("a", "b", "second")]), "first; second"),
        (SSL.SysCallError(-1, "Unexpected EOF"), "Unexpected EOF"),
        (SSL.Error([]), "no reason given"),
        (SSL.Error(), "no reason given"),
    ],
)
def test_openssl_has_words_for_most_errors(error, words):
    assert context.said(error) == words
