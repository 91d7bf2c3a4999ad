"""Lists page by page: whole, or an error."""

import re

import pytest

from agent.probe import ProbeError, Unreachable
from probes.kubernetes.pods import PodsProbe

from .server import Answer, status

GONE = status(410, "Expired", "The provided continue parameter is too old to display a consistent list result.")


@pytest.fixture
def many(api, scene):
    """Six hundred pods: three pages."""
    (pod,) = scene("pod-not-ready")
    for number in range(600):
        api.add({**pod, "metadata": {**pod["metadata"], "name": f"p{number:04}"}})
    return api


async def test_every_page_is_read(many, look):
    found = await look(PodsProbe)
    assert (found.total, found.not_ready) == (600, 600)
    assert [one.query.get("limit") for one in many.asked] == ["250"] * 3
    assert [bool(one.query.get("continue")) for one in many.asked] == [False, True, True]


async def test_the_choice_is_asked_for_on_every_page(many, look):
    await look(PodsProbe, selector="app=shop-api", field_selector="status.phase=Running")
    asked = {(one.query["labelSelector"], one.query["fieldSelector"]) for one in many.asked}
    assert (asked, len(many.asked)) == ({("app=shop-api", "status.phase=Running")}, 3)


async def test_a_rest_that_is_not_kept_any_more_is_read_from_the_beginning(many, look):
    """The pages of two lists are no list: pods would be counted twice, or not at all."""
    many.say("*/pods", lambda asked: GONE if "continue" in asked.query and len(many.asked) < 4 else None)
    found = await look(PodsProbe)
    assert found.total == 600
    assert [bool(one.query.get("continue")) for one in many.asked] == [False, True, False, True, True]


async def test_a_rest_that_is_never_kept_is_no_list(many, look):
    many.say("*/pods", lambda asked: GONE if "continue" in asked.query else None)
    message = f"API server {many.place}: the list of pods expired 3 times before it was read to its end (410 Gone)"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(PodsProbe)
    assert len(many.asked) == 6


async def test_a_410_that_the_api_did_not_say(many, look):
    many.say("*/pods", Answer(410, b"gone fishing"))
    message = f"API server {many.place}: does not answer /api/v1/namespaces/shop/pods: status is 410"
    with pytest.raises(ProbeError, match=f"^{re.escape(message)}$"):
        await look(PodsProbe)


@pytest.mark.parametrize("answer", [status(500, "InternalError", "etcdserver: timeout"), Answer(200, b"{")])
async def test_a_page_that_fails_is_the_end_of_it(many, look, answer):
    many.say("*/pods", lambda asked: answer if "continue" in asked.query else None)
    with pytest.raises(Unreachable):
        await look(PodsProbe)


async def test_pages_in_a_circle(api, look):
    page = b'{"kind":"PodList","metadata":{"continue":"again"},"items":[]}'
    api.say("*/pods", Answer(200, page))
    message = f"API server {api.place}: the pages of its list of pods go in a circle"
    with pytest.raises(Unreachable, match=f"^{re.escape(message)}$"):
        await look(PodsProbe)
    assert len(api.asked) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"kind":"Status","metadata":{},"items":[]}', "answers with Status, expected PodList"),
        ('{"kind":"PodList","metadata":{}}', "answers with what is no PodList: object missing required field `items`"),
        ('{"kind":"PodList","items":[]}', "answers with what is no PodList: object missing required field `metadata`"),
        ('{"metadata":{},"items":{}}', "answers with what is no PodList: expected `array | null`, got `object`"),
        ("{}", "answers with what is no PodList: object missing required field `metadata`"),
        (
            '{"kind":"PodList","metadata":{},"items":[{}]}',
            "answers with what is no PodList: object missing required field `metadata` - at `$.items[0]`",
        ),
        (
            '{"kind":"PodList","metadata":{},"items":[{"metadata":{"name":"a"},"spec":{"containers":{}}}]}',
            "answers with what is no PodList: expected `array`, got `object` - at `$.items[0].spec.containers`",
        ),
        ("", "answers with what is not JSON: input data was truncated"),
        ('{"kind":"PodList","metadata":{},"items":[', "answers with what is not JSON: input data was truncated"),
        ("<html>", "answers with what is not JSON: invalid character (byte 0)"),
        ('{"kind":"\\ud800"}', "answers with what is "),
        ("[" * 100_000, "answers with what is "),
        ('{"kind":"PodList","metadata":{},"x":' + "[" * 100_000, "answers with what is "),
    ],
)
async def test_what_is_no_list(api, look, body, message):
    api.say("*/pods", Answer(200, body.encode("utf-8", "surrogatepass")))
    place = re.escape(f"API server {api.place}: ")
    with pytest.raises(Unreachable, match=f"^{place}{re.escape(message)}"):
        await look(PodsProbe)


async def test_a_list_without_items_is_empty(api, look):
    """Some servers write null for none."""
    api.say("*/pods", Answer(200, b'{"kind":"PodList","metadata":{},"items":null}'))
    assert (await look(PodsProbe)).total == 0
