"""What the kinds that dial themselves have in common."""

import subprocess
import sys

import pytest

from probes.dial import host_name, parse
from probes.dns.endpoint import Endpoint

HEAVY = ("httpx", "grpc", "h2", "wsproto", "h11", "email", "cryptography", "idna", "jmespath", "regex", "lxml")


@pytest.mark.parametrize(
    ("kind", "libraries"), [("smtp", ["email"]), ("grpc", ["h2"]), ("websocket", ["wsproto", "h11"])]
)
def test_a_kind_loads_what_it_needs_and_no_more(kind, libraries):
    code = f"import sys, probes.{kind}.probe; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == libraries


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("h:1", Endpoint("h", 1)),
        ("[::1]:443", Endpoint("::1", 443)),
        ("bücher.example:25", Endpoint("xn--bcher-kva.example", 25)),
    ],
)
def test_places(text, endpoint):
    assert parse(text) == endpoint


def test_a_name_that_cannot_exist():
    with pytest.raises(ValueError, match=r"^'a\.\.ü' is not a host name$"):
        host_name("a..ü")
