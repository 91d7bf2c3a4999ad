"""Settings that make no request are found while a profile is loaded, with words for an operator."""

import pytest

from probes.http import forms
from probes.http.api import ApiProbe
from probes.http.forms import Basic, Part
from probes.http.pages import Pages
from probes.http.probe import HttpProbe

URL = "http://h/"


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (forms.url, "h/x", "is not an absolute URL, expected http:// or https:// first"),
        (forms.url, "ftp://h/", "has the scheme ftp:, expected http or https"),
        (forms.url, "http:///x", "has no host name that could exist"),
        (forms.url, "http://a%20b/", "has no host name that could exist"),
        (forms.url, "http://h/a b", "holds a space or a control character, expected a URL"),
        (forms.url, "http://h/a\n", "holds a space or a control character, expected a URL"),
        (forms.url, "http://h:99999/", "has the port 99999, expected 1 to 65535"),
        (forms.url, "http://h:0/", "has the port 0, expected 1 to 65535"),
        (forms.url, "http://h:x/", "is not a URL: invalid port: 'x'"),
        (forms.method, "get", "is not a method, did you mean GET"),
        (forms.method, "GET IT", "is not a method"),
        (forms.method, "CONNECT", "CONNECT asks a proxy, not a target"),
        (forms.host_and_port, "h", "is not host:port, or [address]:port for IPv6"),
        (forms.host_and_port, "::1", "is not host:port, or [address]:port for IPv6"),
        (forms.host_and_port, ":80", "is not host:port, or [address]:port for IPv6"),
        (forms.host_and_port, "http://h:80", "is not host:port, or [address]:port for IPv6"),
        (forms.host_and_port, "a b:80", "is not host:port, or [address]:port for IPv6"),
        (forms.host_and_port, "h:", "has the port nothing, expected 1 to 65535"),
        (forms.host_and_port, "h:0", "has the port 0, expected 1 to 65535"),
        (forms.proxy_url, "socks5://h:1", "has the scheme socks5:, expected http or https"),
        (forms.proxy_url, "https://h:1", "is not an http:// URL, and no other kind of proxy is known"),
        (forms.proxy_url, "http://h:1/x", "has a path, expected http://host:port"),
        (forms.socket_path, "", "is not the path of a socket, which has 1 to 107 bytes"),
        (forms.socket_path, "x" * 108, "is not the path of a socket, which has 1 to 107 bytes"),
    ],
)
def test_a_value_that_is_not_of_its_form(parse, text, reason):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the whole message is compared
        parse(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize("text", ["h:80", "10.0.0.1:443", "[::1]:8080"])
def test_a_host_and_a_port(text):
    host, port = forms.host_and_port(text)
    assert (host in ("h", "10.0.0.1", "::1"), port in (80, 443, 8080)) == (True, True)


FIT = {
    "two bodies": ({"body": "x", "form": {"a": "b"}}, "`body` and `form` exclude each other"),
    "three bodies": (
        {"body": [], "form": {"a": "b"}, "multipart": {"a": "b"}},
        "`body` and `form` and `multipart` exclude each other",
    ),
    "two ways": ({"proxy": "http://p:1", "socket": "/s"}, "`socket` and `proxy` exclude each other"),
    "two credentials": (
        {"basic": Basic(user="u", password="p"), "bearer": "t"},
        "`basic` and `bearer` exclude each other",
    ),
    "header and bearer": (
        {"bearer": "t", "headers": {"Authorization": "x"}},
        "credentials are given twice: in `basic`, `bearer`, `headers` or the URL",
    ),
    "url and header": (
        {"url": "http://u:p@h/", "headers": {"authorization": "x"}},
        "credentials are given twice: in `basic`, `bearer`, `headers` or the URL",
    ),
    "form by GET": ({"form": {"a": "b"}}, "a GET cannot send a form: give `method: POST`"),
    "all through a proxy": (
        {"addresses": "all", "proxy": "http://p:1"},
        "`addresses: all` has no meaning with `socket` or `proxy`",
    ),
    "key alone": ({"key": "k.pem"}, "`key` has no meaning without `cert`"),
    "negative follow": ({"follow": -1}, "`follow` is -1, expected 0 or more"),
    "no body at all": ({"body_limit": 0}, "`body_limit` is 0, expected 1 or more"),
    "reading twice": ({"json": {"a": "a"}, "header": {"a": "b"}}, "the reading a is named twice"),
    "no header": ({"headers": {"a b": "c"}}, "'a b' is not the name of a header"),
    "line break": (
        {"headers": {"a": "sesame\r\nx: y"}},
        "the header a holds a line break, a control character or outer space",
    ),
    "line break in a token": (
        {"bearer": "a\nb"},
        "the header bearer holds a line break, a control character or outer space",
    ),
    "framing": ({"headers": {"Content-Length": "5"}}, "the header Content-Length is the agent's own"),
}


@pytest.mark.parametrize("name", FIT)
def test_settings_that_do_not_fit_together(name):
    settings, reason = FIT[name]
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the whole message is compared
        HttpProbe(**{"url": URL, **settings})
    assert str(caught.value) == reason


def test_a_part_is_a_value_or_a_file():
    for settings in ({}, {"value": "a", "file": "b"}):
        with pytest.raises(ValueError, match="a part has either a `value` or a `file`"):
            Part(**settings)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"next": "a", "offset": "b"}, "`next` and `offset` exclude each other"),
        ({"parameter": "a"}, "`parameter` has no meaning without `next`"),
    ],
)
def test_ways_to_pages_that_do_not_fit_together(settings, reason):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the whole message is compared
        Pages(**settings)
    assert str(caught.value) == reason


@pytest.mark.parametrize("settings", [{"regex": {"a": "b"}}, {"xpath": {"a": "b"}}, {"addresses": "all"}])
def test_what_pages_cannot_do(settings):
    reason = "`pages` is for `json`, without `xpath`, `regex` and `addresses: all`"
    with pytest.raises(ValueError, match=reason):
        ApiProbe(url=URL, pages=True, **settings)


def test_follow_counts():
    assert [HttpProbe(url=URL, follow=follow).redirects for follow in (False, 0, 3, True)] == [0, 0, 3, 10]
