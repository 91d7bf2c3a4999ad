"""`aws.call` against moto: right, wrong, absent; what is read, and what is not."""

from datetime import UTC, datetime
from decimal import Decimal

import anyio
import msgspec
import pytest

from agent.probe import Need, ProbeError, Unreachable, Unreadable
from probes.aws.call import CallProbe, CallReading

from .cloud import Answer, refuses, says

SENSITIVE = Unreadable("AWS marks it as sensitive, it is not read")


async def look(url, service, operation, **settings):
    probe = CallProbe(endpoint_url=url, service=service, operation=operation, **settings)
    await anyio.to_thread.run_sync(probe.prepare)
    return await probe.measure()


@pytest.fixture
def group(make):
    """The ARN of a target group."""
    ec2, elb = make("ec2"), make("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    made = elb.create_target_group(
        Name="shop", Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckIntervalSeconds=10, UnhealthyThresholdCount=3
    )
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    yield arn
    elb.delete_target_group(TargetGroupArn=arn)


async def test_what_is_there_is_read(moto, group):
    paths = {
        "interval_seconds": "TargetGroups[0].HealthCheckIntervalSeconds",
        "unhealthy_threshold": "TargetGroups[0].UnhealthyThresholdCount",
        "names": "TargetGroups[].TargetGroupName",
        "nothing": "TargetGroups[0].LoadBalancerArns[0]",
    }
    reading = await look(moto, "elbv2", "describe_target_groups", params={"TargetGroupArns": [group]}, json=paths)
    assert reading == CallReading(
        exists=True,
        page_count=1,
        named={"interval_seconds": 10, "unhealthy_threshold": 3, "names": ["shop"], "nothing": None},
    )


@pytest.mark.parametrize("operation", ["describe_db_instances", "DescribeDBInstances"])
async def test_what_is_not_there_is_said_so_by_awss_own_word(moto, operation):
    reading = await look(
        moto, "rds", operation, params={"DBInstanceIdentifier": "none"}, json={"state": "DBInstances[0].Engine"}
    )
    assert reading == CallReading(exists=False, error="DBInstanceNotFound", named={"state": None})


@pytest.mark.parametrize(
    ("service", "operation", "params", "error"),
    [
        ("s3", "get_bucket_encryption", {"Bucket": "none"}, "NoSuchBucket"),
        ("s3", "head_bucket", {"Bucket": "none"}, "404"),
        ("sqs", "get_queue_url", {"QueueName": "none"}, "AWS.SimpleQueueService.NonExistentQueue"),
        ("secretsmanager", "describe_secret", {"SecretId": "none"}, "ResourceNotFoundException"),
        ("ecr", "describe_images", {"repositoryName": "none"}, "RepositoryNotFoundException"),
        ("iam", "get_role", {"RoleName": "none"}, "NoSuchEntity"),
        ("cloudfront", "get_distribution", {"Id": "none"}, "NoSuchDistribution"),
        ("ec2", "describe_volumes", {"VolumeIds": ["vol-0123456789abcdef0"]}, "InvalidVolume.NotFound"),
        (
            "acm",
            "describe_certificate",
            {"CertificateArn": "arn:aws:acm:eu-west-1:1:certificate/x"},
            "ResourceNotFoundException",
        ),
        ("ssm", "get_parameter", {"Name": "none"}, "ParameterNotFound"),
    ],
)
async def test_each_service_has_its_word_for_not_there(moto, service, operation, params, error):
    assert await look(moto, service, operation, params=params) == CallReading(exists=False, error=error)


async def test_a_stack_that_is_not_there_is_told_by_a_message_only(serve):
    aws = serve({"DescribeStacks": Answer(f"<ErrorResponse>{STACK}</ErrorResponse>", 400)})
    reading = await look(aws.url, "cloudformation", "describe_stacks", params={"StackName": "x"})
    assert reading == CallReading(exists=False, error="ValidationError")


async def test_an_empty_list_is_an_answer(moto):
    reading = await look(
        moto,
        "cloudwatch",
        "describe_alarms",
        params={"AlarmNames": ["none"]},
        json={"state": "MetricAlarms[0].StateValue"},
    )
    assert reading == CallReading(exists=True, page_count=1, named={"state": None})


STACK = "<Error><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error>"


async def test_a_time_is_text_to_jmespath_and_a_time_to_a_limit(moto, make):
    make("rds").create_db_instance(
        DBInstanceIdentifier="times",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="shop",
        MasterUserPassword="correct-horse",
    )
    found = await look(
        moto,
        "rds",
        "describe_db_instances",
        json={
            "made": "max_by(DBInstances[?DBInstanceIdentifier=='times'], &InstanceCreateTime).InstanceCreateTime",
            "all": "sort(DBInstances[?DBInstanceIdentifier=='times'].InstanceCreateTime)",
            "old": "length(DBInstances[?InstanceCreateTime < '2020-01-01'])",
            "secret": "DBInstances[0].PendingModifiedValues.MasterUserPassword",
        },
    )
    made = found.named["made"]
    assert isinstance(made, datetime)
    assert made.tzinfo is UTC
    assert (found.named["all"], found.named["old"]) == ([made], 0)
    assert found.named["secret"] is None  # it is not pending


async def test_numbers_are_exact(serve):
    aws = serve({"GetResourceMetrics": says({"MetricList": [{"DataPoints": [{"Timestamp": 1, "Value": 0.1}]}]})})
    params = {"ServiceType": "RDS", "Identifier": "db-1", "MetricQueries": [{"Metric": "db.load.avg"}]}
    reading = await look(
        aws.url,
        "pi",
        "get_resource_metrics",
        params={**params, "StartTime": "now-1h", "EndTime": "now"},
        json={
            "load": "MetricList[0].DataPoints[0].Value",
            "tenth": "length(MetricList[0].DataPoints[?Value == `0.1`])",
            "when": "MetricList[0].DataPoints[0].Timestamp",
        },
    )
    assert reading.named == {"load": Decimal("0.1"), "tenth": 1, "when": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    "path",
    [
        "Environment.Variables",
        "Environment.Variables.PASSWORD",
        "Environment.Variables == 'x'",
        "Environment.Variables || 'none'",
        "!(Environment.Variables)",
        "Environment.Variables.*",
        "length(Environment.Variables)",
        "contains(Environment.Variables, 'x')",
        "keys(Environment.Variables)",
        "Environment",
        "[Environment.Variables]",
        "{a: Environment.Variables}",
        "not_null(Environment.Variables, 'none')",
    ],
)
async def test_what_aws_marks_as_sensitive_cannot_be_read_nor_asked_about(serve, path):
    aws = serve({"*": says({"FunctionName": "shop", "Environment": {"Variables": {"PASSWORD": "correct-horse"}}})})
    reading = await look(
        aws.url,
        "lambda",
        "get_function_configuration",
        params={"FunctionName": "shop"},
        json={"name": "FunctionName", "it": path},
    )
    assert reading.named["name"] == "shop"
    assert isinstance(reading.named["it"], Unreadable)
    assert "correct-horse" not in str(reading)


async def test_a_signed_address_is_a_secret_too(serve):
    signed = "https://awslambda.s3.amazonaws.com/x?X-Amz-Security-Token=t&X-Amz-Signature=s"
    aws = serve({"*": says({"Code": {"Location": signed, "RepositoryType": "S3"}})})
    reading = await look(
        aws.url,
        "lambda",
        "get_function",
        params={"FunctionName": "shop"},
        json={"where": "Code.Location", "kind": "Code.RepositoryType"},
    )
    assert reading.named == {"where": SENSITIVE, "kind": "S3"}


async def test_a_parameter_that_is_no_secret_is_read(moto, make):
    make("ssm").put_parameter(Name="/shop/version", Value="1.4.2", Type="String")
    make("ssm").put_parameter(Name="/shop/secret", Value="correct-horse", Type="SecureString")
    reading = await look(
        moto, "ssm", "get_parameter", params={"Name": "/shop/version"}, json={"release": "Parameter.Value"}
    )
    assert reading.named == {"release": "1.4.2"}
    reading = await look(moto, "ssm", "get_parameter", params={"Name": "/shop/secret"}, json={"kind": "Parameter.Type"})
    assert reading.named == {"kind": "SecureString"}


async def test_bytes_are_text_where_they_are(moto, make):
    make("iam").create_user(UserName="dana")
    iam = make("iam")
    while iam.generate_credential_report()["State"] != "COMPLETE":
        pass
    reading = await look(
        moto, "iam", "get_credential_report", json={"content": "Content", "has_dana": "contains(Content, 'dana')"}
    )
    assert reading.named["content"].startswith("user,arn,user_creation_time")
    assert reading.named["has_dana"] is True


async def test_bytes_that_are_no_text_are_in_base64(serve):
    aws = serve({"GetItem": says({"Item": {"a": {"B": "/w=="}, "b": {"B": "YWJj"}, "c": {"N": "1.50"}}})})
    paths = {"a": "Item.a.B", "b": "Item.b.B", "c": "Item.c.N"}
    params = {"TableName": "t", "Key": {"id": {"S": "1"}}}
    reading = await look(aws.url, "dynamodb", "get_item", params=params, json=paths)
    assert reading.named == {"a": "/w==", "b": "abc", "c": "1.50"}


async def test_free_documents_are_read(serve):
    manifest = {"numbers": [0.5, 1], "none": None, "address": "https://b/?X-Amz-Signature=s"}
    aws = serve({"*": says({"landingZone": {"version": "3.3", "manifest": manifest}})})
    paths = {"half": "landingZone.manifest.numbers[0]", "none": "landingZone.manifest.none", "all": "landingZone"}
    params = {"landingZoneIdentifier": "x"}
    reading = await look(aws.url, "controltower", "get_landing_zone", params=params, json=paths)
    assert reading.named == {"half": Decimal("0.5"), "none": None, "all": SENSITIVE}


async def test_it_says_which_right_it_wants_and_from_whom(moto):
    probe = CallProbe(
        service="elbv2", operation="describe_target_groups", role_arn="arn:aws:iam::123456789012:role/gate"
    )
    assert probe.permissions() == (
        Need("aws", "sts:AssumeRole", "arn:aws:iam::123456789012:role/gate"),
        Need("aws", "elasticloadbalancing:DescribeTargetGroups", "*"),
    )
    assert probe.target() == "elbv2.amazonaws.com"
    assert CallProbe(service="sqs", operation="list_queues", endpoint_url=moto).target() == "127.0.0.1"
    assert probe.witness


@pytest.mark.parametrize(
    ("service", "operation", "right"),
    [
        ("cloudwatch", "describe_alarms", "cloudwatch:DescribeAlarms"),
        ("logs", "describe_log_groups", "logs:DescribeLogGroups"),
        ("s3", "get_bucket_encryption", "s3:GetEncryptionConfiguration"),
        ("s3", "head_bucket", "s3:ListBucket"),
        ("s3", "get_bucket_versioning", "s3:GetBucketVersioning"),
        ("stepfunctions", "list_state_machines", "states:ListStateMachines"),
        ("opensearch", "list_domain_names", "es:ListDomainNames"),
        ("sesv2", "get_account", "ses:GetAccount"),
        ("apigatewayv2", "get_apis", "apigateway:GET"),
        ("docdb", "describe_db_clusters", "rds:DescribeDBClusters"),
        ("efs", "describe_file_systems", "elasticfilesystem:DescribeFileSystems"),
        ("resourcegroupstaggingapi", "get_resources", "tag:GetResources"),
    ],
)
def test_a_right_is_called_what_iam_calls_it(service, operation, right):
    params = {"Bucket": "b"} if service == "s3" else None
    scope = "arn:aws:s3:::b" if service == "s3" else "*"
    assert CallProbe(service=service, operation=operation, params=params).permissions() == (Need("aws", right, scope),)


async def test_over_ipv6(serve):
    aws = serve({"ListQueues": says({"QueueUrls": ["http://q/1/orders"]})}, host="::1")
    reading = await look(aws.url, "sqs", "list_queues", json={"queues": "QueueUrls"})
    assert reading.named == {"queues": ["http://q/1/orders"]}


async def test_the_reading_can_be_written_down(moto, group):
    reading = await look(moto, "elbv2", "describe_target_groups", json={"all": "TargetGroups[0]"})
    assert msgspec.json.decode(msgspec.json.encode(reading))["named"]["all"]["TargetGroupArn"] == group


async def test_the_region_of_an_arn_is_asked(serve, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    aws = serve({"DescribeKey": refuses("AccessDeniedException", "no")})
    arn = "arn:aws:kms:ap-southeast-2:123456789012:key/1"
    probe = CallProbe(service="kms", operation="describe_key", params={"KeyId": arn}, endpoint_url=aws.url)
    assert probe.services()[0].account.region == "ap-southeast-2"
    two = CallProbe(
        service="elbv2",
        operation="describe_target_groups",
        params={"TargetGroupArns": [arn, arn.replace("ap-southeast-2", "eu-west-1")]},
    )
    assert two.services()[0].account.region == ""
    told = CallProbe(service="kms", operation="describe_key", params={"KeyId": arn}, region="eu-north-1")
    assert told.services()[0].account.region == "eu-north-1"


async def test_a_refusal_names_the_right(serve):
    aws = serve(
        {
            "DescribeKey": refuses(
                "AccessDeniedException",
                "User: arn:aws:iam::1:user/gate is not authorized to perform: kms:DescribeKey on resource: *.",
            )
        }
    )
    with pytest.raises(ProbeError) as caught:
        await look(aws.url, "kms", "describe_key", params={"KeyId": "1"})
    assert str(caught.value) == (
        "kms:DescribeKey is not allowed: User: arn:aws:iam::1:user/gate is not authorized to perform: "
        "kms:DescribeKey on resource: *"
    )


async def test_nothing_listens(closed_port):
    with pytest.raises(Unreachable) as caught:
        await look(f"http://127.0.0.1:{closed_port}", "sqs", "list_queues")
    assert str(caught.value) == f"127.0.0.1:{closed_port}: connection refused"
