"""Why a file cannot be read, in the operator's words."""

import os

import pytest

from agent.problem import ProfileError
from agent.source import files


def refused(path):
    with pytest.raises(ProfileError) as caught:
        files.content(path)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, so that paths are short."""
    monkeypatch.chdir(tmp_path)
    return type(tmp_path)()


def test_a_file_is_read(folder):
    (folder / "smoke.yaml").write_bytes(b"name: smoke\n")
    assert files.content(folder / "smoke.yaml") == b"name: smoke\n"


def test_a_missing_file_names_the_one_that_was_probably_meant(folder):
    (folder / "profiles").mkdir()
    (folder / "profiles" / "smoke.yaml").touch()
    assert refused(folder / "profiles" / "smoek.yaml") == (
        "profiles/smoek.yaml: no such file, did you mean 'profiles/smoke.yaml'?"
    )


@pytest.mark.parametrize("name", ["demo.yaml", "demo.yml"])
def test_an_ending_may_be_forgotten(folder, name):
    (folder / name).touch()
    (folder / "another-profile.yaml").touch()
    assert refused(folder / "demo") == f"demo: no such file, did you mean '{name}'?"


def test_other_kinds_of_files_are_not_offered(folder):
    (folder / "smoke.yaml~").touch()
    assert refused(folder / "smoke.yaml") == "smoke.yaml: no such file"


def test_a_missing_folder_is_named(folder):
    assert refused(folder / "profiels" / "x.yaml") == "profiels/x.yaml: no such file and no such folder 'profiels'"


def test_a_link_to_nothing_is_no_file(folder):
    (folder / "x.yaml").symlink_to("y.yml.old")
    assert refused(folder / "x.yaml") == "x.yaml: no such file"


def test_a_directory_is_no_file(folder):
    (folder / "profiles").mkdir()
    assert refused(folder / "profiles") == "profiles: is a directory, expected a file"


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "x.yaml")
    assert refused(folder / "x.yaml") == "x.yaml: is not a regular file"


def test_a_device_is_no_file():
    assert refused(type(files.Path())("/dev/null")) == "/dev/null: is not a regular file"


def test_what_the_system_refuses_is_told_in_its_words(folder):
    (folder / "x.yaml").symlink_to("x.yaml")
    assert refused(folder / "x.yaml") == "x.yaml: too many levels of symbolic links"
    assert refused(folder / "x.yaml" / "y.yaml") == "x.yaml/y.yaml: too many levels of symbolic links"


def test_a_name_that_no_file_can_have_is_not_a_crash(folder):
    assert refused(folder / "x\0.yaml") == "x\\0.yaml: no file can have this name"


def test_a_file_may_have_sixteen_megabytes(folder):
    big = folder / "big.yaml"
    big.write_bytes(b"")
    os.truncate(big, files.LIMIT)
    assert len(files.content(big)) == files.LIMIT
    os.truncate(big, files.LIMIT + 1)
    assert refused(big) == "big.yaml: is larger than 16 MiB"
