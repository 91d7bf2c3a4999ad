"""Entry points are found as `importlib.metadata` finds them, only faster."""

import importlib
import sys
import zipfile
from importlib.metadata import DistributionFinder, MetadataPathFinder, entry_points
from pathlib import Path

import pytest

from agent import registry
from agent.registry.installed import Installed, entries

GROUP = "acme.things"


def package(folder: Path, name: str, text: str, ending: str = "dist-info") -> Path:
    info = folder / f"{name}.{ending}"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1\n")
    (info / "PKG-INFO").write_text((info / "METADATA").read_text())
    (info / "entry_points.txt").write_text(text, encoding="utf-8")
    return folder


def path(monkeypatch, *places):
    importlib.invalidate_caches()
    monkeypatch.setattr(sys, "path", [*map(str, places), *sys.path])


def ours():
    return [(entry.name, entry.value) for entry in entries(GROUP)]


def pythons():
    return [(entry.name, entry.value) for entry in entry_points(group=GROUP)]


def test_what_is_installed_here_is_found_as_python_finds_it():
    for group in (registry.GROUP, "console_scripts", "pytest11"):
        found = {(entry.name, entry.value) for entry in entries(group)}
        assert found == {(entry.name, entry.value) for entry in entry_points(group=group)}
        assert found


TEXT = """
# comment = no:entry
[other]
x = other:thing

[acme.things]
one = acme.one:One
# two = acme.two:Two
 three=acme.three : Three [extra]
four = acme.four

[acme.things.more]
five = acme.five:Five
"""


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        pytest.param("acme-1.0", "dist-info", id="a wheel"),
        pytest.param("acme-1.0-py3.11", "egg-info", id="an older package"),
        pytest.param("acme", "egg-info", id="a package in its own folder"),
        pytest.param("Acme.Things-1.0", "dist-info", id="a name that is written in two ways"),
    ],
)
def test_a_package_is_read(tmp_path, monkeypatch, name, ending):
    path(monkeypatch, package(tmp_path, name, TEXT, ending))
    assert (
        ours() == pythons() == [("one", "acme.one:One"), ("three", "acme.three : Three [extra]"), ("four", "acme.four")]
    )


def test_of_a_package_that_is_there_twice_the_one_in_front_counts(tmp_path, monkeypatch):
    package(tmp_path / "a", "acme_things-2.0", f"[{GROUP}]\none = new:One\n")
    package(tmp_path / "b", "Acme_Things-1.0", f"[{GROUP}]\none = old:One\ntwo = old:Two\n")
    path(monkeypatch, tmp_path / "a", tmp_path / "b")
    assert ours() == pythons() == [("one", "new:One")]


def test_two_packages_bring_both(tmp_path, monkeypatch):
    package(tmp_path / "a", "acme-1", f"[{GROUP}]\none = a:One\n")
    package(tmp_path / "b", "other-1", f"[{GROUP}]\none = b:One\n")
    path(monkeypatch, tmp_path / "a", tmp_path / "b")
    assert ours() == pythons() == [("one", "a:One"), ("one", "b:One")]
    assert [entry.package for entry in entries(GROUP)] == ["acme", "other"]


def test_the_working_directory_may_be_on_the_path(tmp_path, monkeypatch):
    package(tmp_path, "acme-1", TEXT)
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert ours() == pythons()
    assert len(ours()) == 3


def test_what_cannot_be_read_has_no_entry_points(tmp_path, monkeypatch):
    (tmp_path / "empty-1.dist-info").mkdir()
    (tmp_path / "file-1.dist-info").write_text("")
    (tmp_path / "folder-1.dist-info" / "entry_points.txt").mkdir(parents=True)
    path(monkeypatch, tmp_path, tmp_path / "not there")
    assert ours() == pythons() == []
    package(tmp_path, "latin-1", "")
    (tmp_path / "latin-1.dist-info" / "entry_points.txt").write_bytes(f"[{GROUP}]\none = a:\xe4\n".encode("latin-1"))
    assert ours() == []


def test_a_zip_file_on_the_path_is_left_to_python(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "acme.zip", "w") as archive:
        archive.writestr("acme-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
        archive.writestr("acme-1.dist-info/entry_points.txt", TEXT)
    path(monkeypatch, tmp_path / "acme.zip")
    assert ours() == pythons()
    assert [entry.package for entry in entries(GROUP)] == ["acme"] * 3


def test_an_egg_on_the_path_is_left_to_python(tmp_path, monkeypatch):
    egg = tmp_path / "acme-1.0-py3.11.egg"
    (egg / "EGG-INFO").mkdir(parents=True)
    (egg / "EGG-INFO" / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
    (egg / "EGG-INFO" / "entry_points.txt").write_text(TEXT)
    path(monkeypatch, egg)
    assert ours() == pythons()
    assert len(ours()) == 3


def test_a_finder_of_somebodys_own_is_left_to_python(tmp_path, monkeypatch):
    package(tmp_path, "acme-1", TEXT)

    class Finder(DistributionFinder):
        def find_spec(self, *_):
            return None

        def find_distributions(self, context=DistributionFinder.Context()):  # noqa: B008
            inside = DistributionFinder.Context(name=context.name, path=[str(tmp_path)])
            return MetadataPathFinder.find_distributions(inside)

    assert ours() == []
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
    assert ours() == pythons()
    assert len(ours()) == 3


@pytest.mark.parametrize(
    ("value", "extras"),
    [
        ("a.b:C", ()),
        ("a.b:C [x]", ("x",)),
        ("a.b:C[x, y-z]", ("x", "y-z")),
        ("a.b [x]", ("x",)),
        ("a b", ()),
    ],
)
def test_extras_stand_behind_the_object(value, extras):
    assert Installed("name", value, "acme").extras == extras


def test_what_is_named_is_imported():
    assert Installed("x", "pathlib:Path", "acme").load() is Path
    assert Installed("x", "pathlib : Path.home [x]", "acme").load() == Path.home
    assert Installed("x", "sys", "acme").load() is sys
    with pytest.raises(ImportError, match=r"^'a b' names no object of a module$"):
        Installed("x", "a b", "acme").load()
