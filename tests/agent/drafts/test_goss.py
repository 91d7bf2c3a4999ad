"""Gossfiles: every matcher, every attribute that has a counterpart, and those that have none."""

import pytest

from tests.agent.drafts.sources import checks, draft, left, refused


def of(made, start):
    found = [line for line in checks(made) if line.startswith(start)]
    return found[0].removeprefix(start) if found else ""


def command(attributes):
    return draft("goss", f"command: {{x: {{exit-status: 0, {attributes}}}}}")


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("0", "0"),
        ("{gt: 1}", "{above: 1}"),
        ("{ge: 1}", "{min: 1}"),
        ("{lt: 1}", "{below: 1}"),
        ("{le: 1}", "{max: 1}"),
        ("{equal: 1}", "{equals: 1}"),
        ("{or: [0, 2]}", "[0, 2]"),
        ("{not: {or: [1, 2]}}", "{not: {one_of: [1, 2]}}"),
        ("{not: 1}", "{not: {equals: 1}}"),
        ("{and: [{gt: 1}, {lt: 9}]}", "{above: 1, below: 9}"),
    ],
)
def test_matchers_of_numbers_are_limits(written, limit):
    assert of(draft("goss", f"command: {{x: {{exit-status: {written}}}}}"), "expect: ") == f"{{exit_code: {limit}}}"


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("[a, b]", "{contains: [a, b]}"),
        ("['!a', /b/]", "{excludes: [a], matches: '(?m)b'}"),
        ("['!/a/', '!/b/']", "{not: {matches: '(?m)(?:a)|(?:b)'}}"),
        ("[/a/, /b/]", r"{matches: '(?ms)\A(?=.*?(?-s:a))(?=.*?(?-s:b))'}"),
        (r"['\!a', '\/b']", "{contains: ['!a', /b]}"),
        ("[/]", "{contains: [/]}"),
        ("plain", "{equals: plain}"),
        ('"line\\n"', "{equals: line}"),
        ("{have-prefix: a.b}", r"{matches: '\Aa\.b'}"),
        ("{have-suffix: a}", r"{matches: 'a\Z'}"),
        ("{match-regexp: a}", "{matches: a}"),
        ("{contain-substring: a}", "{contains: a}"),
        ("{contain-element: a}", "{contains: [a]}"),
        ("{contain-elements: [a, b]}", "{contains: [a, b]}"),
        ("{not: {contain-substring: a}}", "{not: {contains: a}}"),
    ],
)
def test_patterns_for_lines_are_limits_on_a_text(written, limit):
    assert of(command(f"stdout: {written}"), "expect: ") == f"{{exit_code: 0, stdout: {limit}}}"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("{gjson: {a: b}}", "the matcher gjson"),
        ("{have-len: 3}", "the matcher have-len"),
        ("{gt: 1, lt: 2}", "several matchers in one mapping"),
        ("[{have-prefix: a}]", "a matcher inside a list"),
        ("{and: [{gt: 1}, {gt: 2}]}", "'and' of two limits above"),
        ("{and: x}", "source.yaml:1:45: and is text, expected a list"),
    ],
)
def test_matchers_that_are_no_limit_are_told(written, why):
    made = command(f"stdout: {written}")
    assert of(made, "expect: ") == "{exit_code: 0}"
    assert left(made) == [f"command x: without stdout ({why})"]


def test_a_pattern_that_is_none_here_takes_the_check_out():
    said = refused("goss", "command: {x: {exit-status: 0, stdout: ['/(/']}}")
    assert said.startswith("source.yaml: there is nothing to check in it\n  x (exec): ")


@pytest.mark.parametrize(
    ("key", "attributes", "settings", "expect"),
    [
        ("tcp:22", "{listening: true}", "{address: 127.0.0.1:22}", "{open: true}"),
        ("tcp6:22", "{listening: true}", "{address: '[::1]:22'}", "{open: true}"),
        ("'22'", "{listening: false}", "{address: 127.0.0.1:22}", "{open: false}"),
        ("ssh", "{port: tcp:22, listening: true, ip: [10.0.0.1]}", "{address: 10.0.0.1:22}", "{open: true}"),
        ("tcp:22", "{ip: ['::']}", "{address: 127.0.0.1:22}", ""),
        ("tcp:22", "{ip: {consist-of: [x]}}", "{address: 127.0.0.1:22}", ""),
    ],
)
def test_ports_are_knocked_at(key, attributes, settings, expect):
    made = draft("goss", f"port: {{{key}: {attributes}}}")
    assert (of(made, "tcp: "), of(made, "expect: ")) == (settings, expect)


@pytest.mark.parametrize(
    ("key", "attributes", "settings", "expect"),
    [
        ("tcp://a:1", "{reachable: true}", "{address: a:1}", "{open: true}"),
        ("a:1", "{reachable: false}", "{address: a:1}", "{open: false}"),
        ("x", "{address: 'tcp6://[::1]:1'}", "{address: '[::1]:1'}", ""),
    ],
)
def test_addresses_are_knocked_at(key, attributes, settings, expect):
    made = draft("goss", f"addr: {{'{key}': {attributes}}}")
    assert (of(made, "tcp: "), of(made, "expect: ")) == (settings, expect)


@pytest.mark.parametrize(
    ("key", "attributes", "found"),
    [
        ("a.b", "{resolvable: true}", [("{name: a.b}", "")]),
        ("a.b", "{addrs: [192.0.2.1]}", [("{name: a.b}", "{answers: {contains: [192.0.2.1]}}")]),
        ("a.b", "{addrs: ['::1']}", [("{name: a.b, type: AAAA}", "{answers: {contains: ['::1']}}")]),
        ("CNAME:a.b", "{addrs: [c.d.]}", [("{name: a.b, type: CNAME}", "{answers: {contains: [c.d]}}")]),
        ("NS:a.b", "{addrs: {equal: [c.d.]}}", [("{name: a.b, type: NS}", "{answers: {equals: [c.d]}}")]),
        ("NS:a.b", "{addrs: {not: c.d.}}", [("{name: a.b, type: NS}", "{answers: {not: {equals: c.d.}}}")]),
        ("a.b", "{resolvable: false}", [("{name: a.b}", "{rcode: [NXDOMAIN, NODATA], agree: true}")]),
    ],
)
def test_names_are_asked_for(key, attributes, found):
    lines = checks(draft("goss", f"dns: {{'{key}': {attributes}}}"))
    settings = [line.removeprefix("dns: ") for line in lines if line.startswith("dns: ")]
    expects = [line.removeprefix("expect: ") for line in lines if line.startswith("expect: ")]
    assert (settings, expects) == ([one for one, _ in found], [two for _, two in found if two])


@pytest.mark.parametrize(
    ("attributes", "settings", "expect"),
    [
        ("{exists: true}", "{path: /a}", "{size_bytes: {min: 0}}"),
        ("{filetype: file, size: 5}", "{path: /a}", "{type: file, size_bytes: 5}"),
        ("{filetype: directory}", "{path: /a}", "{type: directory, size_bytes: {exists: false}}"),
        ("{filetype: symlink}", "{path: /a}", "{link: {exists: true}, size_bytes: {min: 0}}"),
        ("{filetype: symlink, linked-to: /b}", "{path: /a}", "{link: /b, size_bytes: {min: 0}}"),
        ("{mode: '0600', filetype: file}", "{path: /a}", "{mode: 0600, type: file, size_bytes: {min: 0}}"),
        ("{path: /b, filetype: file}", "{path: /b}", "{type: file, size_bytes: {min: 0}}"),
        ("{exists: false}", "{path: /a}", "{exists: false, size_bytes: {exists: false}}"),
    ],
)
def test_files_are_looked_at(attributes, settings, expect):
    made = draft("goss", f"file: {{/a: {attributes}}}")
    assert (of(made, "file: "), of(made, "expect: ")) == (settings, expect)


@pytest.mark.parametrize(
    ("attributes", "settings"),
    [
        ("{status: 200, no-follow-redirects: true}", "{url: http://a/}"),
        ("{status: 200}", "{url: http://a/, follow: true}"),
        ("{status: 200, url: 'http://b/', method: get}", "{url: http://b/, follow: true}"),
        (
            "{status: 200, username: u}",
            "{url: http://a/, basic: {user: u, password: $(secret:A_PASSWORD)}, follow: true}",
        ),
        (
            "{status: 200, request-headers: ['X: y', 'Cookie: s=1']}",
            "{url: http://a/, headers: {X: y, Cookie: $(secret:A_COOKIE)}, follow: true}",
        ),
        (
            "{status: 200, request-headers: ['Authorization: Basic YTpi', 'Token:']}",
            "{url: http://a/, headers: {Authorization: Basic $(secret:A_AUTHORIZATION), Token: ''}, follow: true}",
        ),
        ("{status: 200, headers: ['X-A: b', 'X-A: c']}", "{url: http://a/, follow: true, header: {header_x_a: x-a}}"),
        ("{status: 200, headers: [alone]}", "{url: http://a/, follow: true}"),
    ],
)
def test_pages_are_asked_for(attributes, settings):
    assert of(draft("goss", f"http: {{'http://a/': {attributes}}}"), "http: ") == settings


def test_a_request_that_changes_something_is_active():
    made = draft("goss", "http: {'http://a/': {status: 200, method: DELETE, timeout: 5}}")
    assert checks(made)[-1] == "active: true"


def test_what_gonogo_has_no_kind_for_is_told():
    text = """
process: {x: {running: true}}
service: {'a\\nb': {running: true}}
news: {x: y}
port: {'tcp:1': {listening: true}}
"""
    assert left(draft("goss", text)) == [
        "process x: exec can ask: pgrep --exact x",
        "service a\\nb: exec can ask: systemctl is-active a\\nb",
        "news: is nothing that goss knows",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a: b\n",
            "source.yaml:1:1: has none of addr, command, dns, file, gossfile, group, http, interface, kernel-param, "
            "matching, mount, package, port, process, service, user: expected a gossfile",
        ),
        ("port: [22]\n", "source.yaml:1:7: port is a list, expected a mapping"),
        ("port: {tcp:22: true}\n", "source.yaml:1:16: port tcp:22 is text, expected a mapping"),
        (
            "port: {tcp:22: {skip: true}}\n",
            "source.yaml: there is nothing to check in it\n  port tcp:22: is skipped in the source",
        ),
        (
            "{{range .Vars.x}}\nport: {}\n{{end}}\n",
            "source.yaml:1:2: a key is a mapping, expected text; "
            "if this is a template, draft from what 'goss render' prints",
        ),
    ],
)
def test_what_is_no_gossfile_is_refused(text, said):
    assert refused("goss", text) == said


def test_a_header_with_credentials_goes_before_a_user():
    asks = "{status: 200, username: u, password: p, request-headers: ['authorization: Bearer x']}"
    made = draft("goss", f"http: {{'http://a:b@c/': {asks}}}")
    assert (
        of(made, "http: ")
        == "{url: http://c/, headers: {authorization: Bearer $(secret:C_AUTHORIZATION)}, follow: true}"
    )
