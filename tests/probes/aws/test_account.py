"""Whose eyes are used: credentials, regions, roles, and clients that are made once."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from agent.probe import ProbeError, Unreachable
from probes.aws.account import Account
from probes.aws.call import CallProbe, CallReading
from probes.aws.failures import NO_CREDENTIALS

from .cloud import Answer, refuses_xml, says, xml

ROLE = "arn:aws:iam::123456789012:role/gate"
QUEUES = says({"QueueUrls": []})
KEY = "AKIATESTTESTTESTTEST"


def call(**settings):
    return CallProbe(service="sqs", operation="list_queues", **settings)


def assumed(key="ASIAROLE", lifetime=3600):
    until = (datetime.now(UTC) + timedelta(seconds=lifetime)).strftime("%Y-%m-%dT%H:%M:%SZ")
    credentials = (
        f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
        f"<Expiration>{until}</Expiration>"
    )
    return xml("AssumeRole", f"<Credentials>{credentials}</Credentials>")


@pytest.fixture
def without_credentials(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


def refused(probe):
    with pytest.raises(ProbeError) as caught:
        probe.prepare()
    return str(caught.value)


async def test_the_environment_gives_credentials_and_region(serve, monkeypatch):
    aws = serve({"ListQueues": QUEUES})
    assert await call(endpoint_url=aws.url).measure() == CallReading(exists=True, page_count=1)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    await call(endpoint_url=aws.url).measure()
    await call(endpoint_url=aws.url, region="eu-north-1").measure()
    assert aws.signers == [(KEY, "eu-west-1", "sqs"), (KEY, "eu-central-1", "sqs"), (KEY, "eu-north-1", "sqs")]


async def test_a_profile_gives_them_too(serve, monkeypatch, tmp_path, without_credentials):
    (tmp_path / "config").write_text("[profile prod]\nregion = ap-south-1\n")
    (tmp_path / "credentials").write_text("[prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = s\n")
    aws = serve({"ListQueues": QUEUES})
    await call(endpoint_url=aws.url, profile="prod").measure()
    monkeypatch.setenv("AWS_PROFILE", "prod")
    await call(endpoint_url=aws.url).measure()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAELSE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    await call(endpoint_url=aws.url, profile="prod").measure()
    assert aws.signers == [("AKIAPROD", "ap-south-1", "sqs")] * 3


async def test_credentials_that_were_replaced_are_taken(serve, tmp_path, without_credentials):
    aws = serve({"ListQueues": QUEUES})
    for key in ("AKIAONE", "AKIATHREE"):
        (tmp_path / "credentials").write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = s\n")
        await call(endpoint_url=aws.url).measure()
    assert [signer[0] for signer in aws.signers] == ["AKIAONE", "AKIATHREE"]


def test_no_credentials(without_credentials):
    assert refused(call()) == NO_CREDENTIALS


def test_credentials_that_are_not_there_are_looked_for_once(serve, monkeypatch, without_credentials):
    metadata = serve({"*": Answer("no", 404)})
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url)
    for _ in range(5):
        assert refused(call()) == NO_CREDENTIALS
        assert refused(CallProbe(service="sts", operation="get_caller_identity")) == NO_CREDENTIALS
    assert {operation for operation, _ in metadata.asked} == {"GET /latest/meta-data/iam/security-credentials/"}
    assert len(metadata.asked) == 1


def test_half_of_the_credentials(monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert refused(call()) == ("AWS cannot be asked: Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY")


def test_no_region(monkeypatch):
    monkeypatch.delenv("AWS_REGION")
    assert refused(call()) == "there is no AWS region: give `region`, or set AWS_REGION"
    CallProbe(service="iam", operation="list_users").prepare()  # it has no regions


def test_no_such_profile():
    assert refused(call(profile="none")) == "AWS cannot be asked: The config profile (none) could not be found"


def test_a_broken_configuration(tmp_path):
    (tmp_path / "config").write_text("[profile prod\n")
    assert refused(call()) == f"AWS cannot be asked: Unable to parse config file: {tmp_path / 'config'}"


def test_a_profile_that_asks_for_a_code_asks_nobody(tmp_path):
    serial = "arn:aws:iam::123456789012:mfa/dana"
    (tmp_path / "config").write_text(
        f"[profile mfa]\nrole_arn = {ROLE}\nsource_profile = default\nmfa_serial = {serial}\nregion = eu-west-1\n"
    )
    assert refused(call(profile="mfa")) == (
        f"the AWS profile wants a code of the MFA device {serial}, which nobody gives here"
    )


def test_a_helper_that_fails_is_named_and_not_quoted(tmp_path, without_credentials):
    (tmp_path / "config").write_text("[default]\ncredential_process = sh -c 'echo hunter2 >&2; exit 1'\n")
    assert refused(call()) == "AWS credentials cannot be had from custom-process"


async def test_a_role_is_assumed_once_and_its_credentials_sign(serve):
    aws = serve({"AssumeRole": assumed(), "ListQueues": QUEUES})
    probe = call(endpoint_url=aws.url, role_arn=ROLE, external_id="shop", session_name="release-42")
    await probe.measure()
    await probe.measure()
    assert [signer[0] for signer in aws.signers] == [KEY, "ASIAROLE", "ASIAROLE"]
    operation, params = aws.asked[0]
    assert (operation, params["RoleArn"], params["ExternalId"], params["RoleSessionName"]) == (
        "AssumeRole",
        ROLE,
        "shop",
        "release-42",
    )


async def test_a_role_is_assumed_again_before_it_ends(serve):
    aws = serve({"AssumeRole": [assumed("ASIAONE", 30), assumed("ASIATWO")], "ListQueues": QUEUES})
    probe = call(endpoint_url=aws.url, role_arn=ROLE)
    await probe.measure()
    await probe.measure()
    assert [signer[0] for signer in aws.signers] == [KEY, "ASIAONE", KEY, "ASIATWO"]


async def test_a_role_of_moto(moto, make):
    arn = make("iam").create_role(RoleName="gate", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    probe = CallProbe(
        service="sts", operation="get_caller_identity", json={"who": "Arn"}, endpoint_url=moto, role_arn=arn
    )
    assert (await probe.measure()).named == {"who": "arn:aws:sts::123456789012:assumed-role/gate/gonogo"}


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (
            refuses_xml("AccessDenied", "User: dana is not authorized to perform: sts:AssumeRole on it", 403),
            ProbeError,
            "sts:AssumeRole is not allowed: User: dana is not authorized to perform: sts:AssumeRole on it",
        ),
        (refuses_xml("ExpiredToken", "x", 403), ProbeError, "the AWS credentials have expired (ExpiredToken)"),
        (refuses_xml("Throttling", "x"), Unreachable, "sts asks for patience: Throttling"),
        (
            refuses_xml("NoSuchEntity", "The role with name gate cannot be found.", 404),
            ProbeError,
            "sts:AssumeRole is answered with NoSuchEntity: The role with name gate cannot be found",
        ),
        (
            Answer(b"<html>no</html>", 502),
            Unreachable,
            "sts:AssumeRole is answered with status 502 and no error of AWS",
        ),
    ],
)
async def test_a_role_that_cannot_be_assumed(serve, answer, error, message):
    aws = serve({"AssumeRole": answer, "ListQueues": QUEUES})
    with pytest.raises(error) as caught:
        await call(endpoint_url=aws.url, role_arn=ROLE).measure()
    assert str(caught.value) == message
    assert [operation for operation, _ in aws.asked] == ["AssumeRole"]


def test_a_role_without_anybody_to_assume_it(without_credentials):
    assert refused(call(role_arn=ROLE)) == NO_CREDENTIALS


async def test_each_service_can_have_an_address_of_its_own(serve, closed_port):
    aws = serve({"ListQueues": QUEUES})
    probe = call(endpoint_url={"sqs": aws.url, "sts": f"http://127.0.0.1:{closed_port}"})
    await probe.measure()
    assert probe.target() == "127.0.0.1"
    other = CallProbe(
        service="sts",
        operation="get_caller_identity",
        endpoint_url={"sqs": aws.url, "sts": f"http://127.0.0.1:{closed_port}"},
    )
    with pytest.raises(Unreachable):
        await other.measure()


async def test_the_addresses_of_the_environment_are_taken(serve, monkeypatch):
    aws = serve({"ListQueues": QUEUES})
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws.url)
    assert (await call().measure()).exists


async def test_a_proxy_of_the_environment_is_gone_through(serve, monkeypatch):
    proxy = serve({"ListQueues": QUEUES})
    monkeypatch.setenv("http_proxy", proxy.url)
    assert (await call(endpoint_url="http://sqs.example.com").measure()).exists
    monkeypatch.setenv("http_proxy", "http://dana:hunter2@127.0.0.1:1")
    with pytest.raises(Unreachable) as caught:
        await call(endpoint_url="http://sqs.example.org").measure()
    assert str(caught.value) == "proxy 127.0.0.1:1: connection refused"


def test_a_client_is_made_once_for_equal_settings(monkeypatch):
    account = Account(region="eu-west-1")
    client = account.client("sqs")
    assert account.client("sqs") is client
    assert Account(region="eu-west-1").client("sqs") is client
    assert account.client("sns") is not client
    assert Account(region="eu-north-1").client("sqs") is not client
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAELSE")
    assert account.client("sqs") is not client


def test_nothing_of_it_stands_where_secrets_can_be_seen():
    probe = call(endpoint_url="http://127.0.0.1:1")
    probe.prepare()
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in repr(probe)
