"""The age since the last commit is given only when it is the truth about the file that lies there."""

import anyio
import pytest

from agent.probe import Unknown, Unreadable
from probes.last_commit import age_seconds

COMMITTED = 1767225600.0  # 2026-01-01T00:00:00Z
NOW = COMMITTED + 5000


async def test_a_committed_file_is_as_old_as_the_last_commit_that_touched_it(repository):
    path = repository.commit("drills/restore.json")
    repository.commit("other.json", date="2026-01-01T01:00:00Z")
    assert await age_seconds(path, NOW) == 5000.0


async def test_a_later_commit_makes_it_younger(repository):
    repository.commit("a.json", "one")
    path = repository.commit("a.json", "two", date="2026-01-01T01:00:00Z")
    assert await age_seconds(path, NOW) == 1400.0


async def test_a_path_is_relative_to_the_working_directory(repository, monkeypatch):
    repository.commit("drills/restore.json")
    monkeypatch.chdir(repository.folder / "drills")
    assert await age_seconds("restore.json", NOW) == 5000.0
    assert await age_seconds("../drills/restore.json", NOW) == 5000.0


async def test_a_link_is_as_old_as_what_it_leads_to(repository, tmp_path):
    (tmp_path / "latest").symlink_to(repository.commit("a.json"))
    assert await age_seconds(str(tmp_path / "latest"), NOW) == 5000.0


async def test_a_name_that_means_something_to_git_is_only_a_name(repository):
    repository.commit("a.json", date="2026-01-01T01:00:00Z")
    path = repository.commit(":(glob)*")
    assert await age_seconds(path, NOW) == 5000.0


async def test_a_commit_in_the_future_gives_no_age(repository):
    path = repository.commit("a.json")
    assert await age_seconds(path, COMMITTED - 100) == Unreadable(
        f"the last commit of {path} is 100 seconds in the future"
    )


async def test_a_file_that_is_not_committed_has_no_age(repository):
    repository.commit("other.json")
    path = repository.write("a.json")
    assert await age_seconds(path, NOW) == Unknown(f"{path} is not committed")


async def test_an_empty_folder_which_git_does_not_keep_has_no_age(repository):
    repository.commit("other.json")
    path = repository.folder / "empty"
    path.mkdir()
    assert await age_seconds(str(path), NOW) == Unknown(f"{path} is not committed")


async def test_a_repository_without_commits_gives_no_age(repository):
    path = repository.write("a.json")
    assert await age_seconds(path, NOW) == Unknown(f"{path} is not committed")


async def test_an_ignored_file_has_no_age(repository):
    repository.commit(".gitignore", "*.log\n")
    path = repository.write("a.log")
    assert await age_seconds(path, NOW) == Unknown(f"{path} is not committed")


async def test_a_file_that_was_deleted_and_made_again_has_no_age(repository):
    path = repository.commit("a.json")
    repository.git("rm", "-q", "a.json")
    repository.git("commit", "-q", "-m", "remove")
    repository.write("a.json")
    assert await age_seconds(path, NOW) == Unknown(f"{path} is not committed")


@pytest.mark.parametrize("staged", [False, True])
async def test_a_file_that_was_changed_since_has_no_age(repository, staged):
    path = repository.commit("a.json")
    repository.write("a.json", "something else")
    if staged:
        repository.git("add", "a.json")
    assert await age_seconds(path, NOW) == Unknown(f"{path} has changes that are not committed")


async def test_a_shallow_clone_gives_no_age(repository, tmp_path):
    repository.commit("a.json")
    repository.commit("b.json")
    repository.git("clone", "-q", "--depth=1", f"file://{repository.folder}", str(tmp_path / "clone"))
    path = str(tmp_path / "clone" / "a.json")
    assert await age_seconds(path, NOW) == Unknown(f"{path} is in a shallow clone, which does not know its last commit")


async def test_no_repository_gives_no_age(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{}")
    assert await age_seconds(str(path), NOW) == Unknown(f"{path} is in no git repository")


async def test_a_broken_repository_gives_no_age(repository):
    path = repository.commit("a.json")
    (repository.folder / ".git" / "config").write_text("[broken")
    found = await age_seconds(path, NOW)
    assert isinstance(found, Unknown)
    assert found.reason.startswith(f"git cannot tell the last commit of {path}: bad config line ")


async def test_no_git_gives_no_age(repository, monkeypatch, tmp_path):
    path = repository.commit("a.json")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert await age_seconds(path, NOW) == Unknown("git: no such command")


async def test_the_callers_git_environment_leads_nowhere_else(repository, tmp_path, monkeypatch):
    path = repository.commit("a.json")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere"))
    assert await age_seconds(path, NOW) == 5000.0


async def test_a_repository_runs_nothing_of_its_own(repository, tmp_path):
    path = repository.commit("a.json")
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    spy.chmod(0o755)
    hook = repository.folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.symlink_to(spy)
    for key in ("core.fsmonitor", "core.pager", "gpg.program", "core.sshCommand", "diff.external"):
        repository.git("config", key, str(spy))
    repository.git("config", "log.showSignature", "true")
    assert await age_seconds(path, NOW) == 5000.0
    assert not (tmp_path / "ran").exists()


async def test_a_git_that_hangs_is_cut_short(repository, tmp_path, monkeypatch):
    path = repository.commit("a.json")
    hanging = tmp_path / "bin" / "git"
    hanging.parent.mkdir()
    hanging.write_text(f"#!/bin/sh\nmkfifo {tmp_path}/never\nread x < {tmp_path}/never\n")
    hanging.chmod(0o755)
    monkeypatch.setenv("PATH", f"{hanging.parent}:/usr/bin:/bin")
    with anyio.fail_after(5):
        with anyio.move_on_after(0.1) as scope:
            await age_seconds(path, NOW)
    assert scope.cancelled_caught
