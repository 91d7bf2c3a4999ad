"""The kind `http`: right, wrong, absent, hanging, refused."""

import hashlib

import anyio
import msgspec
import psutil
import pytest

from agent.probe import Need, ProbeError, Unreachable, Unreadable
from probes.http.probe import HttpProbe

from .server import response, routes, says

JSON = b'{"status": "healthy", "version": "1.2.3", "depth": [1, 2]}'


async def test_reads_everything_of_an_answer(serve, look, host):
    server = serve(says(response(200, JSON, content_type="application/json", x_version="v7")), host)
    reading = await look(
        f"{server.url}/health?full=1#top",
        json={"release": "version", "missing": "nothing", "depth": "depth"},
        regex={"state": r'"status": "(\w+)"', "match": "1[.]2", "unmatched": "x{9}"},
        header={"deployed": "X-Version", "absent": "x-absent"},
    )
    times = {name: getattr(reading, name) for name in reading.__struct_fields__ if name.endswith("_seconds")}
    hop_seconds = times.pop("hop_seconds")
    present = {name for name, value in times.items() if value is not None}
    assert present == {"latency_seconds", "connect_seconds", "first_byte_seconds", "transfer_seconds"}
    assert all(0 <= times[name] < 10 for name in present)
    assert hop_seconds == [times["latency_seconds"]]
    parts = times["connect_seconds"] + times["first_byte_seconds"] + times["transfer_seconds"]
    assert parts <= times["latency_seconds"]
    rest = {
        name: value for name, value in msgspec.structs.asdict(reading).items() if name not in (*times, "hop_seconds")
    }
    assert rest == {
        "status": 200,
        "body": JSON.decode(),
        "size_bytes": len(JSON),
        "sha256": hashlib.sha256(JSON).hexdigest(),
        "http_version": "1.1",
        "url": f"{server.url}/health?full=1",
        "hops": [f"{server.url}/health?full=1"],
        "redirects": 0,
        "addresses": [host],
        "named": {
            "release": "1.2.3",
            "missing": None,
            "depth": [1, 2],
            "state": "healthy",
            "match": "1.2",
            "unmatched": None,
            "deployed": "v7",
            "absent": None,
        },
    }


@pytest.mark.parametrize("status", [200, 204, 301, 404, 500, 999])
async def test_a_wrong_answer_is_an_answer(serve, look, status):
    server = serve(says(response(status, b"")))
    reading = await look(server.url)
    assert (reading.status, reading.redirects) == (status, 0)


async def test_a_part_that_was_asked_for_is_an_answer(serve, look):
    server = serve(says(response(206, b"half", content_range="bytes 0-3/8")))
    reading = await look(server.url, headers={"Range": "bytes=0-3"}, header={"part": "content-range"})
    assert (reading.status, reading.body, reading.named) == (206, "half", {"part": "bytes 0-3/8"})


async def test_nothing_listens(look, nobody):
    with pytest.raises(Unreachable) as caught:
        await look(f"http://127.0.0.1:{nobody}/")
    assert str(caught.value) == f"127.0.0.1:{nobody}: connection refused"


async def test_a_name_that_does_not_exist(look):
    with pytest.raises(Unreachable) as caught:
        await look(f"http://{'a' * 70}.example/")
    assert str(caught.value) == f"{'a' * 70}.example:80: the name {'a' * 70}.example does not exist"


async def test_a_server_that_never_answers_is_left_at_once(serve):
    server = serve(lambda server, peer: peer.hang())
    process = psutil.Process()
    before = process.num_fds()
    with anyio.fail_after(5):
        with anyio.move_on_after(0.2) as scope:
            await HttpProbe(url=server.url).measure()
    assert scope.cancelled_caught
    server.close()
    assert process.num_fds() <= before


async def test_a_server_that_resets(serve, look):
    def script(server, peer):
        peer.ask()
        peer.reset()

    server = serve(script)
    with pytest.raises(Unreachable) as caught:
        await look(server.url)
    assert str(caught.value) == f"127.0.0.1:{server.port}: connection reset"
    assert set(caught.value.partial) == {"hops", "connect_seconds"}


async def test_a_server_that_says_nothing_and_closes(serve, look):
    server = serve(says())
    with pytest.raises(Unreachable) as caught:
        await look(server.url)
    assert str(caught.value) == f"127.0.0.1:{server.port}: closed the connection without an answer"


async def test_head_has_no_body_and_so_nothing_holds_of_it(serve, look):
    server = serve(says(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\ncontent-encoding: br\r\n\r\n"))
    reading = await look(
        server.url, method="HEAD", json={"a": "a"}, regex={"b": "b"}, header={"size": "content-length"}
    )
    assert (reading.status, reading.body, reading.size_bytes, reading.sha256) == (200, None, None, None)
    nothing = Unreadable("there is no body after HEAD")
    assert reading.named == {"a": nothing, "b": nothing, "size": "5000"}


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        pytest.param("text/plain", "grün".encode(), "grün", id="utf-8 by default"),
        pytest.param("text/plain; charset=iso-8859-1", "grün".encode("latin-1"), "grün", id="declared"),
        pytest.param("text/plain; charset=UTF-16", "grün".encode("utf-16"), "grün", id="utf-16"),
        pytest.param("text/plain", b"\xff\xfe", Unreadable("the body is not text in utf-8"), id="binary"),
        pytest.param("x; charset=idna", b"a", Unreadable("the body's charset idna is unknown"), id="not a charset"),
        pytest.param("x; charset=wat", b"a", Unreadable("the body is not text in wat"), id="no charset"),
        pytest.param("text/plain", b"", "", id="empty"),
    ],
)
async def test_text_is_what_the_charset_says(serve, look, content_type, body, text):
    server = serve(says(response(200, body, content_type=content_type)))
    reading = await look(server.url, regex={"first": "(.)"})
    assert reading.body == text
    found = (text[:1] or None) if isinstance(text, str) else text
    assert reading.named == {"first": found}


async def test_xml_and_html_are_read_by_xpath(serve, look):
    server = serve(
        routes(
            {
                "/xml": response(200, b"<a><b>1</b><b>2</b></a>", content_type="application/xml"),
                "/html": response(200, b"<p>one<p class=x>two", content_type="Text/HTML; charset=utf-8"),
                "/cut": response(200, b"<a><b>", content_type="application/xml"),
            }
        )
    )
    paths = {"all": "//b", "count": "count(//b)", "second": "//p[@class='x']"}
    assert (await look(f"{server.url}/xml", xpath=paths)).named == {"all": ["1", "2"], "count": 2, "second": None}
    assert (await look(f"{server.url}/html", xpath=paths)).named == {"all": None, "count": 0, "second": "two"}
    cut = (await look(f"{server.url}/cut", xpath=paths)).named
    assert all(
        isinstance(value, Unreadable) and value.reason.startswith("the body is not XML: ") for value in cut.values()
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b'{"a": 1', "the body is not JSON: it is cut short at line 1 column 8", id="cut"),
        pytest.param(b'{"a": 1, "a": 2}', 'the body is not JSON: the key "a" stands twice in one object', id="twice"),
        pytest.param(b"[" * 200 + b"]" * 200, "the body is not JSON: it is nested deeper than 100 levels", id="deep"),
        pytest.param(b'"\xff"', "the body is not JSON: it is not UTF-8: byte 0xff at offset 1", id="not utf-8"),
        pytest.param(b"<html>", "the body is not JSON: expecting value at line 1 column 1", id="html"),
    ],
)
async def test_json_that_cannot_be_read_breaches_whatever_is_read_from_it(serve, look, body, reason):
    server = serve(says(response(200, body, content_type="application/json")))
    reading = await look(server.url, json={"a": "a", "b": "b"})
    assert reading.status == 200
    assert reading.named == {"a": Unreadable(reason), "b": Unreadable(reason)}


async def test_headers_of_one_name_are_one_but_for_cookies(serve, look):
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nvary: a\r\nVary: b\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n"
    server = serve(says(head))
    reading = await look(server.url, header={"vary": "vary", "cookies": "Set-Cookie"})
    assert reading.named == {"vary": "a, b", "cookies": ["a=1", "b=2"]}


async def test_a_large_body_is_read_whole(serve, look):
    body = b'["' + b"x" * 3_000_000 + b'"]'
    server = serve(says(response(200, body)))
    reading = await look(server.url, json={"length": "length([0])"})
    assert (reading.size_bytes, reading.named) == (len(body), {"length": 3_000_000})


async def test_an_answer_may_end_with_the_connection(serve, look):
    server = serve(says(b"HTTP/1.0 200 OK\r\n\r\n", b"old", b" times"))
    reading = await look(server.url)
    assert (reading.body, reading.http_version) == ("old times", "1.0")


async def test_chunks_and_interim_answers_are_put_together(serve, look):
    interim = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" * 20
    chunks = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n"
    )
    server = serve(says(interim, chunks))
    assert (await look(server.url)).body == "abcde"


async def test_a_unix_socket(serve, look, tmp_path):
    path = str(tmp_path / "s.sock")
    server = serve(says(response(200, b"through the socket")), path)
    reading = await look("http://docker/version", socket=path)
    assert (reading.body, reading.addresses, reading.url) == ("through the socket", [path], "http://docker/version")
    assert server.asked[0].headers["host"] == "docker"


async def test_a_unix_socket_that_is_not_there(look, tmp_path):
    path = str(tmp_path / "none.sock")
    with pytest.raises(Unreachable) as caught:
        await look("http://docker/", socket=path)
    assert str(caught.value) == f"{path}: no such socket"


async def test_connect_to_changes_the_address_and_nothing_else(serve, look, host):
    server = serve(says(response(200)), host)
    to = f"[{host}]:{server.port}" if ":" in host else f"{host}:{server.port}"
    reading = await look("http://shop.example.com/x", connect_to=to)
    assert (reading.status, reading.url, reading.addresses) == (200, "http://shop.example.com/x", [host])
    assert server.asked[0].headers["host"] == "shop.example.com"


async def test_a_failure_names_the_address_that_a_name_led_to(serve, look, names, nobody):
    names["shop.example"] = ["127.0.0.1"]
    with pytest.raises(Unreachable) as caught:
        await look(f"http://shop.example:{nobody}/")
    assert str(caught.value) == f"shop.example:{nobody} (127.0.0.1): connection refused"
    assert set(caught.value.partial) == {"hops", "resolve_seconds"}


def test_what_it_needs_and_whom_it_loads(tmp_path):
    probe = HttpProbe(url="https://Shop.example.com/x", ca="ca.pem", multipart={"a": "file.txt"}, method="POST")
    assert probe.target() == "shop.example.com"
    assert probe.permissions() == (
        Need("network", "connect", "shop.example.com:443"),
        Need("file", "read", "ca.pem"),
        Need("file", "read", "file.txt"),
    )
    through = HttpProbe(url="https://shop.example.com", proxy="http://user:secret@proxy:3128")
    assert through.permissions() == (Need("network", "connect", "proxy:3128"),)
    assert HttpProbe(url="http://h", connect_to="10.0.0.1:81").permissions() == (
        Need("network", "connect", "10.0.0.1:81"),
    )
    assert HttpProbe(url="http://h", socket="/run/s").permissions() == (Need("file", "connect", "/run/s"),)


def test_a_file_that_is_missing_is_found_while_preparing(tmp_path):
    missing = str(tmp_path / "none.pem")
    with pytest.raises(ProbeError) as caught:
        HttpProbe(url="https://h/", ca=missing).prepare()
    assert str(caught.value) == f"{missing}: no such file or directory"
