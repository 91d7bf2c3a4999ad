"""AWS on loopback, for profiles."""

import pytest

from tests.probes.aws import cloud


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """No profile sees what this machine knows of AWS."""
    cloud.surroundings(monkeypatch, tmp_path)


@pytest.fixture(scope="session")
def moto():
    """Address of moto's server, started once for each process of tests."""
    with cloud.moto() as url:
        yield url


@pytest.fixture
def make(moto):
    """Give a client of moto: `make("rds")`."""
    return lambda service: cloud.client(service, moto)
