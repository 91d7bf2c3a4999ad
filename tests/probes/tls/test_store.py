"""Where the system's CA certificates are."""

import ssl

import pytest

from agent.probe import ProbeError
from probes.tls import store
from probes.tls.store import Store


@pytest.fixture
def python_looks(monkeypatch):
    """Have Python's own OpenSSL be built to look somewhere."""

    def at(file, folder):
        paths = ssl.get_default_verify_paths()._replace(cafile=file, capath=folder)
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)

    return at


def test_the_file_that_the_environment_names_is_taken(tmp_path, monkeypatch):
    own = tmp_path / "own.pem"
    own.touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    assert store.system().file == str(own)


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_the_environment_names_must_be_there(tmp_path, monkeypatch, variable):
    monkeypatch.setenv(variable, str(tmp_path / "nothing"))
    with pytest.raises(ProbeError) as caught:
        store.system()
    assert str(caught.value) == f"{variable} is {tmp_path}/nothing, which is not there"


def test_file_and_folder_of_this_python_are_taken(python_looks, tmp_path):
    python_looks("/some/file.pem", str(tmp_path))
    assert store.system() == Store("/some/file.pem", str(tmp_path))


def test_a_folder_with_hashes_is_enough(python_looks, tmp_path):
    (tmp_path / "4a6481c9.0").touch()
    python_looks(None, str(tmp_path))
    assert store.system() == Store(None, str(tmp_path))


def test_a_python_that_looks_nowhere_falls_back_to_the_usual_files(python_looks, tmp_path):
    """As python.org's for macOS before its certificates are installed: the folder is there, and empty."""
    python_looks(None, str(tmp_path))
    there = tmp_path / "cert.pem"
    there.touch()
    assert store.system((str(tmp_path / "absent.pem"), str(there))) == Store(str(there), None)


def test_no_ca_certificates_at_all(python_looks, tmp_path):
    python_looks(None, None)
    with pytest.raises(ProbeError) as caught:
        store.system((str(tmp_path / "absent.pem"),))
    assert str(caught.value) == "no CA certificates were found on this machine: install them, or name a file in ca"
