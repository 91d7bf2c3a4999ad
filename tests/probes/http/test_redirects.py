"""Redirects: followed only when asked, never to where they must not lead, and with nothing that is secret."""

import ssl

import pytest

from agent.probe import Unreachable

from .server import response, routes, says


def to(location, status=302, **headers):
    return response(status, b"moved", location=location, **headers)


@pytest.fixture
def curious(tls, authority, tmp_path):
    """Make the TLS of a server to which a client's certificate is welcome; `client` is one."""

    def make(*names):
        context = tls(*names)
        context.verify_mode = ssl.CERT_OPTIONAL
        authority.configure_trust(context)
        return context

    make.client = str(tmp_path / "client.pem")
    authority.issue_cert("client@example.com").private_key_and_cert_chain_pem.write_to_path(make.client)
    return make


async def test_by_default_the_redirect_is_the_answer(serve, look):
    server = serve(routes({"/": to("/there")}))
    reading = await look(f"{server.url}/", header={"location": "location"})
    assert (reading.status, reading.redirects, reading.named) == (302, 0, {"location": "/there"})


async def test_followed_it_leads_to_the_last_answer_with_every_hop(serve, look, host):
    server = serve(routes({"/": to("/a"), "/a": to("b?c=d#e"), "/b": response(200, b"there")}), host)
    reading = await look(f"{server.url}/", follow=True)
    hops = [f"{server.url}/", f"{server.url}/a", f"{server.url}/b?c=d"]
    assert (reading.status, reading.body, reading.url, reading.redirects) == (200, "there", hops[-1], 2)
    assert reading.hops == hops
    assert len(reading.hop_seconds) == 3
    assert sum(reading.hop_seconds) == pytest.approx(reading.latency_seconds)


async def test_no_more_are_followed_than_allowed(serve, look):
    server = serve(routes({f"/{n}": to(f"/{n + 1}") for n in range(20)} | {"/20": response(200)}))
    assert (await look(f"{server.url}/10", follow=True)).redirects == 10
    assert (await look(f"{server.url}/19", follow=1)).redirects == 1
    for follow, start in ((True, 9), (1, 18)):
        with pytest.raises(Unreachable) as caught:
            await look(f"{server.url}/{start}", follow=follow)
        assert (
            str(caught.value)
            == f"127.0.0.1:{server.port}: redirects more than {int(follow) if follow is not True else 10} times"
        )


async def test_a_circle_is_seen_at_once(serve, look):
    server = serve(routes({"/": to("/a"), "/a": to("/")}))
    with pytest.raises(Unreachable) as caught:
        await look(f"{server.url}/", follow=True)
    assert str(caught.value) == f"127.0.0.1:{server.port}: redirects in a circle"
    assert len(server.asked) == 2


async def test_a_page_that_sets_a_cookie_and_comes_again_is_no_circle(serve, look):
    def page(asked):
        return response(200, b"in") if "seen=1" in asked.headers.get("cookie", "") else to("/", set_cookie="seen=1")

    server = serve(routes({"/": page}))
    reading = await look(f"{server.url}/", follow=True, headers={"cookie": "given=0"})
    assert (reading.body, reading.redirects) == ("in", 1)
    assert [asked.headers.get("cookie") for asked in server.asked] == ["given=0", "given=0; seen=1"]


async def test_cookies_do_not_outlive_a_look(serve, look):
    server = serve(routes({"/": to("/a", set_cookie="a=1"), "/a": response(200)}))
    for _ in range(2):
        await look(f"{server.url}/", follow=True)
    assert [asked.headers.get("cookie") for asked in server.asked] == [None, "a=1", None, "a=1"]


NOWHERE = {
    "another scheme": ("ftp://example.com/", "redirects to what has the scheme ftp:, expected http or https"),
    "a file": ("file:///etc/passwd", "redirects to what has the scheme file:, expected http or https"),
    "a script": ("javascript:alert(1)", "redirects to what has the scheme javascript:, expected http or https"),
    "no host": ("http://%20/", "redirects to what has no host name that could exist"),
    "a port that cannot be": ("http://127.0.0.1:99999/", "redirects to what has the port 99999, expected 1 to 65535"),
    "no URL": ("http://[::1", "redirects to what is not a URL"),
    "no URL either": ("http://h:x/", "redirects to what is not a URL"),
}


@pytest.mark.parametrize("name", NOWHERE)
async def test_where_it_may_not_lead(serve, look, name):
    location, reason = NOWHERE[name]
    server = serve(routes({"/": to(location)}))
    assert (await look(f"{server.url}/")).status == 302
    with pytest.raises(Unreachable) as caught:
        await look(f"{server.url}/", follow=True)
    assert str(caught.value) == f"127.0.0.1:{server.port}: {reason}"


async def test_without_a_location_it_is_an_answer(serve, look):
    server = serve(says(response(301)))
    assert (await look(server.url, follow=True)).status == 301


async def test_to_another_origin_goes_nothing_that_is_secret(serve, look):
    far = serve(routes({"/x": response(200, b"far")}))
    near = serve(routes({"/": to(f"{far.url}/x", set_cookie="session=1")}))
    headers = {"x-api-key": "sesame", "cookie": "a=sesame", "accept": "text/plain", "host": "virtual"}
    reading = await look(f"{near.url}/", follow=True, headers=headers, bearer="sesame")
    assert (reading.body, reading.hops) == ("far", [f"{near.url}/", f"{far.url}/x"])
    assert near.asked[0].headers["authorization"] == "Bearer sesame"
    assert far.asked[0].headers == {
        "host": f"127.0.0.1:{far.port}",
        "user-agent": near.asked[0].headers["user-agent"],
        "accept": "text/plain",
        "accept-encoding": "gzip, deflate",
        "connection": "close",
        "cookie": "session=1",  # the server's own, for its host: cookies know no ports (RFC 6265 section 8.5)
    }


async def test_what_was_left_behind_does_not_come_back(serve, look):
    answers = {"/end": response(200)}
    near = serve(routes(answers))
    far = serve(routes({"/": to(f"{near.url}/end")}))
    answers["/"] = to(f"{far.url}/")
    await look(f"{near.url}/", follow=True, bearer="sesame")
    assert [asked.headers.get("authorization") for asked in near.asked] == ["Bearer sesame", None]


async def test_within_the_origin_credentials_stay(serve, look):
    server = serve(routes({"/": to("/a"), "/a": response(200)}))
    await look(f"{server.url}/", follow=True, bearer="sesame")
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer sesame"] * 2


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        pytest.param(301, "POST", "GET", id="301"),
        pytest.param(302, "POST", "GET", id="302"),
        pytest.param(303, "POST", "GET", id="303"),
        pytest.param(303, "PUT", "GET", id="303 of PUT"),
        pytest.param(302, "PUT", "PUT", id="302 of PUT"),
        pytest.param(307, "POST", "POST", id="307"),
        pytest.param(308, "PATCH", "PATCH", id="308"),
    ],
)
async def test_what_becomes_of_method_and_body(serve, look, status, method, then):
    server = serve(routes({"/": to("/a", status), "/a": response(200)}))
    await look(f"{server.url}/", follow=True, method=method, body="data", headers={"content-type": "text/x"})
    asked = server.asked[1]
    body, media_type = (b"data", "text/x") if then == method else (b"", None)
    assert (asked.method, asked.body, asked.headers.get("content-type")) == (then, body, media_type)


async def test_head_stays_head(serve, look):
    server = serve(routes({"/": to("/a", 303), "/a": response(200)}))
    await look(f"{server.url}/", follow=True, method="HEAD")
    assert [asked.method for asked in server.asked] == ["HEAD", "HEAD"]


async def test_a_body_goes_to_no_other_origin(serve, look):
    far = serve(says(response(200)))
    near = serve(routes({"/": to(f"{far.url}/secret/path", 307)}))
    with pytest.raises(Unreachable) as caught:
        await look(f"{near.url}/", follow=True, method="POST", body={"password": "sesame"})
    reason = f"redirects the body to another origin, {far.url}/, where it is not sent"
    assert str(caught.value) == f"127.0.0.1:{near.port}: {reason}"
    assert far.asked == []


async def test_from_https_to_http_only_when_allowed(serve, look, tls, ca):
    plain = serve(says(response(200, b"plain")))
    safe = serve(routes({"/": to(f"{plain.url}/x")}), tls=tls())
    with pytest.raises(Unreachable) as caught:
        await look(f"{safe.url}/", follow=True, ca=ca)
    reason = f"redirects from https to {plain.url}/, which only `downgrade: true` allows"
    assert str(caught.value) == f"127.0.0.1:{safe.port}: {reason}"
    assert (await look(f"{safe.url}/", follow=True, ca=ca, downgrade=True)).body == "plain"


async def test_what_is_said_of_the_first_origin_holds_for_it_alone(serve, look, curious, ca):
    """Neither the address to connect to, nor the server name, nor the client's certificate."""
    shown = []

    def remember(answer):
        def script(server, peer):
            peer.ask()
            shown.append(bool(peer.sock.getpeercert()))
            peer.send(answer)

        return script

    far = serve(remember(response(200)), tls=curious())
    near = serve(remember(to(f"{far.url}/")), tls=curious("shop.example"))
    settings = {"connect_to": f"127.0.0.1:{near.port}", "server_name": "shop.example", "cert": curious.client}
    reading = await look("https://named.example/", follow=True, ca=ca, **settings)
    assert (reading.status, shown) == (200, [True, False])


async def test_a_failure_on_the_way_names_where_and_keeps_the_phases(serve, look, nobody):
    server = serve(routes({"/": to(f"http://127.0.0.1:{nobody}/")}))
    with pytest.raises(Unreachable) as caught:
        await look(f"{server.url}/", follow=True)
    assert str(caught.value) == f"127.0.0.1:{nobody}: connection refused"
    assert caught.value.partial["hops"] == [f"{server.url}/", f"http://127.0.0.1:{nobody}/"]
    assert set(caught.value.partial) == {"hops", "connect_seconds", "first_byte_seconds"}


async def test_users_and_passwords_in_a_location_are_not_shown_nor_used(serve, look):
    answers = {"/a": response(200)}
    server = serve(routes(answers))
    answers["/"] = to(server.url.replace("//", "//user:sesame@") + "/a")
    reading = await look(f"{server.url}/", follow=True)
    assert reading.hops == [f"{server.url}/", f"{server.url}/a"]
    assert "authorization" not in server.asked[1].headers
