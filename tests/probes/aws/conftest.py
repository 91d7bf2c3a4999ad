"""AWS on loopback."""

from contextlib import ExitStack

import pytest

from . import cloud


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """No test sees what this machine knows of AWS."""
    cloud.surroundings(monkeypatch, tmp_path)


@pytest.fixture(scope="session")
def moto():
    """Address of moto's server, started once for each process of tests."""
    with cloud.moto() as url:
        yield url


@pytest.fixture
def make(moto):
    """Give a client of moto: `make("sqs")`."""
    return lambda service: cloud.client(service, moto)


@pytest.fixture
def serve():
    """Start a server that answers by operation: `serve({"GetQueueAttributes": says({...})})`."""
    with ExitStack() as stack:
        yield lambda answers, **options: stack.enter_context(cloud.Aws(answers, **options))
