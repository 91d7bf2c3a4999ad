"""The fragments in profiles/lib/aws: GO when all is well, NO-GO for each fault, INCONCLUSIVE when nobody may look."""

from pathlib import Path

import msgspec
import pytest
import requests

from agent.cli import invoke
from tests.probes.aws import cloud

from . import stage

LIB = Path(__file__).parents[3] / "profiles" / "lib" / "aws"

FRAGMENTS = {
    "acm": stage.Acm,
    "auto-scaling": stage.AutoScaling,
    "cloudfront": stage.CloudFront,
    "cloudwatch-alarms": stage.CloudwatchAlarms,
    "ecr-image": stage.EcrImage,
    "iam": stage.Iam,
    "kms": stage.Kms,
    "rds": stage.Rds,
    "route53": stage.Route53,
    "secret-rotation": stage.SecretRotation,
    "waf": stage.Waf,
}

GO, NO_GO, INCONCLUSIVE = 0, 1, 3


@pytest.fixture(autouse=True)
def empty(moto):
    """Each test finds moto empty."""
    requests.post(f"{moto}/moto-api/reset", timeout=30).raise_for_status()


@pytest.fixture
def set_up(make):
    """Put everything in place for a fragment, as it should be."""
    return lambda fragment: FRAGMENTS[fragment](make)


@pytest.fixture
def run(tmp_path, moto):
    """Run a small profile that includes a fragment; gives the exit code and what did not pass."""

    def run(fragment, variables, endpoint=moto):
        given = ", ".join(f"{name}: {value}" for name, value in variables.items())
        (tmp_path / "profile.yaml").write_text(
            f"name: small\ndefaults: {{timeout: 20s, aws: {{endpoint_url: '{endpoint}'}}}}\n"
            f"checks:\n  - {{name: It, include: 'gonogo:aws/{fragment}', vars: {{{given}}}}}\n"
        )
        report = tmp_path / "report.json"
        code, _ = invoke(["run", "--quiet", str(tmp_path / "profile.yaml"), "--report", f"json:{report}"])
        checks = leaves(msgspec.json.decode(report.read_bytes())["root"])
        return code, {address.removeprefix("it/"): told for address, told in checks if told not in ("pass", "skipped")}

    return run


def leaves(entry):
    """Give address and outcome of every check."""
    if entry["children"]:
        for child in entry["children"]:
            yield from leaves(child)
    else:
        yield entry["address"], entry["outcome"]


def test_every_fragment_is_tried():
    assert {path.stem for path in LIB.glob("*.yaml")} == set(FRAGMENTS)


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_all_is_well(fragment, run, set_up):
    assert run(fragment, set_up(fragment).vars) == (GO, {})


@pytest.mark.parametrize(
    ("fragment", "break_it", "failed"),
    [
        ("acm", lambda it: it.age(), {"certificate"}),
        ("acm", lambda it: it.delete(), {"certificate"}),
        ("auto-scaling", lambda it: it.sicken(), {"instances"}),
        ("auto-scaling", lambda it: it.alter(DesiredCapacity=1, MinSize=1), {"instances"}),
        ("auto-scaling", lambda it: it.alter(MaxSize=3), {"room"}),
        (
            "auto-scaling",
            lambda it: it.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"]),
            {"instances"},
        ),
        (
            "auto-scaling",
            lambda it: it.autoscaling.delete_policy(AutoScalingGroupName="web", PolicyName="grow"),
            {"policies"},
        ),
        ("cloudfront", lambda it: it.alter(Enabled=False), {"deployed"}),
        ("cloudfront", lambda it: it.alter(Aliases={"Quantity": 0}), {"deployed"}),
        ("cloudfront", lambda it: it.loosen(), {"tls"}),
        ("cloudfront", lambda it: it.invalidate(), {"invalidations"}),  # moto's word for its end is not AWS's
        ("cloudwatch-alarms", lambda it: it.fire(), {"calm"}),
        ("cloudwatch-alarms", lambda it: it.starve(), {"calm"}),
        ("cloudwatch-alarms", lambda it: it.delete(), {"calm"}),
        ("cloudwatch-alarms", lambda it: it.gag(), {"actions"}),
        ("cloudwatch-alarms", lambda it: it.mute(), {"actions"}),
        ("ecr-image", lambda it: it.overwrite(), {"digest", "scan"}),
        ("ecr-image", lambda it: it.vars.update(high="0"), {"scan"}),
        ("ecr-image", lambda it: it.vars.update(tag="9.9.9"), {"digest", "scan"}),
        ("iam", lambda it: it.vars.update(root_mfa="1"), {"root"}),
        ("iam", lambda it: it.crown(), {"role"}),
        ("iam", lambda it: it.shorten(), {"passwords"}),
        ("iam", lambda it: it.forget(), {"passwords"}),
        ("iam", lambda it: it.vars.update(role="none"), {"role"}),
        ("kms", lambda it: it.disable(), {"state"}),
        ("kms", lambda it: it.delete(), {"state"}),
        ("kms", lambda it: it.freeze(), {"rotation"}),
        ("rds", lambda it: it.alter(MultiAZ=False), {"instance"}),
        ("rds", lambda it: it.alter(DeletionProtection=False), {"instance"}),
        ("rds", lambda it: it.alter(BackupRetentionPeriod=1), {"restorable"}),
        ("rds", lambda it: it.lose(), {"snapshot"}),
        ("route53", lambda it: it.point_elsewhere(), {"record"}),
        ("route53", lambda it: it.last(), {"record"}),
        ("route53", lambda it: it.vars.update(record="none.shop.example.com"), {"record"}),
        ("secret-rotation", lambda it: it.never(), {"automatic", "rotated"}),
        ("secret-rotation", lambda it: it.delete(), {"rotated"}),
        ("waf", lambda it: it.remove(), {"acl", "blocks"}),
        ("waf", lambda it: it.swap(), {"acl"}),
        ("waf", lambda it: it.count(), {"blocks"}),
    ],
)
def test_a_fault_is_a_no_go(fragment, break_it, failed, run, set_up):
    it = set_up(fragment)
    break_it(it)
    code, not_passed = run(fragment, it.vars)
    assert code == NO_GO
    assert {address for address, outcome in not_passed.items() if outcome == "fail"} == failed


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_nothing_there_is_a_no_go(fragment, run, set_up, moto):
    variables = set_up(fragment).vars
    requests.post(f"{moto}/moto-api/reset", timeout=30).raise_for_status()
    code, not_passed = run(fragment, variables)
    assert code == NO_GO
    assert "error" not in not_passed.values()


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_nobody_may_look_is_inconclusive(fragment, run, set_up):
    variables = set_up(fragment).vars
    with cloud.Aws({"*": [cloud.denies()]}) as aws:
        code, not_passed = run(fragment, variables, aws.url)
    assert code == INCONCLUSIVE
    assert set(not_passed.values()) <= {"error", "blocked"}
