"""The health of real servers: by service, over TLS, with credentials, and what goes wrong."""

import re

import pytest

from agent.probe import Need, ProbeError, Unreachable
from probes.grpc.probe import GrpcProbe
from tests.probes.loopback import NO_SUCH_NAME, naming

from .conftest import TOKEN, Health


async def test_a_server_that_serves(ports, look, host):
    reading = await look(ports[host, "plain"], host)
    assert (reading.status, reading.grpc_status, reading.message) == ("SERVING", "OK", None)
    assert (reading.http_status, reading.http_version, reading.address) == (200, "2", host)
    assert (reading.certificate_expires_in_seconds, reading.tls_seconds, reading.resolve_seconds) == (None,) * 3


@pytest.mark.parametrize(
    ("service", "status"),
    [
        ("shop.v1.Orders", "SERVING"),
        ("shop.v1.Stock", "NOT_SERVING"),
        ("shop.v1.New", "UNKNOWN"),
        ("shop.v1.Old", "SERVICE_UNKNOWN"),
    ],
)
async def test_each_service_has_a_health_of_its_own(ports, look, service, status):
    reading = await look(ports["127.0.0.1", "plain"], service=service)
    assert reading.status == status
    assert reading.grpc_status == ("NOT_FOUND" if status == "SERVICE_UNKNOWN" else "OK")


async def test_a_health_that_changes(ports, look, servicer):
    servicer.set("changing", Health.SERVING)
    before = await look(ports["127.0.0.1", "plain"], service="changing")
    servicer.set("changing", Health.NOT_SERVING)
    after = await look(ports["127.0.0.1", "plain"], service="changing")
    assert (before.status, after.status) == ("SERVING", "NOT_SERVING")


async def test_the_phases_add_up_to_the_latency(ports, look, ca, monkeypatch):
    naming(monkeypatch, {"shop.example.com": "127.0.0.1"})
    reading = await look(ports["127.0.0.1", "tls"], "shop.example.com", tls=True, ca=ca)
    phases = [getattr(reading, f"{phase}_seconds") for phase in ("resolve", "connect", "tls", "first_byte", "transfer")]
    assert min(phases[:-1]) > 0
    assert sum(phases) == pytest.approx(reading.latency_seconds, abs=0.01)


async def test_a_server_with_tls(ports, look, ca, host):
    reading = await look(ports[host, "tls"], host, tls=True, ca=ca)
    assert reading.status == "SERVING"
    assert reading.certificate_expires_in_seconds > 86400
    unverified = await look(ports[host, "tls"], host, tls=True, verify=False)
    expires = reading.certificate_expires_in_seconds
    assert unverified.certificate_expires_in_seconds == pytest.approx(expires, abs=60)


async def test_a_certificate_for_another_name_is_a_failure(ports, look, ca):
    port = ports["127.0.0.1", "tls"]
    reading = await look(port, tls=True, ca=ca, server_name="shop.example.com")
    assert reading.status == "SERVING"
    with pytest.raises(Unreachable) as caught:
        await look(port, tls=True, ca=ca, server_name="other.example.com")
    why = "hostname mismatch, certificate is not valid for 'other.example.com'"
    assert str(caught.value) == f"127.0.0.1:{port}: certificate is not trusted: {why}"


async def test_a_certificate_of_nobody_we_trust_is_a_failure(ports, look):
    with pytest.raises(Unreachable, match="certificate is not trusted: unable to get local issuer certificate"):
        await look(ports["127.0.0.1", "tls"], tls=True)


async def test_a_server_that_wants_to_see_a_certificate(ports, look, ca, files):
    port = ports["127.0.0.1", "mutual"]
    reading = await look(port, tls=True, ca=ca, cert=str(files / "client.pem"))
    assert reading.status == "SERVING"
    with pytest.raises(Unreachable) as caught:
        await look(port, tls=True, ca=ca)
    assert str(caught.value).startswith(f"127.0.0.1:{port}: ")


async def test_tls_where_there_is_none(ports, look, ca):
    port = ports["127.0.0.1", "plain"]
    with pytest.raises(Unreachable) as caught:
        await look(port, tls=True, ca=ca)
    assert str(caught.value) == f"127.0.0.1:{port}: does not speak TLS"


async def test_no_tls_where_there_is_some(ports, look):
    port = ports["127.0.0.1", "tls"]
    with pytest.raises(Unreachable) as caught:
        await look(port)
    assert str(caught.value).startswith(f"127.0.0.1:{port}: ")


async def test_a_server_without_a_health_service(healthless, look):
    reading = await look(healthless)
    assert (reading.status, reading.grpc_status) == ("UNIMPLEMENTED", "UNIMPLEMENTED")
    assert reading.message == "Method not found!"


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNKNOWN"])
async def test_a_call_that_fails_is_a_status(ports, look, code):
    reading = await look(ports["127.0.0.1", "plain"], service=f"code:{code}")
    assert (reading.status, reading.grpc_status, reading.message) == (code, code, "because: Grüße, 100%")


@pytest.mark.parametrize("code", ["UNAUTHENTICATED", "PERMISSION_DENIED"])
async def test_denied_credentials_are_an_error_of_ours(ports, look, code):
    port = ports["127.0.0.1", "plain"]
    with pytest.raises(ProbeError) as caught:
        await look(port, service=f"code:{code}")
    assert str(caught.value) == f"127.0.0.1:{port}: denies the credentials: {code}: because: Grüße, 100%"
    assert caught.value.partial["grpc_status"] == code
    reading = await look(port, service=f"code:{code}", denied="metric")
    assert (reading.status, reading.grpc_status) == (code, code)


async def test_credentials_in_metadata_are_sent_and_never_shown(ports, look, servicer):
    port = ports["127.0.0.1", "plain"]
    reading = await look(port, service="private", metadata={"Authorization": TOKEN, "x-trace-bin": "AAE="})
    assert reading.status == "SERVING"
    assert servicer.seen["x-trace-bin"] == b"\0\x01"
    assert servicer.seen["user-agent"] == "gonogo"
    with pytest.raises(ProbeError) as caught:
        await look(port, service="private", metadata={"authorization": "Bearer wrong-secret"})
    said = f"127.0.0.1:{port}: denies the credentials: UNAUTHENTICATED: who is Bearer ***?"
    assert str(caught.value) == said
    reading = await look(port, service="private", metadata={"authorization": "guess"}, denied="metric")
    assert reading.message == "who is guess?"  # too short to be one


async def test_nobody_listens(look, closed_port):
    with pytest.raises(Unreachable) as caught:
        await look(closed_port)
    assert str(caught.value) == f"127.0.0.1:{closed_port}: connection refused"


async def test_a_name_that_does_not_exist(look, monkeypatch):
    naming(monkeypatch, {"nowhere.example": NO_SUCH_NAME})
    with pytest.raises(Unreachable) as caught:
        await look(50051, "nowhere.example")
    assert str(caught.value) == "nowhere.example:50051: the name nowhere.example does not exist"


async def test_a_file_that_is_not_there_is_ours(look, tmp_path):
    with pytest.raises(ProbeError) as caught:
        await look(50051, tls=True, ca=str(tmp_path / "ca.pem"))
    assert str(caught.value) == f"{tmp_path}/ca.pem: no such file or directory"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"address": "h"}, "'h' has no port, expected host:port", id="no port"),
        pytest.param({"ca": "ca.pem"}, "`ca` has no meaning without TLS", id="ca"),
        pytest.param({"verify": False}, "`verify` has no meaning without TLS", id="verify"),
        pytest.param({"tls": True, "key": "k"}, "`key` has no meaning without `cert`", id="key"),
        pytest.param({"metadata": {"te": "x"}}, "the metadata te is the agent's own", id="own"),
        pytest.param({"metadata": {"grpc-x": "x"}}, "the metadata grpc-x is the agent's own", id="reserved"),
        pytest.param(
            {"metadata": {"a b": "x"}},
            "'a b' is not a name of metadata, expected letters, digits, '_', '-' and '.'",
            id="name",
        ),
        pytest.param(
            {"metadata": {"a": "x\r\ny"}},
            "the metadata a holds a line break, outer space or a character that is not ASCII",
            id="value",
        ),
        pytest.param(
            {"authority": "a b"},
            "`authority` holds a space or a character that is not ASCII, or nothing",
            id="authority",
        ),
    ],
)
def test_settings_that_are_refused(settings, reason):
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        GrpcProbe(**{"address": "h:1", **settings})


def test_what_a_look_needs():
    probe = GrpcProbe(address="[::1]:50051", tls=True, ca="ca.pem", cert="c.pem", key="k.pem")
    assert probe.target() == "::1"
    assert probe.permissions() == (
        Need("network", "connect", "[::1]:50051"),
        Need("file", "read", "ca.pem"),
        Need("file", "read", "c.pem"),
        Need("file", "read", "k.pem"),
    )
