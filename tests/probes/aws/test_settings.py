"""What is refused while a profile is loaded, with the whole message."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from probes.aws import arns
from probes.aws.backup import BackupProbe, Place
from probes.aws.call import CallProbe
from probes.aws.logs import LogsProbe
from probes.aws.models import operation, pagination
from probes.aws.parameters import Parameters
from probes.aws.queue import QueueProbe
from probes.aws.target_health import TargetHealthProbe

UNKNOWN = "is not known to be read-only, and aws.call only reads"
ROLE = "arn:aws:iam::123456789012:role/gate"


def refused(make, **settings):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the whole message is compared
        make(**settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("service", "name", "message"),
    [
        ("rdz", "describe_db_instances", "AWS has no service 'rdz', did you mean 'rds'?"),
        ("RDS", "describe_db_instances", "AWS has no service 'RDS', did you mean 'rds'?"),
        ("qqqqqqqq", "x", "AWS has no service 'qqqqqqqq'"),
        (
            "rds",
            "describe_db_instance",
            "rds has no operation 'describe_db_instance', did you mean 'describe_db_instances'?",
        ),
        ("rds", "delete_db_instance", f"rds:DeleteDBInstance {UNKNOWN}"),
        ("s3", "put_object", f"s3:PutObject {UNKNOWN}"),
        ("s3", "get_object", "s3:GetObject gives a stream, which aws.call does not read"),
        ("sqs", "receive_message", f"sqs:ReceiveMessage {UNKNOWN}"),
        ("lambda", "invoke", f"lambda:Invoke {UNKNOWN}"),
        ("iam", "create_user", f"iam:CreateUser {UNKNOWN}"),
        ("kms", "decrypt", f"kms:Decrypt {UNKNOWN}"),
        ("kms", "generate_data_key", f"kms:GenerateDataKey {UNKNOWN}"),
        ("sts", "assume_role", f"sts:AssumeRole {UNKNOWN}"),
        (
            "rds",
            "download_db_log_file_portion",
            f"rds:DownloadDBLogFilePortion {UNKNOWN}",
        ),
        (
            "kinesis",
            "get_records",
            "kinesis:GetRecords takes from what the readers of the stream may read, and aws.call only reads",
        ),
        (
            "stepfunctions",
            "get_activity_task",
            "stepfunctions:GetActivityTask takes a task away from its workers, and aws.call only reads",
        ),
        (
            "ivs",
            "start_viewer_session_revocation",
            f"ivs:StartViewerSessionRevocation {UNKNOWN}",
        ),
        (
            "mailmanager",
            "get_archive_export",
            f"mailmanager:GetArchiveExport {UNKNOWN}",
        ),
        ("logs", "get_log_events", "logs:GetLogEvents has no end: aws.logs reads a log"),
    ],
)
def test_what_is_no_reading_operation_is_refused(service, name, message):
    assert refused(CallProbe, service=service, operation=name) == message


@pytest.mark.parametrize(
    "call",
    [
        "secretsmanager:get_secret_value",
        "secretsmanager:batch_get_secret_value",
        "secretsmanager:get_random_password",
        "sts:get_session_token",
        "sts:get_federation_token",
        "ecr:get_authorization_token",
        "codeartifact:get_authorization_token",
        "ecr:get_download_url_for_layer",
        "ec2:get_password_data",
        "cognito-identity:get_credentials_for_identity",
        "redshift:get_cluster_credentials",
        "redshift:get_cluster_credentials_with_iam",
        "lightsail:get_relational_database_master_user_password",
        "sso:get_role_credentials",
        "apigateway:get_api_keys",
        "s3control:get_data_access",
        "codepipeline:get_job_details",
    ],
)
def test_what_hands_out_a_secret_is_refused(call):
    service, _, name = call.partition(":")
    aws = operation(service, name).name
    assert refused(CallProbe, service=service, operation=name) == (
        f"{service}:{aws} hands out a secret, which aws.call does not read"
    )


@pytest.mark.parametrize("value", [True, "true"])
@pytest.mark.parametrize("name", ["get_parameter", "get_parameters_by_path", "get_parameter_history"])
def test_decryption_is_refused(name, value):
    params = {"Path" if "path" in name else "Name": "/shop", "WithDecryption": value}
    assert refused(CallProbe, service="ssm", operation=name, params=params).endswith(
        " with WithDecryption hands out a secret, which aws.call does not read"
    )
    assert CallProbe(service="ssm", operation=name, params={**params, "WithDecryption": False})


def test_user_data_is_refused():
    params = {"InstanceId": "i-1", "Attribute": "userData"}
    assert refused(CallProbe, service="ec2", operation="describe_instance_attribute", params=params) == (
        "ec2:DescribeInstanceAttribute of userData hands out what often is a secret, which aws.call does not read"
    )


@pytest.mark.parametrize(
    "call",
    [
        "accessanalyzer:check_no_public_access",
        "cloudtrail:lookup_events",
        "config:select_resource_config",
        "dynamodb:query",
        "iam:simulate_principal_policy",
        "kms:get_key_rotation_status",
        "route53:test_dns_answer",
        "secretsmanager:describe_secret",
        "sqs:get_queue_url",
        "sts:get_caller_identity",
        "wafv2:get_web_acl_for_resource",
        "iam:get_access_key_last_used",
        "sso-admin:get_inline_policy_for_permission_set",
        "elbv2:describe_target_health",
        "ecr:batch_get_image",
    ],
)
def test_what_only_looks_is_not_refused(call):
    service, _, name = call.partition(":")
    required = operation(service, name).input_shape.required_members
    message = refused(CallProbe, service=service, operation=name, params={"Nonsense": 1})
    assert message.startswith("params has no 'Nonsense'")
    assert all(f"params: '{one}' is missing" in message for one in required)


@pytest.mark.parametrize(
    ("service", "name", "params", "message"),
    [
        (
            "rds",
            "describe_db_instances",
            {"DBInstanceIdentifer": "x"},
            "params has no 'DBInstanceIdentifer', did you mean 'DBInstanceIdentifier'?",
        ),
        ("elbv2", "describe_target_health", None, "params: 'TargetGroupArn' is missing"),
        ("elbv2", "describe_target_groups", {"TargetGroupArns": "arn"}, "params.TargetGroupArns is no list"),
        (
            "rds",
            "describe_db_instances",
            {"MaxRecords": "many"},
            "params.MaxRecords is 'many', expected a whole number",
        ),
        ("rds", "describe_db_instances", {"MaxRecords": True}, "params.MaxRecords is True, expected a whole number"),
        (
            "rds",
            "describe_db_instances",
            {"DBInstanceIdentifier": ["x"]},
            "params.DBInstanceIdentifier is a list, expected one value",
        ),
        ("rds", "describe_db_instances", {"DBInstanceIdentifier": None}, "params.DBInstanceIdentifier has no value"),
        ("rds", "describe_db_instances", ["x"], "params is no mapping"),
        (
            "accessanalyzer",
            "list_findings",
            {"analyzerArn": "a", "filter": {"status": {"eqq": ["ACTIVE"]}}},
            "params.filter.status has no 'eqq', did you mean 'eq'?",
        ),
        (
            "accessanalyzer",
            "list_findings",
            {"analyzerArn": "a", "filter": {"status": "ACTIVE"}},
            "params.filter.status is no mapping",
        ),
        ("accessanalyzer", "list_findings", {"analyzerArn": "a", "filter": []}, "params.filter is no mapping"),
        (
            "cloudwatch",
            "describe_alarm_history",
            {"StartDate": "yesterday"},
            "params.StartDate is 'yesterday', expected a time, such as 2026-01-31T12:00:00Z or now-1h",
        ),
        ("ec2", "describe_volumes", {"DryRun": "maybe"}, "params.DryRun is 'maybe', expected true or false"),
        (
            "verifiedpermissions",
            "is_authorized",
            {"policyStoreId": "p", "context": {"contextMap": {}, "cedarJson": "{}"}},
            "params.context has 2 keys, expected one of contextMap, cedarJson",
        ),
        ("route53", "get_hosted_zone_count", {"Id": "1"}, "params has no 'Id'"),
    ],
)
def test_parameters_are_held_against_the_operation(service, name, params, message):
    assert refused(CallProbe, service=service, operation=name, params=params) == message


def test_every_mistake_is_told_at_once():
    message = refused(
        CallProbe,
        service="elbv2",
        operation="describe_target_health",
        params={"TargetGroupArnz": "x"},
        json={"a": "TargetHealthDescription[]", "b": "TargetHealthDescriptions[].TargetHealth.State"},
    )
    assert message == (
        "params has no 'TargetGroupArnz', did you mean 'TargetGroupArn'?; params: 'TargetGroupArn' is missing; "
        "json.a: DescribeTargetHealthOutput has no field 'TargetHealthDescription', did you mean "
        "'TargetHealthDescriptions'?: TargetHealthDescription[]"
    )


def test_a_scalar_takes_the_type_that_its_use_gives_it():
    shape = operation("ecr", "describe_images").input_shape
    parameters = Parameters({"registryId": 123456789012, "repositoryName": 1.10, "maxResults": "10"}, shape)
    assert parameters.mistakes == []
    assert parameters.values == {"registryId": "123456789012", "repositoryName": "1.1", "maxResults": 10}
    shape = operation("ec2", "describe_volumes").input_shape
    assert Parameters({"DryRun": "false"}, shape).values == {"DryRun": False}
    shape = operation("elbv2", "describe_rules").input_shape
    assert Parameters({"ListenerArn": True}, shape).values == {"ListenerArn": "true"}


@pytest.mark.parametrize(
    ("path", "mistake"),
    [
        ("SecurityGroups[].IpPermission[]", "SecurityGroup has no field 'IpPermission', did you mean 'IpPermissions'?"),
        ("SecurityGroups.GroupId", "'GroupId' is asked of a list, which has no fields: write [] or [0] before it"),
        ("SecurityGroups[?GroupNam=='x']", "SecurityGroup has no field 'GroupNam', did you mean 'GroupName'?"),
        (
            "length(SecurityGroups[?!IpPermission])",
            "SecurityGroup has no field 'IpPermission', did you mean 'IpPermissions'?",
        ),
        ("sort_by(SecurityGroups, &Name)", "SecurityGroup has no field 'Name', did you mean 'GroupName'?"),
        ("max_by(SecurityGroups, &GroupId).Name", "SecurityGroup has no field 'Name', did you mean 'GroupName'?"),
        ("SecurityGroups | [0] | Name", "SecurityGroup has no field 'Name', did you mean 'GroupName'?"),
        ("SecurityGroups[0].GroupId.x", "'x' is asked of a string, which has no fields"),
        ("SecurityGroups[0].GroupId[0]", "[] and [0] are asked of a string, which is no list"),
        ("SecurityGroups[].[GroupId, Name]", "SecurityGroup has no field 'Name', did you mean 'GroupName'?"),
        ("SecurityGroups[].{a: GroupId, b: Name}", "SecurityGroup has no field 'Name', did you mean 'GroupName'?"),
        ("SecurityGroups[1:].Name", "SecurityGroup has no field 'Name', did you mean 'GroupName'?"),
        ("SecurityGroups[].Tags[].Name", "Tag has no field 'Name', expected Key, Value"),
        ("SecurityGroups.*", "* is asked of what is no mapping: write [*] for a list"),
        ("SecurityGroups[].IpPermissions[].IpRanges[].CidrIP", "IpRange has no field 'CidrIP', did you mean 'CidrIp'?"),
        (
            "ResponseMetadata.RequestId",
            "DescribeSecurityGroupsResult has no field 'ResponseMetadata', expected NextToken, SecurityGroups",
        ),
        ("SecurityGroups[0].GroupNam || 'x'", "SecurityGroup has no field 'GroupNam', did you mean 'GroupName'?"),
        ("SecurityGroups[].{a: GroupId}.a", "'a' is asked of a list, which has no fields: write [] or [0] before it"),
        ("SecurityGroups[].GroupId[].x", "'x' is asked of a string, which has no fields"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path, mistake):
    message = refused(CallProbe, service="ec2", operation="describe_security_groups", json={"it": path})
    assert message == f"json.it: {mistake}: {path}"


@pytest.mark.parametrize(
    "path",
    [
        "@",
        "SecurityGroups",
        "length(SecurityGroups)",
        "SecurityGroups[].IpPermissions[?IpRanges[?CidrIp=='0.0.0.0/0']].ToPort[]",
        "length(SecurityGroups[].IpPermissionsEgress[?IpProtocol=='-1' && IpRanges[?CidrIp=='0.0.0.0/0']][])",
        "sort_by(SecurityGroups, &GroupId)[-1].GroupId",
        "SecurityGroups[].Tags[?Key=='Name'].Value | [0]",
        "SecurityGroups[].{a: GroupId} | [0].a",
        "SecurityGroups[].{a: GroupId} | [0].b",
        "map(&GroupId, SecurityGroups)[0]",
        "SecurityGroups[0].*",
        "reverse(SecurityGroups)[0].GroupId",
        "not_null(SecurityGroups[0].GroupId, 'x')",
        "keys(SecurityGroups[0])",
        "to_array(SecurityGroups)[0].GroupId",
        "SecurityGroups[*].[GroupId][0]",
        "`[1]`[0]",
    ],
)
def test_a_path_that_leads_somewhere_or_nobody_knows_is_let_through(path):
    assert CallProbe(service="ec2", operation="describe_security_groups", json={"it": path})


def test_maps_and_free_documents_have_what_they_like():
    assert CallProbe(
        service="sqs",
        operation="get_queue_attributes",
        params={"QueueUrl": "u", "AttributeNames": ["All"]},
        json={"a": "Attributes.Anything", "b": "Attributes.*", "c": "keys(Attributes)"},
    )
    assert CallProbe(
        service="bedrock-agentcore",
        operation="get_event",
        params={"memoryId": "m", "sessionId": "s", "actorId": "a", "eventId": "e"},
        json={"a": "event.payload[0].blob.anything.at[0].all"},
    )


def test_a_misspelt_jmespath_is_the_matter_of_its_setting():
    assert CallProbe(service="sts", operation="get_caller_identity", json={"a": "Account["})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"external_id": "x"}, "external_id is told when a role is assumed: give role_arn"),
        ({"endpoint_url": {"sqss": "http://x"}}, "AWS has no service 'sqss', did you mean 'sqs'?"),
    ],
)
def test_settings_of_the_family_that_do_not_go_together(settings, message):
    assert refused(CallProbe, service="sts", operation="get_caller_identity", **settings) == message


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (QueueProbe, {}, "give either url or name"),
        (QueueProbe, {"url": "https://sqs.eu-west-1.amazonaws.com/1/q", "name": "q"}, "give either url or name"),
        (BackupProbe, {}, "give one of rds, rds_cluster, s3, and vault or resource"),
        (BackupProbe, {"rds": "a", "vault": "b"}, "give one of rds, rds_cluster, s3, and vault or resource"),
        (BackupProbe, {"rds": "a", "s3": Place(bucket="b")}, "give one of rds, rds_cluster, s3, and vault or resource"),
        (LogsProbe, {"group": "/shop", "since": 0.0}, "since is 0, expected a time such as 15m"),
    ],
)
def test_settings_of_a_kind_that_do_not_go_together(make, settings, message):
    assert refused(make, **settings) == message


def test_a_vault_and_a_resource_go_together():
    arn = "arn:aws:dynamodb:eu-central-1:123456789012:table/orders"
    probe = BackupProbe(vault="shop", resource=arn)
    assert [service.account.region for service in probe.services()] == ["eu-central-1"]


@pytest.mark.parametrize(
    "text", ["https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "http://localhost:4566/0/q"]
)
def test_a_url_of_a_queue(text):
    assert QueueProbe(url=text).services()[0].account.region == ("eu-west-1" if "amazonaws" in text else "")


def test_kinds_of_one_account_share_it():
    one = TargetHealthProbe(target_group="shop", region="eu-west-1", role_arn=ROLE)
    other = CallProbe(service="elbv2", operation="describe_load_balancers", region="eu-west-1", role_arn=ROLE)
    assert one.services() == other.services()


def test_what_is_sent_has_the_types_that_it_is_sent_in():
    shape = operation("ssm", "describe_parameters").input_shape
    assert Parameters([], shape).mistakes == ["params is no mapping"]
    shape = operation("pi", "get_resource_metrics").input_shape
    parameters = Parameters(
        {
            "ServiceType": "RDS",
            "Identifier": "db-1",
            "MetricQueries": [{"Metric": "db.load.avg", "Filter": {"a": 1}}],
            "StartTime": "2026-01-31T12:00:00Z",
            "EndTime": "now+5m",
        },
        shape,
    )
    assert parameters.mistakes == []
    assert parameters.values["StartTime"] == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert timedelta(minutes=4) < parameters.values["EndTime"] - datetime.now(UTC) <= timedelta(minutes=5)
    assert parameters.values["MetricQueries"] == [{"Metric": "db.load.avg", "Filter": {"a": "1"}}]
    shape = operation("dynamodb", "query").input_shape
    values = {":x": {"B": "text"}, ":y": {"BOOL": True}}
    assert Parameters({"TableName": "t", "ExpressionAttributeValues": values}, shape).values == {
        "TableName": "t",
        "ExpressionAttributeValues": {":x": {"B": b"text"}, ":y": {"BOOL": True}},
    }
    shape = operation("cloudwatch", "get_metric_statistics").input_shape
    parameters = Parameters({"Statistics": "Sum", "ExtendedStatistics": ["p99"], "Dimensions": {}}, shape)
    assert "params.Statistics is no list" in parameters.mistakes
    assert "params.Dimensions is no list" in parameters.mistakes


def test_an_operation_without_parameters_takes_none():
    assert refused(CallProbe, service="iam", operation="get_account_summary", params={"a": 1}) == (
        "params: the operation takes none"
    )
    assert CallProbe(service="iam", operation="get_account_summary")


def test_free_documents_and_numbers_are_sent_as_json_has_them():
    shape = operation("cloudwatch", "put_metric_alarm").input_shape
    assert Parameters({"Threshold": Decimal("1.5"), "Period": Decimal(60)}, shape).values == {
        "Threshold": 1.5,
        "Period": 60,
    }
    shape = operation("bedrock-agentcore", "search_registry_records").input_shape
    free = {"number": Decimal("0.5"), "list": [Decimal(1), "x"], "none": True}
    values = Parameters({"filters": free}, shape).values
    assert values["filters"] == {"number": 0.5, "list": [1.0, "x"], "none": True}


def test_a_service_whose_pages_botocore_does_not_know():
    assert pagination("pinpoint") == {}
    assert "DescribeDBInstances" in pagination("rds")


def test_arns_are_read_and_written():
    arn = "arn:aws-cn:sqs:cn-north-1:123456789012:orders"
    assert arns.arn(arn) == arns.Arn("aws-cn", "sqs", "cn-north-1", "123456789012", "orders")
    assert arns.written("sqs", "cn-north-1", "123456789012", "orders") == arn
    assert arns.written("sqs", "", "", "orders") == "arn:aws:sqs:*:*:orders"
    assert arns.queue_of("https://eu-west-1.queue.amazonaws.com/1/q") == arns.Arn("aws", "sqs", "eu-west-1", "1", "q")
