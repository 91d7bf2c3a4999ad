"""How every kind of the family is answered, refused, kept waiting and lied to."""

import gzip
import re
import ssl
import sys
import threading
import traceback

import anyio
import psutil
import pytest
import trustme
from prometheus_api_client import PrometheusConnect

from agent.probe import Need, ProbeError, Unreachable
from probes.http.forms import Basic
from probes.prometheus.alerts import AlertsProbe
from probes.prometheus.connection import base_url
from probes.prometheus.metric import MetricProbe
from probes.prometheus.query import QueryProbe
from probes.prometheus.rules import RulesProbe
from probes.prometheus.targets import TargetsProbe
from tests.probes.http.server import response, routes, says

from .answers import answer, failure, instant, success

KINDS = {
    "metric": (MetricProbe, {"name": "up"}),
    "query": (QueryProbe, {"query": "up"}),
    "targets": (TargetsProbe, {}),
    "rules": (RulesProbe, {}),
    "alerts": (AlertsProbe, {}),
}
GOOD = {
    "/api/v1/query": success(instant(({"gonogo": "now"}, 1000))),
    "/api/v1/targets": success({"activeTargets": [], "droppedTargets": []}),
    "/api/v1/rules": success({"groups": []}),
    "/api/v1/label/__name__/values": success([]),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def test_each_is_a_witness():
    assert [kind.witness for kind, _ in KINDS.values()] == [True] * 5


# ---- nobody there


async def test_nobody_listens(look, kind, closed_port):
    probe, settings = kind
    with pytest.raises(Unreachable) as caught:
        await look(probe, url=f"http://127.0.0.1:{closed_port}", **settings)
    assert str(caught.value) == f"127.0.0.1:{closed_port}: connection refused"


async def test_one_that_never_answers_is_left_at_once(serve, look, kind):
    probe, settings = kind
    asked = threading.Event()

    def script(server, peer):
        peer.ask()
        asked.set()
        peer.hang()

    server = serve(script)
    process = psutil.Process()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: look(probe, url=server.url, **settings))
            await anyio.to_thread.run_sync(asked.wait)
            tasks.cancel_scope.cancel()
    assert [connection for connection in process.net_connections() if _is_of(connection, server.port)] == []


def _is_of(connection, port):
    return connection.raddr and connection.raddr.port == port and connection.status == "ESTABLISHED"


async def test_those_who_wait_hold_no_thread(serve, look):
    asked = threading.Semaphore(0)

    def script(server, peer):
        peer.ask()
        asked.release()
        peer.hang()

    server = serve(script)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(lambda: look(QueryProbe, url=server.url, query="up"))
            for _ in range(50):
                await anyio.to_thread.run_sync(asked.acquire)
            assert not any(map(_waits, sys._current_frames().values()))
            tasks.cancel_scope.cancel()


def _waits(frame):
    """Whether a thread is in a call of the client."""
    return any(call.f_code is PrometheusConnect.custom_query.__code__ for call, _ in traceback.walk_stack(frame))


# ---- who may not look


DENIED = {
    "unknown": (401, {}, "status is 401: {path} may not be read without credentials (`token` or `basic`)"),
    "forbidden": (403, {}, "status is 403: {path} may not be read without credentials (`token` or `basic`)"),
    "a wrong token": (
        401,
        {"token": "very-secret"},
        "status is 401: what is given as `token` or `basic` is not accepted",
    ),
    "a token without the right": (
        403,
        {"token": "very-secret"},
        "status is 403: what is given as `token` or `basic` may not read {path}",
    ),
    "a wrong password": (
        401,
        {"basic": Basic("dana", "very-secret")},
        "status is 401: what is given as `token` or `basic` is not accepted",
    ),
    "a proxy": (407, {}, "status is 407: the proxy wants other credentials"),
}
PATHS = {
    MetricProbe: "/api/v1/query",
    QueryProbe: "/api/v1/query",
    TargetsProbe: "/api/v1/targets",
    RulesProbe: "/api/v1/rules",
    AlertsProbe: "/api/v1/rules",
}


@pytest.mark.parametrize("name", DENIED)
async def test_who_may_not_look_is_told_what_is_missing(serve, look, kind, name):
    status, credentials, said = DENIED[name]
    probe, settings = kind
    server = serve(says(answer({"status": "error", "errorType": "x", "error": "y"}, status)))
    with pytest.raises(ProbeError) as caught:
        await look(probe, url=server.url, **settings, **credentials)
    assert str(caught.value) == f"127.0.0.1:{server.port}: {said.format(path=PATHS[probe])}"
    assert "very-secret" not in str(caught.value)


# ---- answers that are none


def page(text, status=200, kind="text/html", **headers):
    return response(status, text, content_type=kind, **headers)


NONE = {
    "a login page": (
        page(b"<html>Log in</html>"),
        "sends text/html, expected application/json: this is not the API (a login page?)",
    ),
    "no content type": (
        response(200, b"{}"),
        "sends no content type, expected application/json: this is not the API (a login page?)",
    ),
    "garbage": (
        page(b"\x00\xff{]", kind="application/json"),
        "answers with what is no answer of the API: JSON is malformed: invalid character (byte 0)",
    ),
    "truncated": (
        page(b'{"status":"success","data":{"resu', kind="application/json"),
        "answers with what is no answer of the API: input data was truncated",
    ),
    "empty": (
        page(b"", kind="application/json"),
        "answers with what is no answer of the API: input data was truncated",
    ),
    "another JSON": (
        answer({"message": "hello"}),
        "answers with what is no answer of the API: object missing required field `status`",
    ),
    "a third status": (
        answer({"status": "maybe"}),
        "answers with what is no answer of the API: invalid enum value 'maybe' - at `$.status`",
    ),
    "no such path": (
        response(404, b"nothing here"),
        "status of {path} is 404, expected 200; is the path of `url` right",
    ),
    "broken": (response(500, b"oops"), "status of {path} is 500, expected 200"),
    "a bad gateway": (page(b"<html>", 502), "status of {path} is 502, expected 200"),
    "no content": (response(204), "status of {path} is 204, expected 200"),
    "a redirect": (
        response(302, location="https://login.example.com/start?secret=very-secret"),
        "status is 302, it leads to https://login.example.com:443/start (a login page?);"
        " give the address that answers itself",
    ),
    "a redirect to nowhere": (
        response(302, location="ftp://x"),
        "status is 302, it leads to what is not a URL",
    ),
}


@pytest.mark.parametrize("name", NONE)
async def test_what_is_no_answer_is_no_answer(serve, look, kind, name):
    told, said = NONE[name]
    probe, settings = kind
    server = serve(says(told))
    with pytest.raises(Unreachable) as caught:
        await look(probe, url=server.url, **settings)
    assert str(caught.value) == f"127.0.0.1:{server.port}: {said.format(path=PATHS[probe])}"


CUT = {
    "cut short": (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{",
        "the body is cut short: 1 of 500 bytes came",
    ),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "answers with what is not HTTP: 'SSH-2.0-OpenSSH_9.2p1'"),
    "too large": (
        page(b'{"status": "success", "data": "' + b"x" * 2000 + b'"}', kind="application/json"),
        "the body is larger than 1000 bytes (`body_limit`)",
    ),
    "a bomb": (
        page(gzip.compress(b" " * 10_000_000), kind="application/json", content_encoding="gzip"),
        "the body is larger than 1000 bytes (`body_limit`)",
    ),
}


@pytest.mark.parametrize("name", CUT)
async def test_what_breaks_off_or_does_not_end_is_no_answer(serve, look, kind, name):
    told, said = CUT[name]
    probe, settings = kind
    server = serve(says(told))
    with pytest.raises(Unreachable) as caught:
        await look(probe, url=server.url, body_limit=1000, **settings)
    assert str(caught.value) == f"127.0.0.1:{server.port}: {said}"


async def test_an_answer_without_end_is_bounded(serve, look, kind):
    def script(_, peer):
        peer.ask()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{")
        while True:
            peer.send(b" " * 65536)

    probe, settings = kind
    server = serve(script)
    with pytest.raises(Unreachable) as caught:
        await look(probe, url=server.url, body_limit=1 << 20, **settings)
    assert str(caught.value) == f"127.0.0.1:{server.port}: the body is larger than 1048576 bytes (`body_limit`)"


DEEP = b"[" * 200_000


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param(DEEP, "answers with what is no answer of the API", id="outside"),
        pytest.param(b'{"status":"success","data":' + DEEP, "answers with", id="inside"),
        pytest.param(b'{"status":"success","data":' + DEEP + b"]" * 200_000 + b"}", "answers with", id="closed"),
    ],
)
async def test_json_that_is_nested_without_end_harms_nobody(serve, look, kind, told, said):
    probe, settings = kind
    server = serve(says(page(told, kind="application/json")))
    with pytest.raises(Unreachable, match=said):
        await look(probe, url=server.url, **settings)


ERRORS = {
    "bad data": (failure(400, "bad_data", "1:1: parse error"), "refuses the question: 1:1: parse error"),
    "a time-out": (failure(503, "timeout", "query timed out"), "cannot answer (timeout): query timed out"),
    "not found": (failure(404, "not_found", "no such thing"), "knows nothing of that: no such thing"),
    "not ready": (failure(503, "unavailable", "TSDB not ready"), "cannot answer (unavailable): TSDB not ready"),
    "an error with 200": (failure(200, "internal", "oops"), "cannot answer (internal): oops"),
    "a success with an error": (
        answer({"status": "success", "data": {"resultType": "vector", "result": []}, "error": "partly\nlost"}),
        "cannot answer (error): partly lost",
    ),
    "without words": (answer({"status": "error"}, 500), "cannot answer (error): it does not say why"),
    "with very many words": (
        failure(500, "internal", "x" * 1000),
        f"cannot answer (internal): {'x' * 300}…",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_of_the_api_is_told_in_its_words(serve, look, kind, name):
    told, said = ERRORS[name]
    probe, settings = kind
    server = serve(says(told))
    with pytest.raises(ProbeError) as caught:
        await look(probe, url=server.url, **settings)
    assert str(caught.value) == f"127.0.0.1:{server.port}: {said}"


async def test_one_that_asks_for_patience(serve, look, kind):
    probe, settings = kind
    server = serve(says(answer({"status": "error"}, 429, retry_after="30")))
    with pytest.raises(ProbeError) as caught:
        await look(probe, url=server.url, **settings)
    assert str(caught.value) == (
        f"127.0.0.1:{server.port}: asks for patience: status is 429, and to come again in 30 s"
    )


async def test_a_warning_is_an_error_unless_it_is_allowed(serve, look, kind):
    probe, settings = kind
    warned = {
        path: told.replace(b'"status": "success"', b'"warnings": ["a store is lost"], "status": "success"')
        for path, told in GOOD.items()
    }
    warned = {path: page(told.partition(b"\r\n\r\n")[2], kind="application/json") for path, told in warned.items()}
    server = serve(routes(warned))
    with pytest.raises(ProbeError) as caught:
        await look(probe, url=server.url, **settings)
    assert str(caught.value) == (
        f"127.0.0.1:{server.port}: answers with a warning, so that nobody knows what is missing: a store is lost"
    )
    await look(probe, url=server.url, allow_warnings=True, **settings)


async def test_a_partial_answer_of_victoriametrics_is_an_error(serve, look, kind):
    probe, settings = kind
    server = serve(says(answer({"status": "success", "isPartial": True, "data": {}})))
    with pytest.raises(ProbeError) as caught:
        await look(probe, url=server.url, **settings)
    assert str(caught.value) == (
        f"127.0.0.1:{server.port}: answers with a warning, so that nobody knows what is missing: it is partial"
    )


# ---- what is sent, and where


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_what_is_sent(serve, look, kind, host):
    probe, settings = kind
    good = {f"/prefix{path}": told for path, told in GOOD.items()}
    server = serve(routes(good), host)
    given = {"token": "very-secret", "headers": {"X-Scope-OrgID": "shop"}}
    await look(probe, url=f"{server.url}/prefix/", **given, **settings)
    headers = [
        {name: asked.headers.get(name) for name in ("authorization", "x-scope-orgid", "accept")}
        for asked in server.asked
    ]
    expected = {"authorization": "Bearer very-secret", "x-scope-orgid": "shop", "accept": "application/json"}
    assert headers == [expected] * len(headers)
    assert {asked.method for asked in server.asked} == {"GET"}


async def test_user_and_password_of_the_url(serve, look):
    server = serve(routes(GOOD))
    await look(TargetsProbe, url=server.url.replace("//", "//dana:pass@"))
    assert server.asked[0].headers["authorization"] == "Basic ZGFuYTpwYXNz"


async def test_nothing_of_the_environment_is_used(serve, look, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login dana password very-secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server = serve(routes(GOOD))
    await look(QueryProbe, url=server.url, query="up")
    assert [asked.headers.get("authorization") for asked in server.asked] == [None]


@pytest.mark.parametrize(
    "told",
    [response(503, b"later"), failure(503, "timeout", "slow"), answer({}, 429), answer({}, 401)],
    ids=["no answer", "a time-out", "patience", "denied"],
)
async def test_an_error_is_not_asked_for_again(serve, look, told):
    server = serve(says(told))
    with pytest.raises((Unreachable, ProbeError)):
        await look(QueryProbe, url=server.url, query="up")
    assert len(server.asked) == 1


async def test_tls(serve, look, tmp_path):
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["http/1.1"])
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = serve(routes(GOOD), tls=context)
    assert (await look(QueryProbe, url=server.url, query="up", ca=str(tmp_path / "ca.pem"))).value == 1000.0
    other = trustme.CA()
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(Unreachable, match="certificate"):
        await look(QueryProbe, url=server.url, query="up", ca=str(tmp_path / "other.pem"))
    with pytest.raises(ProbeError, match=r"none\.pem: no such file"):
        await look(QueryProbe, url=server.url, query="up", ca=str(tmp_path / "none.pem"))


# ---- settings


WRONG = {
    "a query": ("http://h/?a=b", "has a `?` or `#`, expected the address of the server alone"),
    "the API": ("http://h/prom/api/v1", "has the path /prom/api/v1, expected what stands before /api"),
    "no URL": ("prometheus:9090", "has the scheme prometheus:, expected http or https"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_address_that_is_none(name):
    url, message = WRONG[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        base_url(url)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(
            {"token": "a", "basic": Basic("a", "b")}, "`token` and `basic` exclude each other", id="token and basic"
        ),
        pytest.param({"key": "k.pem"}, "`key` has no meaning without `cert`", id="a key alone"),
        pytest.param(
            {"headers": {"a": "x\ny"}},
            "the header a holds a line break, a control character or outer space",
            id="a line break",
        ),
    ],
)
def test_settings_that_do_not_fit(kind, settings, message):
    probe, needed = kind
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        probe(url="http://h", **needed, **settings)


def test_what_each_needs():
    needs = {name: probe(url="https://h/x", **settings).permissions() for name, (probe, settings) in KINDS.items()}
    paths = {
        "metric": ["/api/v1/query", "/api/v1/label/NAME/values"],
        "query": ["/api/v1/query", "/api/v1/query_range", "/api/v1/label/NAME/values"],
        "targets": ["/api/v1/targets"],
        "rules": ["/api/v1/rules", "/api/v1/query", "/api/v1/format_query"],
        "alerts": ["/api/v1/rules"],
    }
    assert needs == {
        name: (Need("network", "connect", "h:443"), *(Need("prometheus", f"GET {path}", "h:443") for path in asked))
        for name, asked in paths.items()
    }
    assert {probe(url="https://h/x", **settings).target() for probe, settings in KINDS.values()} == {"h"}
