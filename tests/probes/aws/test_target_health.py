"""`aws.target_health`: whom a load balancer finds healthy."""

import pytest

from agent.probe import Need
from probes.aws.target_health import TargetHealthProbe, TargetHealthReading

from .cloud import refuses_xml, xml

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/1"


def target(name, state, port=80, **more):
    """Tell of a target; `more` is its zone, a reason and a description."""
    tags = {"zone": "AvailabilityZone", "reason": "Reason", "description": "Description"}
    told = {key: f"<{tags[key]}>{value}</{tags[key]}>" for key, value in more.items()}
    where = f"<Target><Id>{name}</Id><Port>{port}</Port>{told.pop('zone', '')}</Target>"
    return f"<member>{where}<TargetHealth><State>{state}</State>{''.join(told.values())}</TargetHealth></member>"


def described(*targets):
    return xml("DescribeTargetHealth", f"<TargetHealthDescriptions>{''.join(targets)}</TargetHealthDescriptions>")


@pytest.fixture
def group(make):
    """The ARN of a group of moto's, with two instances in it."""
    ec2, elb = make("ec2"), make("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    made = ec2.run_instances(ImageId="ami-12345678", MinCount=2, MaxCount=2)["Instances"]
    arn = elb.create_target_group(Name="web", Protocol="HTTP", Port=8080, VpcId=vpc)["TargetGroups"][0][
        "TargetGroupArn"
    ]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": one["InstanceId"]} for one in made])
    yield arn, [one["InstanceId"] for one in made]
    elb.delete_target_group(TargetGroupArn=arn)


async def test_all_are_healthy(moto, group):
    arn, _ = group
    probe = TargetHealthProbe(target_group=arn, endpoint_url=moto)
    assert await probe.measure() == TargetHealthReading(
        exists=True,
        targets=2,
        healthy=2,
        unhealthy=0,
        draining=0,
        initial=0,
        unused=0,
        unavailable=0,
        healthy_ratio=1.0,
        zones=[],
        reasons=[],
    )
    assert await TargetHealthProbe(target_group="web", endpoint_url=moto).measure() == await probe.measure()


async def test_one_is_stopped(moto, group, make):
    arn, (first, _) = group
    make("ec2").stop_instances(InstanceIds=[first])
    reading = await TargetHealthProbe(target_group=arn, endpoint_url=moto).measure()
    assert (reading.targets, reading.healthy, reading.unused, reading.healthy_ratio) == (2, 1, 1, 0.5)
    assert reading.reasons == [
        f"{first}:8080 is unused: Target.InvalidState: Target is in the stopped state",
    ]


async def test_every_state_is_counted_and_every_reason_told(serve):
    aws = serve(
        {
            "DescribeTargetHealth": described(
                target("i-1", "healthy", zone="eu-west-1b"),
                target("i-2", "healthy", zone="eu-west-1a"),
                target("i-3", "healthy", zone="eu-west-1a"),
                target(
                    "i-4",
                    "unhealthy",
                    8080,
                    zone="eu-west-1c",
                    reason="Target.ResponseCodeMismatch",
                    description="Codes: [502]",
                ),
                target("i-5", "unhealthy.draining", reason="Target.DeregistrationInProgress"),
                target("i-6", "draining"),
                target("i-7", "initial", reason="Elb.RegistrationInProgress"),
                target("i-8", "unused"),
                target("i-9", "unavailable"),
                target("i-0", "somewhere else"),
            )
        }
    )
    assert await TargetHealthProbe(target_group=ARN, endpoint_url=aws.url).measure() == TargetHealthReading(
        exists=True,
        targets=10,
        healthy=3,
        unhealthy=2,
        draining=1,
        initial=1,
        unused=1,
        unavailable=1,
        healthy_ratio=0.3,
        zones=["eu-west-1a", "eu-west-1b"],
        reasons=[
            "i-4:8080 is unhealthy: Target.ResponseCodeMismatch: Codes: [502]",
            "i-5:80 is unhealthy.draining: Target.DeregistrationInProgress",
            "i-6:80 is draining",
            "i-7:80 is initial: Elb.RegistrationInProgress",
            "i-8:80 is unused",
            "i-9:80 is unavailable",
            "i-0:80 is somewhere else",
        ],
    )


async def test_a_group_without_targets_has_no_ratio(serve):
    aws = serve({"DescribeTargetHealth": described()})
    reading = await TargetHealthProbe(target_group=ARN, endpoint_url=aws.url).measure()
    assert (reading.exists, reading.targets, reading.healthy, reading.healthy_ratio) == (True, 0, 0, None)


async def test_there_is_no_such_group(moto, serve):
    gone = TargetHealthReading(exists=False)
    arn = f"{ARN[:-1]}0123456789abcdef"
    assert await TargetHealthProbe(target_group=arn, endpoint_url=moto).measure() == gone
    assert await TargetHealthProbe(target_group="nosuch", endpoint_url=moto).measure() == gone
    aws = serve({"DescribeTargetGroups": refuses_xml("TargetGroupNotFound", "One or more target groups not found")})
    assert await TargetHealthProbe(target_group="nosuch", endpoint_url=aws.url).measure() == gone
    aws = serve({"DescribeTargetGroups": xml("DescribeTargetGroups", "<TargetGroups/>")})
    assert await TargetHealthProbe(target_group="nosuch", endpoint_url=aws.url).measure() == gone


def test_rights_and_region():
    probe = TargetHealthProbe(target_group=ARN)
    assert probe.permissions() == (Need("aws", "elasticloadbalancing:DescribeTargetHealth", "*"),)
    assert probe.services()[0].account.region == "eu-west-1"
    assert TargetHealthProbe(target_group="shop").permissions() == (
        Need("aws", "elasticloadbalancing:DescribeTargetGroups", "*"),
        Need("aws", "elasticloadbalancing:DescribeTargetHealth", "*"),
    )
