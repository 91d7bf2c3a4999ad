"""What is no answer is an error for every kind: nobody knows, and the missing permission has its name."""

import re

import anyio
import pytest

from agent.probe import ProbeError, Unreachable
from probes.kubernetes.events import EventsProbe
from probes.kubernetes.nodes import NodesProbe
from probes.kubernetes.pods import PodsProbe
from probes.kubernetes.resource import ResourceProbe
from probes.kubernetes.rollout import RolloutProbe
from probes.kubernetes.version import VersionProbe

from .server import HANGS, USER, Answer, Handler, status

KINDS = [
    pytest.param((RolloutProbe, {"deployment": "shop-api"}), id="rollout of a deployment"),
    pytest.param((RolloutProbe, {"statefulset": "ledger"}), id="rollout of a statefulset"),
    pytest.param((RolloutProbe, {"daemonset": "agent"}), id="rollout of a daemonset"),
    pytest.param((RolloutProbe, {"job": "migrate"}), id="rollout of a job"),
    pytest.param((PodsProbe, {}), id="pods"),
    pytest.param((NodesProbe, {}), id="nodes"),
    pytest.param((VersionProbe, {}), id="version"),
    pytest.param((EventsProbe, {}), id="events"),
    pytest.param((ResourceProbe, {"kind": "ConfigMap", "name": "shop"}), id="a resource"),
    pytest.param((ResourceProbe, {"kind": "ConfigMap"}), id="resources"),
]


def test_every_kind_is_a_witness():
    """So that no answer is an error, and never a failure of what it is asked about."""
    assert all(kind.values[0][0].witness for kind in KINDS)


@pytest.mark.parametrize("of", KINDS)
async def test_refused(kubeconfig, nobody, of):
    kind, settings = of
    probe = kind(kubeconfig=kubeconfig(f"http://127.0.0.1:{nobody}"), **settings)
    with pytest.raises(Unreachable, match=f"^API server 127.0.0.1:{nobody}: connection refused$"):
        await probe.measure()


@pytest.mark.parametrize("of", KINDS)
async def test_hanging(api, kubeconfig, of):
    kind, settings = of
    api.say("*", HANGS)
    probe = kind(kubeconfig=kubeconfig(api.url), **settings)
    with anyio.fail_after(5), anyio.move_on_after(0.1) as scope:
        await probe.measure()
    assert scope.cancelled_caught


NO_JSON = "answers with what is no"
ANSWERS = {
    "garbage": (Answer(200, b"\x16\x03\x01 garbage"), Unreachable, NO_JSON),
    "truncated JSON": (Answer(200, b'{"kind":'), Unreachable, "answers with what is not JSON"),
    "null": (Answer(200, b"null"), Unreachable, NO_JSON),
    "truncated body": (Answer(200, b"{}", {"content-length": "9"}), Unreachable, "the body is cut short"),
    "500": (
        status(500, "InternalError", "etcdserver: request timed out"),
        Unreachable,
        r"is in trouble: status is 500 \(etcdserver: request timed out\)$",
    ),
    "503": (Answer(503, b"<html>"), Unreachable, "is in trouble: status is 503$"),
    "302": (
        Answer(302, b"", {"location": "https://login.example.com/"}),
        ProbeError,
        r"redirects, which no API server does: status is 302, is something in front of it\?$",
    ),
    "400": (
        status(400, "BadRequest", "unable to parse\nrequirement"),
        ProbeError,
        r"does not answer /\S+: status is 400 \(unable to parse requirement\)$",
    ),
    "204": (Answer(204, b""), ProbeError, r"does not answer /\S+: status is 204$"),
    "401": (
        status(401, "Unauthorized", "Unauthorized"),
        ProbeError,
        r"does not accept the credentials of kubeconfig \S+ \(context test\): status is 401 \(Unauthorized\)$",
    ),
    "403 of a proxy": (
        Answer(403, b"<html>forbidden</html>"),
        ProbeError,
        r"something in front of it forbids to (get|list) \S+: status is 403, not the API's own$",
    ),
    "429": (
        Answer(429, b"", {"retry-after": "7"}),
        ProbeError,
        "asks for patience: status is 429, and to come again in 7 s$",
    ),
    "429 in the Status": (
        status(429, "TooManyRequests", "too many", retryAfterSeconds=3),
        ProbeError,
        "asks for patience: status is 429, and to come again in 3 s$",
    ),
    "429 without a number": (
        Answer(429, b"", {"retry-after": "Sun, 01 Mar 2026 12:00:00 GMT"}),
        ProbeError,
        "asks for patience: status is 429$",
    ),
    "404 of a path": (Answer(404, b"404 page not found\n"), ProbeError, r"does not answer /\S+: status is 404$"),
    "another coding": (
        Answer(200, b"abc", {"content-encoding": "br"}),
        Unreachable,
        "the answer is coded in br, expected gzip or none$",
    ),
    "no gzip": (
        Answer(200, b"abc", {"content-encoding": "gzip"}),
        Unreachable,
        "the answer is broken: it is not gzip$",
    ),
    "truncated gzip": (
        Answer(200, bytes.fromhex("1f8b0800000000000003"), {"content-encoding": "gzip"}),
        Unreachable,
        "the answer is broken: its gzip does not end where it ends$",
    ),
}


@pytest.mark.parametrize("of", KINDS)
@pytest.mark.parametrize("said", ANSWERS.values(), ids=ANSWERS.keys())
async def test_what_is_no_answer(api, kubeconfig, of, said):
    (kind, settings), (answer, error, message) = of, said
    api.say("*", answer)
    probe = kind(kubeconfig=kubeconfig(api.url), **settings)
    with pytest.raises(error, match=f"^API server {re.escape(api.place)}: {message}") as caught:
        await probe.measure()
    assert type(caught.value) is error


RIGHTS = [
    (RolloutProbe, {"deployment": "shop-api"}, "get deployments.apps/shop-api", "get", "deployments of apps", "shop"),
    (RolloutProbe, {"job": "migrate"}, "get jobs.batch/migrate", "get", "jobs of batch", "shop"),
    (PodsProbe, {"namespace": "other"}, "list pods", "list", "pods", "other"),
    (PodsProbe, {"all_namespaces": True}, "list pods", "list", "pods", ""),
    (EventsProbe, {}, "list events", "list", "events", "shop"),
    (ResourceProbe, {"kind": "Ingress", "name": "a"}, "get ingresses.networking.k8s.io/a", "get",
     "ingresses of networking.k8s.io", "shop"),
    (ResourceProbe, {"kind": "ClusterRole"}, "list clusterroles.rbac.authorization.k8s.io", "list",
     "clusterroles of rbac.authorization.k8s.io", ""),
    (VersionProbe, {}, "get /version", "get", "/version", ""),
]  # fmt: skip


@pytest.mark.parametrize("right", RIGHTS)
async def test_forbidden(api, look, right):
    kind, settings, action, verb, what, namespace = right
    api.roles = []
    where, role = (f" in namespace {namespace}", "Role") if namespace else ("", "ClusterRole")
    message = f"user {USER} may not {action}{where}: missing is a {role} with the verb {verb} on {what}"
    with pytest.raises(ProbeError, match=f"^API server {re.escape(api.place)}: {re.escape(message)}$"):
        await look(kind, **settings)


async def test_forbidden_by_something_else_than_rbac(api, look):
    api.say("*", status(403, "Forbidden", "denied by the gatekeeper"))
    message = "this user may not get /version: missing is a ClusterRole with the verb get on /version"
    with pytest.raises(ProbeError, match=f"^API server {api.place}: {message} \\(denied by the gatekeeper\\)$"):
        await look(VersionProbe)


async def test_allowed_to_list_but_not_to_see_whether_the_namespace_exists(api, look):
    api.roles = [
        {"kind": "Role", "metadata": {}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]}
    ]
    message = (
        f"nothing is found, and namespace shop may not be there: API server {api.place}: user {USER} may not get "
        "namespaces/shop in namespace shop: missing is a Role with the verb get on namespaces"
    )
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(PodsProbe)


async def test_a_long_message_is_cut(api, look):
    api.say("*", status(500, "InternalError", "long " * 1000))
    with pytest.raises(Unreachable) as caught:
        await look(VersionProbe)
    assert len(str(caught.value)) < 400


async def test_an_answer_without_end(serve, kubeconfig):
    """A body that is longer than any list is no answer, and is not kept."""
    api = serve()
    api.say("*", Answer(200, b" " * (65 << 20), {"content-encoding": "identity"}))
    probe = VersionProbe(kubeconfig=kubeconfig(api.url))
    with pytest.raises(Unreachable, match=f"^API server {api.place}: the answer is larger than 67108864 bytes$"):
        await probe.measure()


async def test_an_answer_that_swells(serve, kubeconfig):
    """The server compresses this to 64 KiB."""
    api = serve()
    api.say("*", Answer(200, b" " * (65 << 20)))
    probe = VersionProbe(kubeconfig=kubeconfig(api.url))
    with pytest.raises(Unreachable, match=f"^API server {api.place}: the answer is larger than 67108864 bytes$"):
        await probe.measure()


async def test_a_server_without_a_clock_is_compared_with_ours(api, scene, look, monkeypatch):
    monkeypatch.setattr(Handler, "date_time_string", lambda *_: "sometime")
    api.add(*scene("pod-not-ready"))
    assert (await look(PodsProbe)).oldest_age_seconds is not None
