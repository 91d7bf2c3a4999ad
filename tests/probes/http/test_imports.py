"""What a plain check loads: the heavy libraries only when something needs them."""

import subprocess
import sys

import pytest

HEAVY = ("h2", "lxml", "jmespath", "regex", "cryptography", "trio", "yaml", "asyncio.subprocess_")


def loaded(code):
    """Run code in a fresh interpreter, and tell which heavy libraries it loaded."""
    tell = f"import sys; {code}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("settings", "libraries"),
    [
        pytest.param("url='http://h/'", [], id="http"),
        pytest.param("url='https://h/', http_version='1.1', ca=CA", [], id="https of HTTP/1.1"),
        pytest.param("url='https://h/', ca=CA", ["h2"], id="https"),
        pytest.param("url='http://h/', http_version='2'", ["h2"], id="HTTP/2"),
        pytest.param("url='http://h/', json={'a': 'a'}", ["jmespath"], id="json"),
        pytest.param("url='http://h/', xpath={'a': '//a'}", ["lxml"], id="xpath"),
        pytest.param("url='http://h/', regex={'a': 'a'}", ["regex"], id="regex"),
        pytest.param("url='https://h/', http_version='1.1', verify=False", ["cryptography"], id="unverified"),
    ],
)
def test_preparing_loads_what_measuring_needs_and_no_more(settings, libraries, ca):
    code = f"CA = {ca!r}; from probes.http.probe import HttpProbe; HttpProbe({settings}).prepare()"
    assert loaded(code) == libraries


def test_the_kinds_themselves_load_nothing_heavy():
    assert loaded("import probes.http.probe, probes.http.api") == []
