"""A witness that is silent, garbled, angry or endless, and credentials that are no good: never a reading."""

import ssl
import threading
from decimal import Decimal

import anyio
import psutil
import pytest
import trustme
from botocore import exceptions as boto

from agent.probe import ProbeError, Unreachable, Unreadable
from probes.aws.backup import BackupProbe, Place
from probes.aws.call import CallProbe, CallReading
from probes.aws.failures import NO_CREDENTIALS, explained
from probes.aws.logs import LogsProbe
from probes.aws.models import operation
from probes.aws.queue import QueueProbe
from probes.aws.target_health import TargetHealthProbe

from .cloud import Answer, refuses, refuses_xml, says, xml

ARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/1"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

DENIED = (
    "User: arn:aws:sts::1:assumed-role/gate is not authorized to perform: ecs:ListClusters on resource: * "
    "because no identity-based policy allows it"
)

KINDS = [
    pytest.param(lambda url: TargetHealthProbe(target_group=ARN, endpoint_url=url), id="target_health"),
    pytest.param(lambda url: QueueProbe(url=QUEUE, endpoint_url=url), id="queue"),
    pytest.param(lambda url: LogsProbe(group="/shop", endpoint_url=url), id="logs"),
    pytest.param(lambda url: BackupProbe(rds="orders", endpoint_url=url), id="backup of rds"),
    pytest.param(lambda url: BackupProbe(rds_cluster="orders", endpoint_url=url), id="backup of a cluster"),
    pytest.param(lambda url: BackupProbe(s3=Place(bucket="b"), endpoint_url=url), id="backup in s3"),
    pytest.param(lambda url: BackupProbe(vault="v", endpoint_url=url), id="backup in a vault"),
    pytest.param(lambda url: BackupProbe(resource=ARN, endpoint_url=url), id="backup of a resource"),
    pytest.param(
        lambda url: CallProbe(service="eventbridgev2", operation="list_event_buses", endpoint_url=url), id="cbor"
    ),
    pytest.param(lambda url: CallProbe(service="ec2", operation="describe_volumes", endpoint_url=url), id="ec2"),
    pytest.param(lambda url: CallProbe(service="iam", operation="list_users", endpoint_url=url), id="query"),
    pytest.param(lambda url: CallProbe(service="eks", operation="list_clusters", endpoint_url=url), id="rest-json"),
    pytest.param(lambda url: CallProbe(service="ecs", operation="list_clusters", endpoint_url=url), id="json"),
    pytest.param(
        lambda url: CallProbe(service="route53", operation="list_hosted_zones", endpoint_url=url), id="rest-xml"
    ),
]

NO_ANSWERS = {
    "empty": Answer(b""),
    "a word": Answer(b"OK"),
    "bytes": Answer(b"\0\xff\xfe\x80" * 50),
    "a web page": Answer(b"<html><body>Log in</body></html>"),
    "a proper web page": Answer(b"<?xml version='1.0'?><!DOCTYPE html><html><body/></html>"),
    "JSON cut short": Answer(b"{"),
    "a list": Answer(b"[]"),
    "XML cut short": Answer(b"<a><b>"),
    "a key twice": Answer(b'{"a": 1, "a": 2}'),
    "cut short": Answer(b"{}", cut=10),
    "a redirect": Answer(b"{}", 301, {"location": "http://127.0.0.1:1/"}),
    "a proxy that refuses": Answer(b"<html>no</html>", 403),
    "not found by somebody": Answer(b"not here", 404),
    "not found in JSON by somebody": Answer(b"{}", 404),
    "500": Answer(b"", 500),
    "502": Answer(b"<html>Bad gateway</html>", 502),
    "an error of AWS's own": refuses("InternalFailure", "sorry", 500),
    "deep": Answer(b"[" * 100_000),
    "deep XML": Answer(b"<a>" * 100_000),
    "deep CBOR": Answer(b"\x9f" * 100_000),
    "CBOR cut short": Answer(b"\xbf"),
    "CBOR of another shape": Answer(b"\xa1\x6aEventBuses\x01"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_no_answer_is_never_a_reading(serve, kind):
    aws = serve({})
    probe = kind(aws.url)
    for what, answer in NO_ANSWERS.items():
        aws.answers["*"] = [answer]
        with pytest.raises((Unreachable, ProbeError)) as caught:
            pytest.fail(f"{what} became {await probe.measure()}")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 500


@pytest.mark.parametrize("kind", KINDS[:8])
async def test_an_object_without_what_was_asked_for_is_no_answer(serve, kind):
    names = ("DescribeTargetHealth", "DescribeDBSnapshots", "DescribeDBClusterSnapshots")
    aws = serve({name: xml(name, "") for name in names} | {"GET /b": Answer("<ListBucketResult/>"), "*": Answer("{}")})
    with pytest.raises(Unreachable):
        await kind(aws.url).measure()


def call(url, service="ecs", operation="list_clusters", **settings):
    return CallProbe(service=service, operation=operation, endpoint_url=url, **settings)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (Answer(b""), Unreachable, "ecs:ListClusters is answered with nothing"),
        (Answer(b"{}", cut=10), Unreachable, "{place}: the answer was cut short: 2 of 12 bytes"),
        (
            Answer(b"<html/>"),
            Unreachable,
            "ecs:ListClusters is answered with what is not JSON: expecting value at line 1 column 1",
        ),
        (Answer(b"[]"), Unreachable, "ecs:ListClusters is answered with JSON that is no object"),
        (Answer(b"{}", 301), Unreachable, "ecs:ListClusters is answered with status 301 and no error of AWS"),
        (Answer(b"<h1>x</h1>", 503), Unreachable, "ecs:ListClusters is answered with status 503 and no error of AWS"),
        (refuses("InternalFailure", "sorry", 500), Unreachable, "ecs answers 500 (InternalFailure)"),
        (refuses("ThrottlingException", "Rate exceeded"), Unreachable, "ecs asks for patience: ThrottlingException"),
        (refuses("TooManyRequestsException", "", 429), Unreachable, "ecs asks for patience: TooManyRequestsException"),
        (Answer(b"slow down", 429), Unreachable, "ecs asks for patience: 429"),
        (
            refuses("ExpiredTokenException", "The security token AKIATEST is expired"),
            ProbeError,
            "the AWS credentials have expired (ExpiredTokenException)",
        ),
        (refuses("ExpiredToken", "x"), ProbeError, "the AWS credentials have expired (ExpiredToken)"),
        (
            refuses("UnrecognizedClientException", "The security token included in the request is invalid."),
            ProbeError,
            "AWS refuses the credentials (UnrecognizedClientException)",
        ),
        (
            refuses(
                "InvalidSignatureException", "The Canonical String should have been 'POST x-amz-security-token:FwoG...'"
            ),
            ProbeError,
            "AWS refuses the credentials (InvalidSignatureException)",
        ),
        (
            refuses("RequestTimeTooSkewed", "x", 403),
            ProbeError,
            "AWS finds the request too old or too early (RequestTimeTooSkewed): is the clock of this machine right?",
        ),
        (
            refuses(
                "AccessDeniedException",
                DENIED,
            ),
            ProbeError,
            f"ecs:ListClusters is not allowed: {DENIED}",
        ),
        (refuses("AccessDeniedException"), ProbeError, "ecs:ListClusters is not allowed: AccessDeniedException"),
        (
            refuses("OptInRequired", "You are not subscribed to this service", 403),
            ProbeError,
            "ecs:ListClusters is not allowed: You are not subscribed to this service",
        ),
        (
            refuses("InvalidParameterException", "maxResults\nis too large."),
            ProbeError,
            "ecs:ListClusters is answered with InvalidParameterException: maxResults is too large",
        ),
        (
            refuses("InvalidParameterException", "x" * 999),
            ProbeError,
            "ecs:ListClusters is answered with InvalidParameterException: " + "x" * 300 + "…",
        ),
        (
            refuses("UnknownOperationException"),
            ProbeError,
            "ecs:ListClusters is answered with UnknownOperationException: ",
        ),
    ],
)
async def test_each_failure_is_told_in_an_operators_words(serve, answer, error, message):
    aws = serve({"*": answer})
    with pytest.raises(error) as caught:
        await call(aws.url).measure()
    assert str(caught.value) == message.replace("{place}", aws.place)


@pytest.mark.parametrize(
    ("code", "status", "error", "message"),
    [
        ("Throttling", 400, Unreachable, "elbv2 asks for patience: Throttling"),
        ("RequestLimitExceeded", 503, Unreachable, "elbv2 asks for patience: RequestLimitExceeded"),
        ("ServiceUnavailable", 503, Unreachable, "elbv2 answers 503 (ServiceUnavailable)"),
        ("ExpiredToken", 403, ProbeError, "the AWS credentials have expired (ExpiredToken)"),
        ("InvalidClientTokenId", 403, ProbeError, "AWS refuses the credentials (InvalidClientTokenId)"),
        ("SignatureDoesNotMatch", 403, ProbeError, "AWS refuses the credentials (SignatureDoesNotMatch)"),
        ("MissingAuthenticationToken", 403, ProbeError, "AWS refuses the credentials (MissingAuthenticationToken)"),
        ("AccessDenied", 403, ProbeError, "elasticloadbalancing:DescribeTargetHealth is not allowed: told"),
        (
            "RequestExpired",
            400,
            ProbeError,
            "AWS finds the request too old or too early (RequestExpired): is the clock of this machine right?",
        ),
    ],
)
async def test_the_same_in_xml(serve, code, status, error, message):
    aws = serve({"DescribeTargetHealth": refuses_xml(code, "told", status)})
    with pytest.raises(error) as caught:
        await TargetHealthProbe(target_group=ARN, endpoint_url=aws.url).measure()
    assert str(caught.value) == message


async def test_what_only_aws_can_read_is_not_told(serve):
    told = "You are not authorized to perform this operation. Encoded authorization failure message: dGhpcyBpcyBsb25n"
    error = f"<Error><Code>UnauthorizedOperation</Code><Message>{told}</Message></Error>"
    aws = serve({"DescribeVolumes": Answer(f"<Response><Errors>{error}</Errors></Response>", 403)})
    with pytest.raises(ProbeError) as caught:
        await call(aws.url, "ec2", "describe_volumes").measure()
    assert str(caught.value) == ("ec2:DescribeVolumes is not allowed: You are not authorized to perform this operation")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_witness_that_hangs_is_left_at_once_and_its_thread_ends(serve, kind):
    aws = serve({"*": Answer(hang=True)})
    probe = kind(aws.url)
    await anyio.to_thread.run_sync(probe.prepare)
    await cancelled(probe, aws)
    aws.over.set()  # the witness goes away, and whoever was left behind with it must too
    with anyio.fail_after(5):
        while connected(aws):
            await anyio.lowlevel.checkpoint()


async def cancelled(probe, aws):
    """Cancel a look as soon as its request has arrived; it must end at once."""
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(probe.measure)
            await anyio.to_thread.run_sync(aws.arrived.wait)
            tasks.cancel_scope.cancel()


async def test_who_is_not_waited_for_asks_for_no_further_page(serve):
    gate = threading.Event()
    aws = serve({"ListQueues": says({"QueueUrls": [], "NextToken": "1"}, gate=gate)})
    probe = call(aws.url, "sqs", "list_queues")
    await anyio.to_thread.run_sync(probe.prepare)
    await cancelled(probe, aws)
    gate.set()
    with anyio.fail_after(5):
        while connected(aws):
            await anyio.lowlevel.checkpoint()
    assert len(aws.asked) == 1


def connected(aws):
    """Tell whether this process still holds a connection to a server."""
    port = aws.server.server_address[1]
    return any(one.raddr and one.raddr.port == port for one in psutil.Process().net_connections("inet"))


async def test_an_answer_without_end_is_left(serve):
    aws = serve({"*": Answer(endless=True)})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url).measure()
    assert str(caught.value).startswith(f"{aws.place}: the answer does not end: 67")


async def test_an_answer_whose_length_lies_upwards_in_an_error_too(serve):
    aws = serve({"*": Answer(b"{}", 400, cut=100)})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url).measure()
    assert str(caught.value) == f"{aws.place}: the answer was cut short: 2 of 102 bytes"


async def test_a_number_out_of_range_is_no_answer(serve):
    aws = serve({"*": Answer(b'{"clusterArns": [1e999999999]}')})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url).measure()
    assert str(caught.value).startswith("ecs:ListClusters is answered with what is not JSON: the number")


async def test_a_name_that_cannot_be_resolved():
    with pytest.raises(Unreachable) as caught:
        await call("http://aws.invalid:1").measure()
    assert str(caught.value).startswith("aws.invalid:1: the name cannot be resolved: ")


async def test_tls_where_nobody_speaks_it(serve):
    aws = serve({})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url.replace("http:", "https:")).measure()
    assert str(caught.value).startswith(f"{aws.place}: ")


@pytest.fixture
def tls():
    """An authority that this machine does not know, and the TLS of a server that it vouches for."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return authority, context


async def test_a_certificate_that_nobody_vouches_for(serve, tls):
    aws = serve({"ListClusters": says({"clusterArns": []})}, tls=tls[1])
    with pytest.raises(Unreachable) as caught:
        await call(aws.url).measure()
    assert str(caught.value).startswith(f"{aws.place}: its certificate is not trusted: ")


async def test_a_certificate_of_an_authority_of_our_own(serve, tls, monkeypatch, tmp_path):
    tls[0].cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    aws = serve({"ListClusters": says({"clusterArns": []})}, tls=tls[1])
    assert await call(aws.url).measure() == CallReading(exists=True, page_count=1)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{}", "the answer was cut short after 2 bytes"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\nzz",
            "the answer was cut short after 2 bytes",
        ),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "closed the connection without a whole answer"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}", "the answer was cut short: 2 of 9 bytes"),
        (b"HTTP/1.1 20", "closed the connection without a whole answer"),
    ],
)
async def test_what_is_no_http(serve, raw, message):
    aws = serve({"*": Answer(raw=raw)})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url).measure()
    assert str(caught.value) == f"{aws.place}: {message}"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (boto.ReadTimeoutError(endpoint_url="https://ecs.aws/x"), Unreachable("ecs.aws: no answer")),
        (boto.ConnectTimeoutError(endpoint_url="https://ecs.aws/"), Unreachable("ecs.aws: no answer")),
        (boto.SSLError(endpoint_url="https://ecs.aws", error="x"), Unreachable("ecs.aws: TLS fails")),
        (boto.NoCredentialsError(), ProbeError(NO_CREDENTIALS)),
        (boto.SSOTokenLoadError(error_msg="it has expired"), ProbeError("AWS cannot be asked: Error loading SSO Token: it has expired")),
        (boto.UnknownSignatureVersionError(signature_version="v9"), ProbeError("ecs:ListClusters: Unknown Signature Version: v9")),
        (KeyError("Foo"), Unreachable("the answer to ecs:ListClusters cannot be read: 'Foo'")),
    ],
)  # fmt: skip
def test_what_botocore_raises_is_told_in_an_operators_words(error, told):
    found = explained(error, operation("ecs", "list_clusters"))
    assert (type(found), str(found)) == (type(told), str(told))


async def test_what_botocore_itself_refuses(serve):
    aws = serve({})
    with pytest.raises(ProbeError) as caught:
        await call(aws.url, "s3", "head_bucket", params={"Bucket": "a b"}).measure()
    assert str(caught.value).startswith('s3:HeadBucket: Parameter validation failed: Invalid bucket name "a b"')
    assert aws.asked == []


UNSIGNED = {"x-amzn-requestid": None}


@pytest.mark.parametrize(
    ("service", "name", "params", "answer"),
    [
        ("s3", "head_bucket", {"Bucket": "b"}, Answer(headers=UNSIGNED)),
        ("s3", "get_bucket_versioning", {"Bucket": "b"}, Answer(b"<rss/>", headers=UNSIGNED)),
        ("ecs", "list_clusters", None, Answer(b"{}", headers=UNSIGNED)),
        ("ecs", "list_clusters", None, Answer(b'{"status": "ok"}', headers=UNSIGNED)),
        ("eks", "list_clusters", None, Answer(b'{"status": "ok"}', headers=UNSIGNED)),
        ("eventbridgev2", "list_event_buses", None, Answer(b"\xa0", headers=UNSIGNED)),
    ],
)
async def test_a_stranger_that_answers_politely_is_not_aws(serve, service, name, params, answer):
    aws = serve({"*": answer})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url, service, name, params=params).measure()
    asked = operation(service, name).name
    assert str(caught.value) == f"{service}:{asked} is answered without any sign that it was AWS"


async def test_an_emulator_that_signs_nothing_but_knows_the_names_is_heard(serve):
    aws = serve({"*": Answer(b'{"clusterArns": []}', headers=UNSIGNED)})
    assert (await call(aws.url, json={"arns": "clusterArns"}).measure()).named == {"arns": []}
    body = b"<DescribeVolumesResponse><volumeSet/></DescribeVolumesResponse>"
    aws = serve({"*": Answer(body, headers=UNSIGNED)})
    reading = await call(aws.url, "ec2", "describe_volumes", json={"volumes": "Volumes"}).measure()
    assert reading.named == {"volumes": []}


async def test_xml_of_another_operation_is_no_answer(serve):
    aws = serve({"*": Answer(b"<DescribeRegionsResponse/>")})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url, "ec2", "describe_volumes").measure()
    assert str(caught.value) == "ec2:DescribeVolumes is answered with <DescribeRegionsResponse>"


async def test_what_head_is_answered_counts_when_aws_signed_it(serve):
    aws = serve({"HEAD /b": Answer(status=404, headers={"x-amzn-requestid": "1"})})
    probe = call(aws.url, "s3", "head_bucket", params={"Bucket": "b"})
    assert await probe.measure() == CallReading(exists=False, error="404")
    aws = serve({"HEAD /b": Answer(status=404, headers=UNSIGNED)})
    with pytest.raises(Unreachable) as caught:
        await call(aws.url, "s3", "head_bucket", params={"Bucket": "b"}).measure()
    assert str(caught.value) == "s3:HeadBucket is answered with status 404 and no error of AWS"
    aws = serve({"HEAD /b": Answer(status=403)})
    with pytest.raises(ProbeError) as caught:
        await call(aws.url, "s3", "head_bucket", params={"Bucket": "b"}).measure()
    assert str(caught.value) == "s3:ListBucket is not allowed, or what is asked about is not there"


async def test_numbers_that_are_none_breach_and_do_not_break(serve):
    target = "<TargetTrackingConfiguration><TargetValue>NaN</TargetValue></TargetTrackingConfiguration>"
    policies = f"<ScalingPolicies><member>{target}</member></ScalingPolicies>"
    aws = serve({"DescribePolicies": xml("DescribePolicies", policies)})
    path = "ScalingPolicies[0].TargetTrackingConfiguration.TargetValue"
    probe = call(aws.url, "autoscaling", "describe_policies", json={"it": path, "compared": f"{path} > `1`"})
    reading = await probe.measure()
    assert isinstance(reading.named["it"], Decimal)
    assert reading.named["it"].is_nan()
    assert isinstance(reading.named["compared"], Unreadable)


async def test_a_secret_stands_in_no_message(serve, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "FwoGsecret")
    for code in ("SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"):
        aws = serve({"*": refuses(code, "you sent FwoGsecret wJalrXUtnFEMI")})
        with pytest.raises(ProbeError) as caught:
            await call(aws.url).measure()
        assert "FwoGsecret" not in str(caught.value)
        assert "wJalr" not in str(caught.value)
