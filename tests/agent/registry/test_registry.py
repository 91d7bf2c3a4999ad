"""The kinds that are installed: ours, a stranger's, and what cannot be one."""

import re

import pytest

from agent import registry
from agent.limit import Metric, Shape, compile_limit
from agent.registry import UnknownKind
from agent.units import Unit
from tests.agent import strangers

HERE = "tests.agent.registry.stranger"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package; gives a function that does."""

    def install(package="acme_probes", **entries):
        groups = {registry.GROUP: {name.replace("__", "."): value for name, value in entries.items()}}
        strangers.install(tmp_path / package, monkeypatch, package, groups)

    yield install
    monkeypatch.undo()
    strangers.forget()


def test_our_kinds_are_there_by_name():
    assert {"http", "tls", "dns", "tcp", "exec", "document"} <= set(registry.names())
    assert list(registry.names()) == sorted(registry.names())
    assert registry.find("http") is registry.find("http")


def test_a_strangers_kind_is_as_good_as_ours(installed):
    installed(acme__good=f"{HERE}:Good")
    kind = registry.find("acme.good")
    assert "acme.good" in registry.names()
    assert (kind.name, kind.probe.__name__, kind.open_names) == ("acme.good", "Good", False)
    assert kind.defaults == {"count": compile_limit(kind.metrics["count"], {"min": "1"})}
    assert list(kind.metrics.values()) == [
        Metric("count", Shape.NUMBER),
        Metric("share_ratio", Shape.NUMBER, Unit.RATIO),
        Metric("ok", Shape.BOOL),
        Metric("names", Shape.TEXT, many=True),
        Metric("colours", Shape.TEXT, many=True, choices=("green", "red")),
        Metric("colour", Shape.TEXT, choices=("green", "red")),
        Metric("either"),
        Metric("word"),
        Metric("anything"),
        Metric("nothing"),
        Metric("annotated", Shape.NUMBER),
    ]


def refusal(name):
    with pytest.raises(UnknownKind) as caught:
        registry.find(name)
    return str(caught.value)


def test_an_unknown_kind_is_told_with_what_was_meant():
    assert refusal("htp") == "unknown kind 'htp', did you mean 'http'?"
    assert refusal("zzzzzz") == "unknown kind 'zzzzzz'"
    assert refusal("zzz.zzz") == "unknown kind 'zzz.zzz': no installed package brings it"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("acme_missing.probe:Good", "kind 'acme.it' cannot be loaded: No module named 'acme_missing'"),
        (
            "acme_missing.probe:Good [cloud]",
            "kind 'acme.it' needs the package 'acme_missing', which is not installed: pip install 'acme_probes[cloud]'",
        ),
        (
            "acme_missing:Good [cloud,more]",
            "kind 'acme.it' needs the package 'acme_missing', which is not installed: "
            "pip install 'acme_probes[cloud,more]'",
        ),
        (
            f"{HERE}:Nobody",
            f"kind 'acme.it' cannot be loaded: AttributeError: module '{HERE}' has no attribute 'Nobody'",
        ),
        ("a b", "kind 'acme.it' cannot be loaded: 'a b' names no object of a module"),
        (f"{HERE}:NoProbe", f"kind 'acme.it' cannot be loaded: {HERE}:NoProbe is no Probe"),
        (f"{HERE}:function", f"kind 'acme.it' cannot be loaded: {HERE}:function is no Probe"),
        (HERE, f"kind 'acme.it' cannot be loaded: {HERE} is no Probe"),
        (
            f"{HERE}:NoReading",
            "kind 'acme.it' cannot be loaded: NoReading.measure is not annotated with the Reading that it returns",
        ),
        (
            f"{HERE}:NoAnnotation",
            "kind 'acme.it' cannot be loaded: NoAnnotation.measure is not annotated with the Reading that it returns",
        ),
        (f"{HERE}:UnknownAnnotation", "kind 'acme.it' cannot be loaded: NameError: name 'Nowhere' is not defined"),
        (
            f"{HERE}:StrangeSetting",
            "kind 'acme.it' cannot be loaded: setting 'blob' has a type that no profile can write: BytesType",
        ),
        (
            f"{HERE}:StrangeDefault",
            "kind 'acme.it' cannot be loaded: StrangeDefault has a default limit on 'weight', which is no metric of it",
        ),
        (
            f"{HERE}:WrongDefault",
            "kind 'acme.it' cannot be loaded: WrongDefault has a default limit that cannot be: unknown limit 'mni'",
        ),
    ],
)
def test_a_kind_that_cannot_be_loaded_says_why_and_what_helps(installed, value, message):
    installed(acme__it=value)
    assert refusal("acme.it") == message


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise RuntimeError('no licence')", "kind 'acme.it' cannot be loaded: RuntimeError: no licence"),
        ("raise ImportError('no such lib')", "kind 'acme.it' cannot be loaded: no such lib"),
        ("import acme_client_library", "kind 'acme.it' cannot be loaded: No module named 'acme_client_library'"),
        ("def (", "kind 'acme.it' cannot be loaded: SyntaxError: invalid syntax"),
    ],
)
def test_a_module_that_breaks_when_it_is_imported_is_told(installed, tmp_path, code, message):
    installed(acme__it="acme_breaks:It")
    (tmp_path / "acme_probes" / "acme_breaks.py").write_text(code)
    assert refusal("acme.it").startswith(message)


def test_a_name_without_a_dot_is_ours(installed):
    http = registry.find("http").probe
    installed(http=f"{HERE}:Good", widget=f"{HERE}:Good")
    assert registry.find("http").probe is http
    assert "widget" not in registry.names()


def test_a_kind_that_two_packages_bring_is_neithers(installed):
    installed("acme_probes", acme__good=f"{HERE}:Good")
    installed("other_probes", acme__good=f"{HERE}:NoReading")
    assert refusal("acme.good") == "kind 'acme.good' is brought by acme_probes and other_probes: uninstall one of them"


def test_a_strangers_kind_cannot_take_ours_away(installed):
    name = next(name for name in registry.names() if "." in name)
    installed(**{name.replace(".", "__"): f"{HERE}:Good"})
    assert re.fullmatch(rf"kind '{name}' is brought by acme_probes and gonogo: uninstall one of them", refusal(name))
