"""The kind `api`: a witness that reads all pages, and has patience with who asks for it."""

import email.utils
import json
import time

import pytest

from agent.probe import ProbeError, Unreachable, Unreadable
from probes.http.api import ApiProbe
from probes.http.pages import Pages

from .server import response, routes, says

ITEMS = {"count": "length(@)", "ids": "[].id", "last": "[-1].id"}


def page(ids, status=200, **headers):
    return response(status, json.dumps([{"id": one} for one in ids]).encode(), **headers)


def body(**content):
    return response(200, json.dumps(content).encode())


@pytest.fixture
def ask(serve, look):
    """Ask an API made of these answers; gives what was read, with the server's address left out."""

    async def take(answers, path="/list", **settings):
        server = serve(routes(answers))
        take.server = server
        reading = await look(f"{server.url}{path}", ApiProbe, **settings)
        take.hops = [hop.removeprefix(server.url) for hop in reading.hops]
        return reading

    return take


@pytest.fixture
def refused(ask):
    """Ask, and give the error without the server's address."""

    async def take(answers, kind=ProbeError, **settings):
        with pytest.raises(kind) as caught:
            await ask(answers, **settings)
        return str(caught.value).replace(f"127.0.0.1:{ask.server.port}", "HOST")

    return take


def test_it_is_a_witness_whose_status_is_its_answer():
    assert (ApiProbe.witness, ApiProbe.gates, ApiProbe.defaults) == (
        True,
        ("status",),
        {"status": {"min": "200", "max": "299"}},
    )


async def test_without_pages_it_is_http(ask):
    reading = await ask({"/list": body(total=3)}, json={"total": "total"}, bearer="sesame")
    assert (reading.status, reading.named, reading.page_count, reading.item_count) == (200, {"total": 3}, None, None)
    assert ask.server.asked[0].headers["authorization"] == "Bearer sesame"


async def test_links_lead_from_page_to_page(ask):
    answers = {
        "/list": page([1, 2], link='</list?page=2>; rel="next", </list?page=3>; rel="last"'),
        "/list?page=2": page([3, 4], link="<?page=3>; rel=next"),
        "/list?page=3": page([5], link='</list>; rel="first"', x_left="9"),
    }
    reading = await ask(answers, pages=True, json=ITEMS, header={"left": "x-left"}, bearer="sesame")
    assert reading.named == {"left": "9", "count": 5, "ids": [1, 2, 3, 4, 5], "last": 5}
    assert (reading.page_count, reading.item_count, reading.status, reading.redirects) == (3, 5, 200, 0)
    assert ask.hops == ["/list", "/list?page=2", "/list?page=3"]
    assert reading.hop_seconds == pytest.approx(reading.hop_seconds)
    assert sum(reading.hop_seconds) == pytest.approx(reading.latency_seconds)
    assert {asked.headers["authorization"] for asked in ask.server.asked} == {"Bearer sesame"}
    several = Unreadable("there are several pages, which only `json` reads")
    assert (reading.body, reading.sha256) == (several, several)
    assert reading.size_bytes == sum(len(answer.partition(b"\r\n\r\n")[2]) for answer in answers.values())


async def test_one_page_is_all_there_is(ask):
    reading = await ask({"/list": page([1])}, pages=True, json=ITEMS)
    assert (reading.named, reading.page_count, reading.body) == ({"count": 1, "ids": [1], "last": 1}, 1, '[{"id": 1}]')


async def test_items_and_a_url_in_the_page(ask):
    answers = {
        "/list?a=b": body(data={"items": [{"id": 1}]}, next="/list?c=2"),
        "/list?c=2": body(data={"items": [{"id": 2}]}, next=None),
    }
    way = Pages(items="data.items", next="next")
    assert (await ask(answers, path="/list?a=b", pages=way, json=ITEMS)).named["ids"] == [1, 2]


@pytest.mark.parametrize("end", [None, "", False])
async def test_a_cursor_in_the_page(ask, end):
    answers = {
        "/list?size=1&cursor=x": body(items=[{"id": 1}], meta={"cursor": "a b"}),
        "/list?size=1&cursor=a+b": body(items=[{"id": 2}], meta={"cursor": 7}),
        "/list?size=1&cursor=7": body(items=[], meta={"cursor": end}),
    }
    way = Pages(items="items", next="meta.cursor", parameter="cursor")
    reading = await ask(answers, path="/list?size=1&cursor=x", pages=way, json=ITEMS)
    assert (reading.named["ids"], reading.page_count) == ([1, 2], 3)


async def test_an_offset_and_a_number_are_counted_by_us(ask):
    answers = {
        "/list": body(incidents=[{"id": 1}, {"id": 2}]),
        "/list?offset=2": body(incidents=[{"id": 3}]),
        "/list?offset=3": body(incidents=[]),
        "/list?page=2": body(incidents=[{"id": 4}]),
        "/list?page=3": body(incidents=[]),
    }
    offset = await ask(answers, pages=Pages(items="incidents", offset="offset"), json=ITEMS)
    assert (offset.named["ids"], ask.hops) == ([1, 2, 3], ["/list", "/list?offset=2", "/list?offset=3"])
    number = await ask(answers, pages=Pages(items="incidents", number="page"), json=ITEMS)
    assert (number.named["ids"], ask.hops) == ([1, 2, 4], ["/list", "/list?page=2", "/list?page=3"])


async def test_the_status_of_the_first_page_is_judged_and_nothing_is_read_from_it(ask):
    reading = await ask({"/list": response(403, b'{"message": "no"}')}, pages=True, json=ITEMS)
    unread = Unreadable("there are no pages: status is 403")
    assert (reading.status, reading.page_count, reading.item_count) == (403, None, None)
    assert reading.named == {"count": unread, "ids": unread, "last": unread}


LINK = {"link": "</list?page=2>; rel=next"}

CUT = {
    "a later page fails": ({"/list?page=2": response(500)}, {}, "page 2: status is 500"),
    "a later page is no JSON": (
        {"/list?page=2": response(200, b"[1")},
        {},
        "page 2: the body is not JSON: it is cut short at line 1 column 3",
    ),
    "a later page is no list": (
        {"/list?page=2": body(items=[])},
        {},
        "page 2: the page is not a list: `pages: {items: …}` says where its items are",
    ),
    "a circle": (
        {"/list?page=2": page([2], link="</list>; rel=next")},
        {},
        "page 3: it was read before: the pages go in a circle",
    ),
    "too many": (
        {"/list?page=2": page([2], link="</list?page=3>; rel=next")},
        {"limit": 2},
        "page 3: there are more than 2 pages (`limit`)",
    ),
    "another origin": (
        {"/list?page=2": page([2], link="<http://127.0.0.1:1/x?secret=1>; rel=next")},
        {},
        "page 3: it is at another origin, http://127.0.0.1:1, which is not asked",
    ),
    "nowhere": (
        {"/list?page=2": page([2], link="<ftp://h/>; rel=next")},
        {},
        "page 3: it is at what is not a URL",
    ),
}


@pytest.mark.parametrize("name", CUT)
async def test_a_list_is_never_cut_silently(refused, name):
    answers, way, reason = CUT[name]
    told = await refused({"/list": page([1], **LINK), **answers}, pages=Pages(**way), json=ITEMS)
    assert told == reason


async def test_a_page_that_does_not_come_is_told_as_such(refused):
    answers = {"/list": page([1], **LINK), "/list?page=2": b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1"}
    told = await refused(answers, Unreachable, pages=True, json=ITEMS)
    assert told == "page 2: HOST: the body is cut short: 2 of 9 bytes came"


async def test_pages_have_one_limit_together(refused):
    answers = {"/list": page(range(50), **LINK), "/list?page=2": page(range(50))}
    told = await refused(answers, pages=True, json=ITEMS, body_limit=600)
    assert told == "page 2: the pages are larger than 600 bytes together (`body_limit`)"


@pytest.mark.parametrize("way", [{"offset": "page"}, {"number": "page"}])
async def test_an_api_that_ignores_our_counting_is_seen(refused, way):
    told = await refused({"/list": body(items=[1])}, pages=Pages(items="items", **way))
    assert told == "page 2: it has the same items as the page before"


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ({"items": "none"}, "page 1: `items` (none) is not a list in the page"),
        ({"items": "length(n)"}, "page 1: length(n): length() was given number, expected string or array or object"),
        ({"items": "items", "next": "items"}, "page 2: `next` of the page before is neither a text nor empty"),
        ({"items": "items", "next": "n"}, "page 2: `next` of the page before is neither a text nor empty"),
    ],
)
async def test_a_way_that_is_not_in_the_page(refused, way, reason):
    assert await refused({"/list": body(items=[1], n=5)}, pages=Pages(**way)) == reason


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("pages", [False, True])
async def test_an_api_that_asks_for_patience(serve, look, status, pages):
    server = serve(says(response(status, retry_after="30")))
    with pytest.raises(ProbeError) as caught:
        await look(server.url, ApiProbe, pages=pages)
    place = f"{'page 1: ' if pages else ''}127.0.0.1:{server.port}"
    assert str(caught.value) == f"{place}: asks for patience: status is {status}, and to come again in 30 s"
    partial = caught.value.partial
    assert (partial["status"], partial["retry_after_seconds"]) == (status, 30.0)
    assert partial["first_byte_seconds"] >= 0


@pytest.mark.parametrize("header", ["soon", "-1", "1e9", "99999999999", "Mon, 99 Foo 2026"])
async def test_patience_without_a_time(serve, look, header):
    server = serve(says(response(429, retry_after=header)))
    with pytest.raises(ProbeError) as caught:
        await look(server.url, ApiProbe)
    assert str(caught.value) == f"127.0.0.1:{server.port}: asks for patience: status is 429"
    assert "retry_after_seconds" not in caught.value.partial


@pytest.mark.parametrize(("offset", "seconds"), [(3600, 3600), (-3600, 0)])
async def test_patience_until_a_date(serve, look, offset, seconds):
    server = serve(says(response(429, retry_after=email.utils.formatdate(time.time() + offset, usegmt=True))))
    with pytest.raises(ProbeError) as caught:
        await look(server.url, ApiProbe)
    assert caught.value.partial["retry_after_seconds"] == pytest.approx(seconds, abs=10)


async def test_503_alone_is_an_answer(ask):
    assert (await ask({"/list": response(503)})).status == 503
