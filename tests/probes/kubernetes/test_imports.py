"""What is loaded when: half a second of library only where it is needed."""

import subprocess
import sys

import pytest

HEAVY = ("kubernetes", "yaml", "requests", "jmespath", "h2", "lxml", "cryptography")
MODULES = ("rollout", "pods", "nodes", "version", "events", "resource")


def ran(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def loaded(code):
    """Run code in a fresh interpreter, and tell which heavy libraries it loaded."""
    return ran(f"import sys; {code}; print(*[name for name in {HEAVY!r} if name in sys.modules])")


def test_the_kinds_themselves_load_nothing_heavy():
    assert loaded("; ".join(f"import probes.kubernetes.{name}" for name in MODULES)) == []


def test_preparing_loads_the_library(kubeconfig):
    path = kubeconfig("https://127.0.0.1:1", {"token": "t"})
    code = f"from probes.kubernetes.version import VersionProbe; VersionProbe(kubeconfig={path!r}).prepare()"
    assert loaded(code)[0] == "kubernetes"


@pytest.mark.parametrize("name", MODULES)
def test_without_the_library_a_kind_cannot_be_loaded(name):
    """So that a profile which names it is refused with the extra that is missing."""
    code = (
        "import sys; sys.modules['kubernetes'] = None\n"
        f"try:\n    import probes.kubernetes.{name}\n"
        "except ModuleNotFoundError as error:\n    print(error.name)"
    )
    assert ran(code) == ["kubernetes"]
