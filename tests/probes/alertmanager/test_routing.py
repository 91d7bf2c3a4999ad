"""The way of an alert through the tree of routes, held against Alertmanager's own `amtool`."""

import re
import shutil
import subprocess

import pytest

from probes import formats
from probes.alertmanager.routing import NotRouting, ends, routes
from tests.probes.prometheus.servers import ROUTES


@pytest.fixture(scope="session")
def real(manager):
    """The tree that a real Alertmanager says that it has, and what its own tool says of it."""
    original = manager.get("/api/v2/status").json()["config"]["original"]
    return routes(formats.parse(original.encode(), "yaml")["route"])


@pytest.fixture(scope="session")
def amtool(tmp_path_factory):
    path = tmp_path_factory.mktemp("amtool") / "alertmanager.yml"
    path.write_text(ROUTES)

    def ask(labels):
        words = [f"{name}={quoted(value)}" for name, value in labels.items()]
        command = [shutil.which("amtool"), "config", "routes", "test", f"--config.file={path}", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout.strip().split(",")

    return ask


def quoted(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


ALERTS = [
    {"alertname": "Down"},
    {"severity": "critical"},
    {"severity": "critical", "team": "payments"},
    {"severity": "critical", "team": "payments", "env": "dev"},
    {"severity": "critical", "team": "shop", "env": "prod"},
    {"severity": "critical", "team": "shops"},
    {"severity": "warn"},
    {"severity": "warning"},
    {"severity": "Warning"},
    {"severity": "prewarning"},
    {"comma": "a, b", "digits": "a12", "back": r"x\y"},
    {"comma": "a, b", "digits": "a12", "back": r"x\y", "quote": '"'},
    {"comma": "a, b", "digits": "a", "back": r"x\y"},
    {"comma": "a", "digits": "a1"},
    {"deep": "1"},
    {"deep": "1", "none": "x"},
    {"deep": "1", "deeper": "1"},
    {"deep": "1", "deeper": "1", "severity": "critical"},
    {"severity": "critical\n"},
]


@pytest.mark.parametrize("labels", ALERTS, ids=str)
def test_an_alert_goes_where_amtool_says(real, amtool, labels):
    assert [end.receiver for end in ends(real, labels)] == amtool(labels)


WRITTEN = {
    "a matcher alone": ('a="b"', {"a": "b"}),
    "several in one": ('a="b", c!="d"', {"a": "b"}),
    "in braces": ('{a="b",c=~"d|e"}', {"a": "b", "c": "e"}),
    "without quotes": ("a=b", {"a": "b"}),
    "a comma in quotes": ('a="b,c"', {"a": "b,c"}),
    "escapes": (r'a="x\"y\\z\nw"', {"a": 'x"y\\z\nw'}),
    "a backslash before any other letter": (r'a=~"\d+"', {"a": "12"}),
    "a label in quotes": ('"a b"="c"', {"a b": "c"}),
    "empty": ('a=""', {}),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_matchers_as_they_may_be_written(name):
    text, labels = WRITTEN[name]
    for matchers in (text, [text]):
        tree = routes({"receiver": "r", "routes": [{"receiver": "found", "matchers": matchers}]})
        assert [end.receiver for end in ends(tree, labels)] == ["found"]
        assert [end.receiver for end in ends(tree, {"a": "other", "c": "d"})] == ["r"]


def test_a_route_that_does_not_match_has_no_end():
    assert ends(routes({"receiver": "r", "match": {"a": "b"}}), {}) == []


def deep(levels):
    tree = {"receiver": "r"}
    for _ in range(levels):
        tree = {"receiver": "r", "routes": [tree]}
    return tree


WRONG = {
    "a text": ("x", "a route is no mapping"),
    "no receiver": ({}, "a route has no receiver"),
    "a receiver that is none": ({"receiver": 5}, "a route has no receiver"),
    "routes that are none": ({"receiver": "r", "routes": {"a": 1}}, "the routes of a route are not a list"),
    "a match that is none": ({"receiver": "r", "match": ["a"]}, "`match` of a route is no mapping"),
    "no matcher": ({"receiver": "r", "matchers": ["a"]}, "a is no matcher"),
    "an open quote": ({"receiver": "r", "matchers": ['a="b']}, 'a="b has a quote that is not closed'),
    "without end": (deep(100), "the routes are nested too deep"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_tree_of_routes(name):
    tree, message = WRONG[name]
    with pytest.raises(NotRouting, match=f"^{re.escape(message)}$"):
        routes(tree)
