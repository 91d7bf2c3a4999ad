"""kubernetes.resource: any object, one or a list."""

import re
from decimal import Decimal

import pytest

from agent.probe import ProbeError, Unreachable, Unreadable
from probes.kubernetes.documents import streams
from probes.kubernetes.resource import ResourceProbe, ResourceReading

from .server import Answer, Kind, status

CERTIFICATE = Kind("cert-manager.io", "v1", "certificates", namespaced=True)
ISSUER = Kind("cert-manager.io", "v1", "clusterissuers", namespaced=False)


@pytest.fixture
def custom(api, scene):
    """A cluster with two kinds of its own, and an object of each."""
    api.kinds |= {"Certificate": CERTIFICATE, "ClusterIssuer": ISSUER}
    api.add(*scene("certificate"))
    api.add({"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "letsencrypt"}})
    return api


async def test_one_object_that_every_cluster_has(fed, api):
    found = await fed(
        "deployment-finished",
        ResourceProbe,
        kind="Deployment",
        name="shop-api",
        json={
            "cpu": "spec.template.spec.containers[0].resources.requests.cpu",
            "memory_bytes": "spec.template.spec.containers[0].resources.requests.memory",
            "replicas": "spec.replicas",
            "nothing": "spec.nothing",
            "wrong": "length(spec.replicas)",
            "manager": "metadata.managedFields",
        },
    )
    assert found == ResourceReading(
        found=True,
        conditions=["Available", "Progressing"],
        observed=True,
        age_seconds=3900.0,
        named={
            "cpu": "250m",
            "memory_bytes": "512Mi",
            "replicas": 3,
            "nothing": None,
            "wrong": Unreadable("length(spec.replicas): length() was given number, expected string or array or object"),
            "manager": None,
        },
    )
    assert api.paths == ["/apis/apps/v1/namespaces/shop/deployments/shop-api"]


async def test_one_object_of_a_custom_kind(custom, look):
    found = await look(
        ResourceProbe,
        kind="Certificate",
        api_version="cert-manager.io/v1",
        name="shop",
        json={"ready": "status.conditions[?type=='Ready'].status | [0]"},
    )
    assert found == ResourceReading(
        found=True, conditions=["Ready"], observed=None, age_seconds=3900.0, named={"ready": "True"}
    )
    assert custom.paths == ["/apis/cert-manager.io/v1", "/apis/cert-manager.io/v1/namespaces/shop/certificates/shop"]


async def test_a_custom_kind_that_is_in_no_namespace(custom, look):
    found = await look(ResourceProbe, kind="ClusterIssuer", api_version="cert-manager.io/v1", name="letsencrypt")
    assert found == ResourceReading(found=True, conditions=[])
    assert custom.paths[1] == "/apis/cert-manager.io/v1/clusterissuers/letsencrypt"


async def test_numbers_are_exact(api, look):
    metadata = {"name": "ratio", "namespace": "shop"}
    api.add({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"x": 0.1}})
    found = await look(ResourceProbe, kind="ConfigMap", name="ratio", json={"x": "data.x"})
    assert found.named == {"x": Decimal("0.1")}


async def test_a_generation_that_its_controller_has_not_seen(api, scene, look):
    (certificate,) = scene("certificate")
    certificate["status"]["observedGeneration"] = 1
    api.kinds["Certificate"] = CERTIFICATE
    api.add(certificate)
    found = await look(ResourceProbe, kind="Certificate", api_version="cert-manager.io/v1", name="shop")
    assert found.observed is False


@pytest.mark.parametrize("odd", ["fine", ["fine"], {"conditions": "fine"}, {"observedGeneration": "3"}, None])
async def test_a_custom_kind_may_tell_its_status_as_it_likes(api, scene, look, odd):
    (certificate,) = scene("certificate")
    certificate["status"] = odd
    api.kinds["Certificate"] = CERTIFICATE
    api.add(certificate)
    found = await look(
        ResourceProbe, kind="Certificate", api_version="cert-manager.io/v1", name="shop", json={"status": "status"}
    )
    assert (found.conditions, found.observed, found.named) == ([], None, {"status": odd})


async def test_a_list(fed):
    paths = {"levels": "items[].data.LOG_LEVEL", "first": "items[0].kind", "kind": "kind"}
    found = await fed("config-maps", ResourceProbe, kind="ConfigMap", json=paths)
    assert found == ResourceReading(
        found=True,
        count=2,
        names=["shop-api", "shop-web"],
        named={"levels": ["info", "debug"], "first": "ConfigMap", "kind": "ConfigMapList"},
    )


async def test_a_list_of_which_only_names_are_wanted(fed):
    found = await fed("config-maps", ResourceProbe, kind="ConfigMap", selector="app=shop-web")
    assert found == ResourceReading(found=True, count=1, names=["shop-web"])


async def test_a_list_of_what_is_in_no_namespace(fed):
    found = await fed("nodes-ready", ResourceProbe, kind="Node", json={"names": "items[].metadata.name"})
    assert found.named == {"names": ["worker-1", "worker-2", "worker-3"]}


async def test_a_list_of_several_pages(api, scene, look):
    one, _ = scene("config-maps")
    api.add(*({**one, "metadata": {"name": f"m{number:04}", "namespace": "shop"}} for number in range(600)))
    found = await look(ResourceProbe, kind="ConfigMap", json={"names": "items[].metadata.name", "n": "length(items)"})
    names = [f"m{number:04}" for number in range(600)]
    assert found == ResourceReading(found=True, count=600, names=names, named={"names": names, "n": 600})
    assert len(api.asked) == 3


async def test_one_that_is_not_there(api, look):
    found = await look(ResourceProbe, kind="ConfigMap", name="gone", json={"level": "data.LOG_LEVEL"})
    assert found == ResourceReading(found=False, named={"level": None})
    assert api.paths == ["/api/v1/namespaces/shop/configmaps/gone", "/api/v1/namespaces/shop"]


async def test_an_empty_list(look):
    found = await look(ResourceProbe, kind="ConfigMap", json={"names": "items[].metadata.name"})
    assert found == ResourceReading(found=False, count=0, names=[], named={"names": []})
    assert await look(ResourceProbe, kind="ConfigMap") == ResourceReading(found=False, count=0, names=[])


@pytest.mark.parametrize("settings", [{"name": "gone"}, {}, {"json": {"n": "length(items)"}}])
async def test_in_a_namespace_that_does_not_exist_nothing_is_proved(api, look, settings):
    """`found: false` and `count: 0` would hold."""
    with pytest.raises(ProbeError, match=f"^API server {re.escape(api.place)}: namespace shpo does not exist$"):
        await look(ResourceProbe, kind="ConfigMap", namespace="shpo", **settings)


async def test_a_kind_that_the_cluster_does_not_know_proves_nothing(custom, look):
    message = (
        f"API server {custom.place}: knows no kind Certifikate in cert-manager.io/v1, "
        "which has Certificate, ClusterIssuer"
    )
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(ResourceProbe, kind="Certifikate", api_version="cert-manager.io/v1", name="shop")


async def test_an_api_that_the_cluster_does_not_have_proves_nothing(api, look):
    message = f"API server {api.place}: does not answer /apis/cert-manager.io/v1: status is 404"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(ResourceProbe, kind="Certificate", api_version="cert-manager.io/v1", name="shop")


async def test_a_known_kind_that_this_cluster_does_not_have_proves_nothing(api, look):
    api.kinds.pop("Ingress")
    path = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/shop"
    message = f"API server {api.place}: does not answer {path}: status is 404"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(ResourceProbe, kind="Ingress", name="shop")


async def test_a_404_about_something_else_is_not_about_the_object(api, look):
    """A namespace that is being made anew, an aggregated API that has lost its back end."""
    api.say("/api/v1/*", status(404, "NotFound", "the server could not find the requested resource"))
    message = (
        f"API server {api.place}: does not answer /api/v1/namespaces/shop/configmaps/a: status is 404 "
        "(the server could not find the requested resource)"
    )
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(ResourceProbe, kind="ConfigMap", name="a")


async def test_the_values_of_a_secret_are_not_read(fed):
    found = await fed("secret", ResourceProbe, kind="Secret", name="shop-api", json={"all": "@", "keys": "keys(data)"})
    assert found.named["keys"] == ["database-url"]
    assert found.named["all"]["data"] == {"database-url": "(7 bytes, not read)"}
    assert "hunter2" not in repr(found)
    assert "aHVudGVyMg" not in repr(found)


async def test_nor_in_a_list_of_secrets(api, scene, look):
    (secret,) = scene("secret")
    secret["data"] |= {"odd": "not base64", "number": 7}
    secret["stringData"] = {"plain": "hunter2"}
    api.add(secret)
    found = await look(ResourceProbe, kind="Secret", json={"data": "items[].[data, stringData, metadata.annotations]"})
    assert found.named == {
        "data": [
            [
                {"database-url": "(7 bytes, not read)", "odd": "(not read)", "number": "(not read)"},
                {"plain": "(7 bytes, not read)"},
                {"kubectl.kubernetes.io/last-applied-configuration": "(not read)"},
            ]
        ]
    }


async def test_a_list_that_is_too_large_to_be_held(api, look):
    items = b'{"kind":"ConfigMapList","metadata":{},"items":[%s]}' % b",".join(
        [b'{"metadata":{"name":"a"},"data":{"x":"%s"}}' % (b"x" * (9 << 20))] * 4
    )
    api.say("/api/v1/*", Answer(200, items))
    message = f"API server {api.place}: its list of configmaps is larger than 32 MiB: choose some by a selector"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(ResourceProbe, kind="ConfigMap", json={"n": "length(items)"})
    assert (await look(ResourceProbe, kind="ConfigMap")).count == 4
    found = await look(ResourceProbe, kind="ConfigMap", json={"names": "items[].metadata.name"})
    assert (found.count, found.named) == (4, {"names": ["a", "a", "a", "a"]})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"kind":"Pod","metadata":{"name":"a"}}', "answers with Pod, expected ConfigMap"),
        (b'{"metadata":{"name":"a"}}', "answers with no kind, expected ConfigMap"),
        (b'{"kind":"ConfigMap"}', "answers with what is no ConfigMap: object missing required field `metadata`"),
        (b"[]", "answers with what is no ConfigMap: expected `object`, got `array`"),
        (
            b'{"kind":"ConfigMap","metadata":{"name":"a"},"data":1,"data":2}',
            'answers with what is not JSON: the key "data" stands twice in one object',
        ),
    ],
)
async def test_what_is_no_such_object(api, look, body, message):
    api.say("/api/v1/*", Answer(200, body))
    with pytest.raises(Unreachable, match=f"^API server {re.escape(api.place)}: {re.escape(message)}$"):
        await look(ResourceProbe, kind="ConfigMap", name="a", json={"data": "data"})


@pytest.mark.parametrize("item", [b"7", b"[]", b'{"a":1,"a":2}'])
async def test_what_is_no_list_of_objects(api, look, item):
    api.say("/api/v1/*", Answer(200, b'{"kind":"ConfigMapList","metadata":{},"items":[%s]}' % item))
    with pytest.raises(Unreachable, match=f"^API server {re.escape(api.place)}: answers with what is "):
        await look(ResourceProbe, kind="ConfigMap", json={"data": "items"})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"kind": "Deploymnt"},
            "kind Deploymnt is not one that every cluster has: did you mean Deployment?  If not, give its apiVersion",
        ),
        ({"kind": "Zebra"}, "kind Zebra is not one that every cluster has: give its apiVersion"),
        (
            {"kind": "Pod", "name": "a", "selector": "b"},
            "name excludes selector and field_selector, which are for lists",
        ),
        ({"kind": "Pod", "name": "a", "all_namespaces": True}, "one Pod is in one namespace, not in all of them"),
        ({"kind": "Pod", "namespace": "a", "all_namespaces": True}, "namespace and all_namespaces exclude each other"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ResourceProbe(**settings)


STREAMED = [
    "items[].metadata.name",
    "items[*].metadata.labels.app",
    "items[?metadata.labels.app=='shop-web'].data",
    "items[].data.*[]",
    "items[].data.nothing",
    "items[].{name: metadata.name, level: data.LOG_LEVEL}",
    "items[].[kind, apiVersion]",
]
WHOLE = [
    "items",
    "items[0].metadata.name",
    "items[:1].kind",
    "items[].kind | [0]",
    "length(items[])",
    "kind",
    "[].kind",
]


@pytest.mark.parametrize(("paths", "streamed"), [(STREAMED, True), (WHOLE, False)])
def test_which_paths_ask_each_object_for_itself(paths, streamed):
    assert [path for path in paths if streams(path) is streamed] == paths


@pytest.mark.parametrize("path", STREAMED)
async def test_object_by_object_a_path_finds_what_it_finds_in_the_whole(api, scene, look, path):
    api.add(*scene("config-maps"))
    by_itself = await look(ResourceProbe, kind="ConfigMap", json={"found": path})
    in_whole = await look(ResourceProbe, kind="ConfigMap", json={"found": path, "whole": "kind"})
    assert by_itself.named == {"found": in_whole.named["found"]}
    assert by_itself.names == in_whole.names == ["shop-api", "shop-web"]


async def test_what_cannot_be_read_in_one_object_cannot_be_read_in_all(api, scene, look):
    objects = scene("config-maps")
    objects[0]["data"]["LOG_LEVEL"] = 7
    api.add(*objects, *objects)
    found = await look(ResourceProbe, kind="ConfigMap", json={"sizes": "items[].data.length(LOG_LEVEL)"})
    assert isinstance(found.named["sizes"], Unreadable)
