"""Compose files: ports in every syntax, health checks that can be asked from outside, variables."""

import pytest

from tests.agent.drafts.sources import checks, draft, left, refused


def service(text):
    return "services:\n  web:\n" + "".join(f"    {line}\n" for line in text.splitlines())


def ports(*written):
    return service(f"ports: [{', '.join(written)}]")


def lines(made, start):
    return [line.removeprefix(start) for line in checks(made) if line.startswith(start)]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("'6379:6379'", ["$(host):6379"]),
        ("22:22", ["$(host):22"]),
        ("127.0.0.1:6379:6379", ["127.0.0.1:6379"]),
        ("0.0.0.0:6379:6379", ["$(host):6379"]),
        ("'[::]:6379:6379'", ["$(host):6379"]),
        ("'[::1]:6379:6379/tcp'", ["'[::1]:6379'"]),
        ("'::1:6379:6379'", ["'[::1]:6379'"]),
        ("7000-7001:6379-6380", ["$(host):7000", "$(host):7001"]),
        ("{target: 6379, published: 7000, host_ip: 10.0.0.1}", ["10.0.0.1:7000"]),
        ("'${PORT}:6379'", ["$(host):$(port)"]),
        ("'$PORT:6379'", ["$(host):$(port)"]),
        ("'${HOST_IP:-10.0.0.1}:${PORT:?say it}:6379'", ["$(host_ip):$(port)"]),
    ],
)
def test_published_ports_are_knocked_at(written, found):
    assert lines(draft("compose", ports(written)), "tcp: ") == [f"{{address: {address}}}" for address in found]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("6379", "service web: port 6379: is published under a port that Docker chooses"),
        ("'127.0.0.1::6379'", "service web: port 127.0.0.1::6379: is published under a port that Docker chooses"),
        ("'53:53/udp'", "service web: port 53:53/udp: is udp, and gonogo knocks at TCP ports"),
        ("{target: 53, published: 53, protocol: udp}", "service web: port 53: is udp, and gonogo knocks at TCP ports"),
        (
            "{published: 53, protocol: udp}",
            "service web: port without a target: is udp, and gonogo knocks at TCP ports",
        ),
        (
            "'7000-7009:80'",
            "service web: port 7000-7009:80: is published under a port that Docker chooses from a range",
        ),
        (
            "'7000-7001:80-85'",
            "service web: port 7000-7001:80-85: is published under a port that Docker chooses from a range",
        ),
        (
            "'7000-7999:7000-7999'",
            "service web: port 7000-7999:7000-7999: is a range of more than 20 ports: write one check with `each`",
        ),
        (
            "'7009-7000:7009-7000'",
            "service web: port 7009-7000:7009-7000: is a range of more than 20 ports: write one check with `each`",
        ),
        ("'${A:+1}:80'", "service web: port ${A:+1}:80: ${A:+1} depends on whether a variable is set"),
        ("'$${A}${A}:80'", None),
        (
            "'$$${A}:80'",
            "service web: port $$${A}:80: a '$' stands directly before a variable, which a profile cannot write",
        ),
        ("'${1A}:80'", "service web: port ${1A}:80: ${1A} is no name for a variable"),
    ],
)
def test_ports_that_cannot_be_looked_at_are_told(written, said):
    made = draft("compose", ports(written, "'6379:6379'"))
    assert lines(made, "tcp: ")[-1:] == ["{address: $(host):6379}"]
    if said is not None:
        assert left(made) == [said]


def test_pages_are_taken_for_http_by_the_port_or_by_what_the_file_says():
    made = draft("compose", ports("'8080:8080'", "{target: 9999, published: 9999, app_protocol: http}"))
    assert checks(made)[3:] == [
        "# taken for HTTP because of the port; any answer below 500 passes",
        "- name: web answers on port 8080",
        "http: {url: http://$(host):8080/}",
        "expect: {status: {below: 500}}",
        "- name: web answers on port 9999",
        "http: {url: http://$(host):9999/}",
        "expect: {status: {below: 500}}",
    ]


ASKED = "http: {url: http://$(host):8081/health}"
RUN = "command: [docker, compose, -f, $(compose_file), exec, -T, web, "


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("[CMD, curl, -f, 'http://localhost:8080/health']", ASKED),
        ("[CMD, /usr/bin/wget, --spider, -q, 'http://127.0.0.1:8080/health']", ASKED),
        ("curl -fsS http://localhost:8080/health || exit 1", ASKED),
        ("wget -qO- --timeout=3 web:8080/health", ASKED),
        ("[CMD-SHELL, 'curl --fail -m 3 http://[::1]:8080/health || false']", ASKED),
        (
            "curl -f http://localhost:8080/health || exit 0",
            f"{RUN}sh, -c, 'curl -f http://localhost:8080/health || exit 0']",
        ),
        (
            "curl -f http://localhost:8080/health | grep ok",
            f"{RUN}sh, -c, 'curl -f http://localhost:8080/health | grep ok']",
        ),
        ("curl -f https://localhost:8080/health", f"{RUN}sh, -c, curl -f https://localhost:8080/health]"),
        ("curl -f http://a:b@localhost:8080/health", f"{RUN}sh, -c, curl -f http://a:b@localhost:8080/health]"),
        ("curl -f http://elsewhere:8080/health", f"{RUN}sh, -c, curl -f http://elsewhere:8080/health]"),
        ("curl -f http://localhost:9999/health", f"{RUN}sh, -c, curl -f http://localhost:9999/health]"),
        ("curl -f http://localhost:99999999/", f"{RUN}sh, -c, curl -f http://localhost:99999999/]"),
        (
            "curl -f -H A:b http://localhost:8080/health",
            f"{RUN}sh, -c, curl -f -H A:b http://localhost:8080/health]",
        ),
        ("curl 'unclosed", f"{RUN}sh, -c, 'curl ''unclosed']"),
        ("[CMD, redis-cli, ping]", f"{RUN}redis-cli, ping]"),
        ("[CMD, echo, $$HOME, '$$(date)', '${WORD}']", f"{RUN}echo, $HOME, $$(date), $(word)]"),
        ("[CMD, login, '${DB_PASSWORD:-hunter2}']", f"{RUN}login, $(secret:DB_PASSWORD)]"),
    ],
)
def test_a_health_check_is_asked_from_outside_where_that_is_the_same(test, found):
    text = service(f"ports: ['8081:8080']\nhealthcheck:\n  test: {test}")
    assert found in checks(draft("compose", text))


def test_a_port_that_the_health_check_asks_at_is_not_asked_again():
    text = service("ports: ['8081:8080']\nhealthcheck: {test: curl -f http://localhost:8080, timeout: 90s}")
    assert checks(draft("compose", text))[4:] == [
        "- name: web answers at /",
        "http: {url: http://$(host):8081/}",
        "expect: {status: {min: 200, max: 399}}",
        "timeout: 90s",
    ]


def test_on_the_network_of_the_host_every_port_can_be_asked():
    text = service("network_mode: host\nhealthcheck: {test: curl -f http://localhost:9999/a?b=c, timeout: soon}")
    assert "http: {url: 'http://$(host):9999/a?b=c'}" in checks(draft("compose", text))


@pytest.mark.parametrize(
    "health",
    ["{disable: true}", "{test: [NONE]}", "{test: []}", "{interval: 5s}", "{disable: true, test: x}"],
)
def test_a_health_check_that_is_none_is_none(health):
    assert "- name: web runs" in checks(draft("compose", service(f"image: x\nhealthcheck: {health}")))


def test_a_health_check_that_cannot_be_written_is_told():
    made = draft("compose", service("ports: ['1:1']\nhealthcheck: {test: 'x ${A:+b}'}"))
    assert left(made) == ["service web: its health check: ${A:+b} depends on whether a variable is set"]


def test_variables_of_the_file_become_variables_of_the_profile():
    text = ports("'${PORT:-80${TAIL-1}}:6379'", "'${ITEM:-1}:2'", "'${HOST:-3}:4'", "'${PORT:-9}:5'")
    made = draft("compose", text)
    assert made.text.partition("vars:\n")[2].partition("\nchecks:")[0] == (
        "  # where the published ports are\n  host: 127.0.0.1\n"
        "  # TAIL of the compose file\n  tail: 1\n"
        "  # PORT of the compose file\n  port: 80$(tail)\n"
        "  # ITEM of the compose file\n  item_: 1\n"
        "  # HOST of the compose file\n  host_: 3\n"
    )


def test_services_that_are_not_up_are_told():
    text = """
include: [other.yaml]
services:
  web:
    ports: ['1:1']
    extends: {file: base.yaml, service: web}
    depends_on: {setup: {condition: service_completed_successfully}}
  setup: {image: x}
  debug: {image: x, profiles: [debug, test]}
  none: {image: x, deploy: {replicas: 0}}
  zero: {image: x, scale: 0}
"""
    assert left(draft("compose", text)) == [
        "include: other files are not read; draft from what 'docker compose config' prints",
        "service web: what it extends is not read",
        "service setup: runs to its end and stops; a check can only ask for what it leaves behind",
        "service debug: is started with the profile debug or test only",
        "service none: is scaled to 0",
        "service zero: is scaled to 0",
    ]


def test_what_a_service_depends_on_is_checked_first():
    text = """
services:
  web: {ports: ['1:1'], depends_on: [db, gone]}
  db: {ports: ['2:2']}
  x: {ports: ['3:3'], depends_on: {db: {}}}
"""
    assert [line for line in checks(draft("compose", text)) if line.startswith("needs")] == [
        "needs: [db]",
        "needs: [db]",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("web: {image: x}\n", "source.yaml:1:1: has no services, expected a compose file"),
        ("services: [web]\n", "source.yaml:1:11: services is a list, expected a mapping"),
        ("services: {web: nginx}\n", "source.yaml:1:17: service web is text, expected a mapping"),
        ("services: {web: {ports: 80}}\n", "source.yaml:1:25: ports is text, expected a list"),
        ("services: {web: {ports: [[80]]}}\n", "source.yaml:1:26: a port is a list, expected text"),
        (
            "services: {web: {ports: !override [80]}}\n",
            "source.yaml:1:25: the tag '!override' means nothing here: draft from what 'docker compose config' prints",
        ),
        ("services: {}\n", "source.yaml: there is nothing to check in it"),
        (
            "services: {web: {profiles: [x]}}\n",
            "source.yaml: there is nothing to check in it\n  service web: is started with the profile x only",
        ),
        (
            "services: {}\n---\nservices: {}\n",
            "source.yaml:3:1: a second document starts here, and a compose file is one",
        ),
        ("# empty\n", "source.yaml: holds nothing, expected a compose file"),
    ],
)
def test_what_is_no_compose_file_is_refused(text, said):
    assert refused("compose", text) == said
