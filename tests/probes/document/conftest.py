"""A git repository of its own for a test."""

import os
import subprocess

import pytest

from agent.probe import Reading


class Repository:
    """A folder under git, whose commits are made when a test says."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q")

    def git(self, *arguments, date="2026-01-01T00:00:00Z"):
        who = {"NAME": "tester", "EMAIL": "tester@example.com", "DATE": date}
        names = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        isolated = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": os.environ["PATH"]}
        subprocess.run(("git", *arguments), cwd=self.folder, env=names | isolated, check=True)

    def write(self, name, text="text\n"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def commit(self, name, text="text\n", date="2026-01-01T00:00:00Z"):
        path = self.write(name, text)
        self.git("add", "-f", name)
        self.git("commit", "-q", "-m", f"write {name}", date=date)
        return path


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return Repository(tmp_path / "repository")


@pytest.fixture
def measured():
    """Give the metrics of a reading that are there, by name, without the two that the clock decides."""

    def known(reading: Reading):
        values = {name: getattr(reading, name) for name in reading.__struct_fields__}
        return {
            name: value
            for name, value in values.items()
            if value is not None and name not in ("age_seconds", "modified_age_seconds")
        }

    return known
