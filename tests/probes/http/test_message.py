"""What is sent: headers, credentials, query and bodies."""

import base64
from decimal import Decimal
from importlib.metadata import version

import pytest

from agent.probe import ProbeError
from probes.http.api import ApiProbe
from probes.http.forms import Basic, Part
from probes.http.probe import HttpProbe

from .server import response, says


@pytest.fixture
def sent(serve, look):
    """Look at a server and give what it was asked."""

    async def send(path="/", kind=HttpProbe, **settings):
        server = serve(says(response(200)))
        await look(f"{server.url}{path}", kind, **settings)
        return server.asked[0]

    return send


async def test_a_plain_request(sent):
    asked = await sent("/a%20b?c=d&c=é#top")
    assert (asked.method, asked.target, asked.body) == ("GET", "/a%20b?c=d&c=%C3%A9", b"")
    host = asked.headers.pop("host")
    assert host.startswith("127.0.0.1:")
    assert asked.headers == {
        "user-agent": f"gonogo/{version('gonogo')}",
        "accept": "*/*",
        "accept-encoding": "gzip, deflate",
        "connection": "close",
    }


async def test_an_api_is_asked_for_json(sent):
    assert (await sent(kind=ApiProbe)).headers["accept"] == "application/json, */*;q=0.5"


async def test_headers_of_the_profile_replace_the_agents_own(sent):
    headers = {"User-Agent": "me", "ACCEPT": "text/html", "host": "virtual", "X-Name": "Grün"}
    asked = await sent(headers=headers)
    assert asked.headers["user-agent"] == "me"
    assert asked.headers["accept"] == "text/html"
    assert asked.headers["host"] == "virtual"
    assert asked.headers["x-name"] == "Grün"


async def test_a_query_is_added_and_escaped(sent):
    asked = await sent("/s?q=a+b%2B&x[]=1", query={"y": "a b&c", "z[]": ["1", "2"]})
    assert asked.target == "/s?q=a+b%2B&x[]=1&y=a+b%26c&z%5B%5D=1&z%5B%5D=2"
    assert (await sent("/s", query={"y": "1"})).target == "/s?y=1"


@pytest.mark.parametrize(
    ("body", "media_type", "data"),
    [
        pytest.param({"a": [1, True, None, "x"]}, "application/json", b'{"a":[1,true,null,"x"]}', id="mapping"),
        pytest.param([], "application/json", b"[]", id="list"),
        pytest.param(Decimal("1.10"), "application/json", b"1.10", id="number"),
        pytest.param(False, "application/json", b"false", id="false"),
        pytest.param("grün", None, "grün".encode(), id="text"),
    ],
)
async def test_a_body(sent, body, media_type, data):
    asked = await sent(method="POST", body=body)
    assert (asked.headers.get("content-type"), asked.body) == (media_type, data)
    assert asked.headers["content-length"] == str(len(data))


async def test_the_profiles_media_type_wins(sent):
    asked = await sent(method="PATCH", body={"a": 1}, headers={"Content-Type": "application/merge-patch+json"})
    assert (asked.headers["content-type"], asked.body) == ("application/merge-patch+json", b'{"a":1}')


async def test_a_post_without_a_body_says_so(sent):
    assert (await sent(method="POST")).headers["content-length"] == "0"


async def test_a_form(sent):
    asked = await sent(method="POST", form={"user": "a b", "role": ["x", "y"]})
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.body == b"user=a+b&role=x&role=y"


async def test_a_multipart_form(sent, tmp_path):
    file = tmp_path / "smoke.txt"
    file.write_bytes(b"\0data")
    parts = {
        "plain": str(file),
        "value": Part(value="grün"),
        "named": Part(file=str(file), name="other.bin", content_type="text/x"),
    }
    asked = await sent(method="POST", multipart=parts)
    media_type, _, boundary = asked.headers["content-type"].partition("; boundary=")
    assert media_type == "multipart/form-data"
    assert asked.body.decode() == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="plain"; filename="smoke.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n\0data\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="value"\r\n\r\ngrün\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="named"; filename="other.bin"\r\n'
        "Content-Type: text/x\r\n\r\n\0data\r\n"
        f"--{boundary}--\r\n"
    )


async def test_a_file_that_is_not_there_is_our_own_trouble(sent, tmp_path):
    missing = str(tmp_path / "none.txt")
    with pytest.raises(ProbeError) as caught:
        await sent(method="POST", multipart={"file": missing})
    assert str(caught.value) == f"{missing}: no such file or directory"


@pytest.mark.parametrize(
    ("settings", "authorization"),
    [
        pytest.param({"bearer": "sesame"}, "Bearer sesame", id="bearer"),
        pytest.param(
            {"basic": Basic(user="me", password="pä:ss")},
            "Basic " + base64.b64encode("me:pä:ss".encode()).decode(),
            id="basic",
        ),
        pytest.param({"headers": {"Authorization": "Token token=x"}}, "Token token=x", id="header"),
    ],
)
async def test_credentials(sent, settings, authorization):
    assert (await sent(**settings)).headers["authorization"] == authorization


async def test_user_and_password_of_a_url_are_sent_and_never_shown(serve, look):
    server = serve(says(response(200)))
    reading = await look(server.url.replace("//", "//me:p%40ss@"))
    assert server.asked[0].headers["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert (reading.url, reading.hops) == (server.url, [server.url])
    assert server.asked[0].headers["host"] == f"127.0.0.1:{server.port}"


async def test_a_name_outside_of_ascii(serve, look, names):
    names["xn--mnchen-3ya.example"] = ["127.0.0.1"]
    server = serve(says(response(200)))
    reading = await look(f"http://münchen.example:{server.port}/")
    assert server.asked[0].headers["host"] == f"xn--mnchen-3ya.example:{server.port}"
    assert (reading.status, reading.addresses) == (200, ["127.0.0.1"])
