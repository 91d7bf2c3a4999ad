"""The project's own rules, as far as no linter holds them."""

import ast
import re
import textwrap
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_type_hints

import anyio
import pytest
from anyio.abc import SocketAttribute
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import agent
from agent.probe import Probe, Reading
from scripts import check_texts

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
KINDS = PROJECT["entry-points"]["gonogo.probes"]
LOCKS = ("requirements.lock", "deploy/runtime.lock", "deploy/build.lock")
SOURCES = [path for room in ("agent", "probes", "scripts", "tests") for path in sorted((ROOT / room).rglob("*.py"))]


def named(paths):
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def locked(name):
    """Versions by package; a package that differs between platforms has several."""
    pins = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE)
    versions = {}
    for package, version in pins:
        versions.setdefault(canonicalize_name(package), set()).add(Version(version))
    return versions


def requirements(*groups):
    """What pyproject asks for, with nested groups and our own extras resolved."""
    for group in groups:
        for entry in group:
            if isinstance(entry, dict):
                yield from requirements(PYPROJECT["dependency-groups"][entry["include-group"]])
            elif not entry.startswith("gonogo["):
                yield Requirement(entry)


RUNTIME = list(requirements(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()))
BUILD = list(requirements(PYPROJECT["dependency-groups"]["build"]))
DEVELOPMENT = [*RUNTIME, *requirements(PYPROJECT["dependency-groups"]["dev"])]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_probe_whose_reading_is_known(kind):
    (entry,) = entry_points(group="gonogo.probes", name=kind)
    probe = entry.load()
    assert issubclass(probe, Probe)
    assert issubclass(get_type_hints(probe.measure)["return"], Reading)


def test_the_installed_kinds_are_those_of_pyproject():
    assert {entry.name: entry.value for entry in entry_points(group="gonogo.probes")} == KINDS


def test_every_extra_is_part_of_all():
    extras = set(PROJECT["optional-dependencies"]) - {"all"}
    (every,) = PROJECT["optional-dependencies"]["all"]
    assert Requirement(every).extras == extras


def test_a_committed_file_says_that_the_packages_are_typed():
    assert all((ROOT / package / "py.typed").is_file() for package in ("agent", "probes"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_the_probe_in_contributing_works(host):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    room = {"__name__": "probes.port"}
    exec(compile(textwrap.dedent(code), "CONTRIBUTING.md", "exec"), room)
    listener = await anyio.create_tcp_listener(local_host=host)
    port = listener.extra(SocketAttribute.local_port)
    probe = room["PortProbe"](host=host, port=port)
    async with listener:
        assert (await probe.measure()).latency_seconds > 0
    with pytest.raises(room["Unreachable"], match=f"^{re.escape(host)}:{port}: "):
        await probe.measure()


def test_the_changelog_is_about_this_version():
    newest = re.search(
        r"^## \[(.+?)\] - (?:Unreleased|\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest[1] == agent.__version__


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        pytest.param("requirements.lock", DEVELOPMENT, id="development"),
        pytest.param("deploy/runtime.lock", RUNTIME, id="image"),
        pytest.param("deploy/build.lock", BUILD, id="build"),
    ],
)
def test_a_lock_holds_what_pyproject_asks_for(lock, wanted):
    versions = locked(lock)
    unmet = [
        str(requirement)
        for requirement in wanted
        if not any(
            requirement.specifier.contains(version, prereleases=True)
            for version in versions.get(canonicalize_name(requirement.name), ())
        )
    ]
    assert unmet == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_every_pin_and_no_address(lock):
    text = (ROOT / lock).read_text()
    bare = [entry for entry in re.split(r"\n(?=\S)", text.strip()) if "--hash=sha256:" not in entry]
    assert bare == []
    assert "://" not in text


@pytest.mark.parametrize("lock", LOCKS[1:])
def test_the_image_has_the_versions_that_were_tested(lock):
    tested = locked("requirements.lock")
    assert {name: versions for name, versions in locked(lock).items() if not versions <= tested[name]} == {}


@pytest.mark.parametrize("target", ["demo", "test", "lint", "format", "bench", "lock", "image", "clean", "help"])
def test_make_has_a_target_and_a_word_about_it(target):
    assert re.search(rf"^{target}:.*## \S", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("script", named(sorted((ROOT / "scripts").glob("[!_]*"))))
def test_every_script_is_made_to_be_run(script):
    assert script.is_dir() or script.suffix == ".py" or script.stat().st_mode & 0o111 == 0o111


def test_committed_texts_name_no_machine_and_put_nothing_off():
    assert [row for name, text in check_texts.tracked() for row in check_texts.finds(name, text)] == []


@pytest.mark.parametrize(
    "line",
    [
        "https://files.pythonhosted" + ".org/x.whl",
        "open('/ho" + "me/dana/x')",
        "# TO" + "DO: later",
    ],
)
def test_a_text_that_breaks_the_rule_is_found(line):
    (row,) = check_texts.finds("notes.md", f"fine\n{line}\n")
    assert row.startswith("notes.md:2: ")


def test_no_test_is_skipped_or_expected_to_fail():
    evasions = re.compile(r"pytest\.(?:mark\.)?(?:skip|xfail)|import" + r"orskip|unittest\.skip")
    assert [str(path) for path in SOURCES if path != Path(__file__) and evasions.search(path.read_text())] == []


@pytest.mark.parametrize("path", named(path for path in SOURCES if "tests" not in path.parts))
def test_files_and_functions_are_small(path):
    text = path.read_text()
    lines = text.count("\n")
    long = [
        f"{node.name}: {length} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := node.end_lineno - node.lineno + 1) > 40
    ]
    assert long == []
    assert lines <= 300


def test_the_image_runs_as_an_ordinary_user_by_number():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["10001:10001"]
    assert 'ENTRYPOINT ["gonogo"]' in dockerfile


def test_the_build_of_the_image_sees_every_package():
    packages = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in [*packages, "pyproject.toml", PROJECT["readme"]]} <= set(ignore)


def test_every_action_of_a_workflow_is_pinned_by_commit():
    workflows = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    uses = re.findall(r"uses: (\S+)", workflows)
    assert uses
    assert [use for use in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", use)] == []
