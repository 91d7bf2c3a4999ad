"""Who names no kind of AWS loads nothing of it, and who does loads no more than is needed."""

import subprocess
import sys

import pytest

HEAVY = ("boto3", "botocore", "s3transfer", "moto")


def loaded(code):
    """Run code in a fresh interpreter, and tell which heavy libraries it loaded."""
    tell = f"import sys; {code}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_another_kind_loads_nothing_of_aws():
    assert loaded("from agent import registry; registry.names(); registry.find('tcp'); registry.find('http')") == []


@pytest.mark.parametrize("kind", ["call", "target_health", "backup", "queue", "logs"])
def test_a_kind_of_aws_loads_botocore_alone(kind):
    assert loaded(f"from agent import registry; registry.find('aws.{kind}')") == ["botocore"]
