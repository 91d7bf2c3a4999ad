"""kubernetes.rollout: the image that pods really have, against the one that is expected."""

import re

import msgspec
import pytest

from probes.kubernetes.image import check
from probes.kubernetes.rollout import RolloutProbe

IMAGE = "registry.example.com/shop-api"
DIGEST, OTHER = "sha256:" + "2" * 64, "sha256:" + "9" * 64


@pytest.fixture
def judged(api, scene, look):
    """Judge a finished rollout whose pods' app container is changed so; gives the verdict and the problems."""

    async def measure(image, change=lambda spec, status: None, every=True, **settings):
        objects = scene("deployment-finished")
        for pod in [one for one in objects if one["kind"] == "Pod"][: None if every else 1]:
            change(pod["spec"]["containers"][0], pod["status"]["containerStatuses"][0])
        api.add(*objects)
        found = await look(RolloutProbe, deployment="shop-api", image=image, **settings)
        return found.image_matches, found.problems

    return measure


@pytest.mark.parametrize(
    "image",
    [
        f"{IMAGE}:1.4.2",
        f"{IMAGE}@{DIGEST}",
        f"{IMAGE}:1.4.2@{DIGEST}",
        f"{IMAGE}:whatever@{DIGEST}",
        f"mirror.example.com/shop-api@{DIGEST}",
        DIGEST,
        f"@{DIGEST}",
    ],
)
async def test_pods_have_it(judged, image):
    assert await judged(image) == (True, [])


@pytest.mark.parametrize(
    "image", [f"{IMAGE}:1.4.3", IMAGE, f"{IMAGE}@{OTHER}", "hub.example.com/shop-api:1.4.2", "shop-api:1.4.2", OTHER]
)
async def test_pods_have_another(judged, image):
    matches, problems = await judged(image)
    assert matches is False
    assert problems == [
        f"pod shop-api-7d4b9c6f5d-{name} container app has {IMAGE}:1.4.2 (sha256:222222222222…), expected {image}"
        for name in ("2xk8q", "9mz4t", "hwb6c")
    ]


async def test_one_of_them_has_another(judged):
    def change(spec, status):
        spec["image"] = status["image"] = f"{IMAGE}:1.4.1"
        status["imageID"] = f"{IMAGE}@{OTHER}"

    assert await judged(f"{IMAGE}:1.4.2", change, every=False) == (
        False,
        [
            f"pod shop-api-7d4b9c6f5d-2xk8q container app has {IMAGE}:1.4.1 (sha256:999999999999…), "
            f"expected {IMAGE}:1.4.2"
        ],
    )


async def test_a_tag_that_was_pushed_anew_is_not_the_same_everywhere(judged):
    def change(spec, status):
        status["imageID"] = f"{IMAGE}@{OTHER}"

    assert await judged(f"{IMAGE}:1.4.2", change, every=False) == (
        True,
        [
            f"container app is not the same in all pods: {IMAGE}:1.4.2 is sha256:222222222222…, sha256:999999999999…",
        ],
    )


async def test_the_status_shows_another_tag_of_what_the_pod_was_made_to_run(judged):
    """The runtime names an image by any of its tags (kubernetes/kubernetes#51017)."""

    def change(spec, status):
        status["image"] = f"{IMAGE}:latest"

    assert await judged(f"{IMAGE}:1.4.2", change) == (True, [])


async def test_the_status_shows_a_bare_id(judged):
    def change(spec, status):
        status["image"] = status["imageID"] = "sha256:" + "7" * 64

    assert await judged(f"{IMAGE}:1.4.2", change) == (True, [])


async def test_a_pod_whose_image_was_changed_and_that_has_not_restarted(judged):
    """What its spec says is no proof where the template says something else."""

    def change(spec, status):
        spec["image"] = f"{IMAGE}:1.4.3"

    matches, problems = await judged(f"{IMAGE}:1.4.3", change)
    assert (matches, len(problems)) == (False, 3)


async def test_the_index_was_asked_for_and_the_status_shows_one_platforms_manifest(api, scene, look):
    objects = scene("deployment-finished")
    for one in objects:
        template = one["spec"].get("template", one)["spec"]
        if one["metadata"]["name"] != "shop-api-5f8c7b9d4":
            template["containers"][0]["image"] = f"{IMAGE}@{DIGEST}"
        if one["kind"] == "Pod":
            one["status"]["containerStatuses"][0] |= {"image": f"{IMAGE}@{DIGEST}", "imageID": f"{IMAGE}@{OTHER}"}
    api.add(*objects)
    found = await look(RolloutProbe, deployment="shop-api", image=f"{IMAGE}@{DIGEST}")
    assert (found.image_matches, found.problems, found.digests) == (True, [], [OTHER])


async def test_a_ready_pod_that_does_not_say_what_it_has_is_no_proof(judged):
    def change(spec, status):
        status["imageID"] = ""

    assert await judged(f"{IMAGE}:1.4.2", change) == (False, [f"not every pod shows that it has {IMAGE}:1.4.2"])


@pytest.fixture
def with_sidecar(api, scene, look):
    """A finished rollout whose pods were given a sidecar."""
    objects = scene("deployment-finished")
    for pod in (one for one in objects if one["kind"] == "Pod"):
        pod["spec"]["containers"].append({"name": "proxy", "image": "istio/proxyv2:1.22.0"})
        proxy = {"image": "hub.example.com/istio/proxyv2:1.22.0", "imageID": f"hub.example.com/istio/proxyv2@{OTHER}"}
        statuses = pod["status"]["containerStatuses"]
        statuses.append({**statuses[0], "name": "proxy", **proxy})
    api.add(*objects)

    async def measure(**settings):
        found = await look(RolloutProbe, deployment="shop-api", **settings)
        return found.image_matches, found.images, found.problems

    return measure


async def test_a_sidecar_may_have_another_image(with_sidecar):
    images = ["istio/proxyv2:1.22.0", f"{IMAGE}:1.4.2"]
    assert await with_sidecar(image=f"{IMAGE}:1.4.2") == (True, images, [])
    assert await with_sidecar(image=DIGEST) == (True, images, [])


async def test_a_name_without_a_registry_stands_in_full_in_the_status(with_sidecar):
    for image in ("istio/proxyv2:1.22.0", "hub.example.com/istio/proxyv2:1.22.0"):
        assert (await with_sidecar(image=image))[0] is True
    for image in ("istio/proxyv2:1.22.1", "proxyv2:1.22.0", "other.example.com/istio/proxyv2:1.22.0"):
        assert (await with_sidecar(image=image))[0] is False


async def test_of_one_container(with_sidecar):
    assert await with_sidecar(image="istio/proxyv2:1.22.0", container="proxy") == (True, ["istio/proxyv2:1.22.0"], [])
    matches, images, problems = await with_sidecar(image=f"{IMAGE}:1.4.2", container="proxy")
    assert (matches, images, len(problems)) == (False, ["istio/proxyv2:1.22.0"], 3)


async def test_a_container_that_no_pod_has(with_sidecar):
    assert await with_sidecar(image=f"{IMAGE}:1.4.2", container="api") == (
        False,
        [],
        [
            f"pod shop-api-7d4b9c6f5d-{name} has no container api, expected {IMAGE}:1.4.2"
            for name in ("2xk8q", "9mz4t", "hwb6c")
        ],
    )


async def test_many_with_other_images_are_counted(api, scene, look):
    objects = scene("deployment-finished")
    objects[0]["spec"]["replicas"] = 10
    pod = objects[-1]
    for number in range(7):
        one = msgspec.json.decode(msgspec.json.encode(pod))
        one["metadata"]["name"] = f"shop-api-7d4b9c6f5d-{number}"
        objects.append(one)
    api.add(*objects)
    found = await look(RolloutProbe, deployment="shop-api", image=f"{IMAGE}:9")
    assert found.problems[-1] == f"pods with other images than {IMAGE}:9 beside these: 7"


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("", "'' is no image such as registry.example.com/shop:1.4.2"),
        ("shop:", "'shop:' is no image: its tag is empty or has a character that no tag has"),
        ("shop:1 2", "'shop:1 2' is no image: its tag is empty or has a character that no tag has"),
        ("shop@sha256:12", "'shop@sha256:12' is no image: its digest is not sha256: and 64 hexadecimal digits"),
        ("https://shop", "'https://shop' is no image such as registry.example.com/shop:1.4.2"),
    ],
)
def test_what_is_no_image_is_refused(image, message):

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        check(image)
