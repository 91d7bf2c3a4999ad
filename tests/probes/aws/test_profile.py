"""Mistakes as an operator meets them: in a profile, at their line."""

import pytest

from agent.cli import invoke

CALL = "service: sts, operation: get_caller_identity"


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("aws.call: {service: rdz, operation: describe_db_instances}", "service: AWS has no service 'rdz', did you mean 'rds'?"),
        ("aws.call: {service: sts, operation: assume_role}", "sts:AssumeRole is not known to be read-only, and aws.call only reads"),
        ("aws.call: {service: s3, operation: head_bucket, params: {Bukket: b}}", "params has no 'Bukket', did you mean 'Bucket'?; params: 'Bucket' is missing"),
        (f"aws.call: {{{CALL}, json: {{who: Arm}}}}", "json.who: GetCallerIdentityResponse has no field 'Arm', did you mean 'Arn'?: Arm"),
        (f"aws.call: {{{CALL}, params: {{a: b}}}}", "params has no 'a'"),
        (f"aws.call: {{{CALL}, regin: eu-west-1}}", "unknown setting of aws.call 'regin', did you mean 'region'?"),
        (f"aws.call: {{{CALL}, role_arn: gate}}", "role_arn: 'gate' is no ARN of a role, expected arn:aws:iam::123456789012:role/NAME"),
        (f"aws.call: {{{CALL}, session_name: 'a b'}}", "session_name: expected 2 to 64 letters, digits and any of +=,.@-"),
        (f"aws.call: {{{CALL}, endpoint_url: localhost}}", "endpoint_url: expected a URL such as https://vpce-0123.sqs.eu-west-1.vpce.amazonaws.com"),
        (f"aws.call: {{{CALL}, endpoint_url: 'http://a:b@c'}}", "endpoint_url: a URL of AWS has no user, query or fragment"),
        (f"aws.call: {{{CALL}, endpoint_url: 'http://[::1'}}", "endpoint_url: not a URL: Invalid IPv6 URL"),
        (f"aws.call: {{{CALL}, page_limit: 0}}", "page_limit is '0', expected a whole number of at least 1"),
        (f"aws.call: {{{CALL}, json: {{who: 'Arn['}}}}", "who: not JMESPath"),
        ("aws.target_health: {target_group: arn:aws:iam::1:role/x}", "target_group: 'arn:aws:iam::1:role/x' is an ARN of iam, expected one of elasticloadbalancing"),
        ("aws.target_health: {target_group: 'arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/x'}", "is no ARN of a target group"),
        ("aws.target_health: {target_group: arn:x}", "target_group: 'arn:x' is no ARN, expected arn:aws:elasticloadbalancing:REGION:ACCOUNT:…"),
        ("aws.target_health: {target_group: a b}", "target_group: 'a b' is neither a name nor an ARN of a target group"),
        ("aws.queue: {url: orders}", "url: 'orders' is no URL of a queue, expected https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"),
        ("aws.queue: {url: 'http://[::1'}", "url: not a URL: Invalid IPv6 URL"),
        ("aws.queue: {}", "give either url or name"),
        ("aws.backup: {s3: {buckit: b}}", "unknown key of s3 'buckit', did you mean 'bucket'?"),
        ("aws.backup: {resource: orders}", "resource: 'orders' is no ARN, expected arn:aws:SERVICE:REGION:ACCOUNT:…"),
        ("aws.backup: {rds: orders, s3: {bucket: b}}", "give one of rds, rds_cluster, s3, and vault or resource"),
        ("aws.logs: {group: /shop, since: 0s}", "since is 0, expected a time such as 15m"),
        ("aws.logs: {group: 'arn:aws:sqs:eu-west-1:1:x'}", "group: 'arn:aws:sqs:eu-west-1:1:x' is an ARN of sqs, expected one of logs"),
        ("aws.logs: {group: ''}", "group: '' is no name of a log group"),
        ("aws.logs: {group: /shop}", "asserts nothing: add 'expect' with a limit on one of exists, lines, newest_age_seconds, stream_count"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_while_the_profile_is_loaded(check, message, tmp_path, capsys):
    profile = tmp_path / "profile.yaml"
    profile.write_text(f"name: x\nchecks:\n  - name: It\n    {check}\n    expect: {{exists: true}}\n")
    if "asserts nothing" in message or "queue" in check:
        profile.write_text(f"name: x\nchecks:\n  - name: It\n    {check}\n")
    assert invoke(["validate", str(profile)]) == (2, False)
    assert message in "".join(capsys.readouterr())


def test_settings_of_the_family_are_given_once(tmp_path, capsys):
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        "name: x\ndefaults: {aws: {region: eu-west-1, role_arn: arn:aws:iam::123456789012:role/gate}}\n"
        "checks:\n  - {name: It, aws.call: {service: sts, operation: get_caller_identity}}\n"
        "  - {name: Queue, aws.queue: {name: orders}}\n"
    )
    assert invoke(["plan", str(profile)]) == (0, False)
    told = capsys.readouterr().out
    assert told.count("region: eu-west-1, role_arn: arn:aws:iam::123456789012:role/gate") == 2


def test_an_age_is_read_off_a_time(moto, make, tmp_path, capsys):
    make("secretsmanager").create_secret(Name="ages", SecretString="x")
    profile = tmp_path / "profile.yaml"
    profile.write_text(
        "name: x\ndefaults: {retry: {attempts: 1}}\nchecks:\n"
        "  - name: It\n    aws.call:\n      service: secretsmanager\n      operation: describe_secret\n"
        f"      endpoint_url: {moto}\n      params: {{SecretId: ages}}\n"
        "      json: {made_age_seconds: CreatedDate, made: CreatedDate}\n"
        "    expect: {made_age_seconds: {max: 1h}, made: {exists: true}}\n"
    )
    assert invoke(["run", "--quiet", str(profile)]) == (0, False)
    profile.write_text(profile.read_text().replace("{max: 1h}", "{min: 1h}"))
    assert invoke(["run", "--quiet", str(profile)]) == (1, False)
    assert "made_age_seconds is " in capsys.readouterr().out
