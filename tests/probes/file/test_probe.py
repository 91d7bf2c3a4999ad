"""A path is looked at without being held up by what is no file, and what changes meanwhile says so."""

import ctypes
import grp
import hashlib
import os
import pwd
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

import anyio
import pytest
from anyio import to_thread

from agent.probe import Need, ProbeError, Unknown, Unreadable
from probes.file import FileProbe, FileReading

ME = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def look(path, **settings):
    """Measure without git, and give the reading without the two metrics that the clock decides."""
    reading = await FileProbe(path=str(path), commit=False, **settings).measure()
    known = {name: getattr(reading, name) for name in reading.__struct_fields__}
    del known["modified_age_seconds"], known["age_seconds"]
    return {name: value for name, value in known.items() if value is not None}


async def test_a_file_is_measured(here):
    (here / "notes.md").write_text("## Rollback\n\nAsk dana\n")
    (here / "notes.md").chmod(0o640)
    assert (
        await look("notes.md", digest=True, regex={"who": r"Ask (\w+)", "none": "xyz"})
        == {
            "exists": True,
            "size_bytes": 22,
            "type": "file",
            "mode": "0640",
            "sha256": hashlib.sha256(b"## Rollback\n\nAsk dana\n").hexdigest(),
            "named": {"who": "dana", "none": None},
        }
        | ME
    )


async def test_data_is_read_in_the_format_of_its_name(here):
    (here / "rollback.yaml").write_text("criteria: [a, b]\nauthority: {manual: dana}\n")
    found = await look("rollback.yaml", json={"criteria": "length(criteria)", "who": "authority.manual"})
    assert found["named"] == {"criteria": 2, "who": "dana"}


async def test_broken_data_is_unreadable_and_the_file_is_still_there(here):
    (here / "a.json").write_text("{")
    found = await look("a.json", json={"it": "a"})
    assert (found["exists"], found["size_bytes"]) == (True, 1)
    assert found["named"] == {"it": Unreadable("a.json is not JSON: it is cut short at line 1 column 2")}


@pytest.mark.parametrize("path", ["none", "none/at/all", "file/below"])
async def test_what_is_not_there_does_not_exist(here, path):
    (here / "file").write_text("")
    assert await look(path, digest=True, regex={"it": "x"}) == {"exists": False, "named": {}}


async def test_the_date_inside_and_not_the_file_system_tells_the_age(here):
    (here / "audit.log").write_text("started 2026-01-01T00:00:00Z\nrevision 3b1f\n")
    before = time.time()
    reading = await FileProbe(path="audit.log", date=r"started (\S+)", revision=r"revision (\w+)").measure()
    assert 0 <= reading.age_seconds - (before - 1767225600) < 60
    assert (reading.revision, 0 <= reading.modified_age_seconds < 60) == ("3b1f", True)


async def test_a_file_outside_of_git_has_no_age_and_is_measured_all_the_same(here):
    (here / "a.png").write_bytes(b"\x89PNG\xff\x00")
    reading = await FileProbe(path="a.png").measure()
    assert (reading.exists, reading.size_bytes) == (True, 6)
    assert reading.age_seconds == Unknown("a.png is in no git repository")


async def test_the_last_commit_tells_the_age(here):
    (here / "a.md").write_text("x")
    for command in (
        ("init", "-q"),
        ("add", "a.md"),
        ("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "a"),
    ):
        subprocess.run(("git", *command), check=True, capture_output=True)
    reading = await FileProbe(path="a.md").measure()
    assert 0 <= reading.age_seconds < 60


async def test_modification_times_are_counted_and_the_future_is_not_believed(here):
    path = here / "a"
    path.write_text("x")
    os.utime(path, (0, time.time() - 1000))
    assert 1000 <= (await FileProbe(path="a").measure()).modified_age_seconds < 1060
    ahead = time.time() + 10_000
    os.utime(path, (0, ahead))
    found = (await FileProbe(path="a").measure()).modified_age_seconds
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("the last change of a is ")
    assert found.reason.endswith(" seconds in the future")


async def test_a_file_that_the_kernel_makes_up_is_a_file(here):
    found = await look("/proc/self/status")
    assert (found["owner"], found["type"], found["mode"]) == (ME["owner"], "file", "0444")


async def test_a_link_is_followed_and_told(here):
    (here / "release-1.4").mkdir()
    (here / "current").symlink_to("release-1.4")
    found = await look("current")
    assert (found["type"], found["link"], "size_bytes" in found) == ("directory", "release-1.4", False)


async def test_a_link_to_nothing_does_not_exist(here):
    (here / "current").symlink_to("release-1.5")
    assert await look("current") == {"exists": False, "link": "release-1.5", "named": {}}


async def test_a_circle_of_links_cannot_be_looked_at(here):
    (here / "a").symlink_to("b")
    (here / "b").symlink_to("a")
    with pytest.raises(ProbeError, match=r"^a: too many levels of symbolic links$"):
        await look("a")


async def test_a_name_that_no_file_can_have_cannot_be_looked_at(here):
    with pytest.raises(ProbeError, match=r"^x{300}: file name too long$"):
        await look("x" * 300)


# What is no file


@pytest.fixture
def others(here):
    """One of each kind of thing that opening could hang on, or that has no content."""
    os.mkfifo(here / "fifo")
    (here / "directory").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(here / "socket"))
        (here / "character device").symlink_to("/dev/zero")
        yield here


@pytest.mark.parametrize("kind", ["fifo", "directory", "socket", "character device"])
async def test_nothing_but_a_file_is_ever_opened(others, kind):
    with anyio.fail_after(5):
        found = await look(kind, digest=True, regex={"it": "."}, date=".")
    why = Unreadable(f"{kind} is a {kind}, expected a file")
    assert (found["exists"], found["type"], "size_bytes" in found) == (True, kind, False)
    assert (found["sha256"], found["named"]) == (why, {"it": why})


async def test_a_file_that_has_nothing_to_give_yet_does_not_hang(here):
    os.mkfifo(here / "fifo")
    reader = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
    with anyio.fail_after(5):
        assert (await look("fifo", regex={"it": "."}))["type"] == "fifo"
    os.close(reader)


# Size, and change


async def test_a_huge_file_is_not_read_for_a_reading(here):
    with (here / "huge.log").open("wb") as file:
        file.truncate(2**40)
    found = await look("huge.log", regex={"it": "x"}, limit=1000)
    assert found["size_bytes"] == 2**40
    assert found["named"] == {"it": Unreadable("huge.log has more than 1000 bytes, the limit")}


async def test_a_file_of_just_the_limit_is_read(here):
    (here / "a").write_text("x" * 1000)
    assert (await look("a", regex={"it": "x+$"}, limit=1000))["named"] == {"it": "x" * 1000}


async def test_a_digest_of_a_huge_file_ends_when_nobody_waits_for_it(here):
    with (here / "huge").open("wb") as file:
        file.truncate(2**40)
    with anyio.fail_after(10):
        with anyio.move_on_after(0.2) as scope:
            await look("huge", digest=True)
        threads = to_thread.current_default_thread_limiter()
        for number in range(int(threads.total_tokens)):
            await threads.acquire_on_behalf_of(number)  # all are free only when the reader has ended
    assert scope.cancelled_caught
    for number in range(int(threads.total_tokens)):
        threads.release_on_behalf_of(number)


@contextmanager
def meanwhile(action):
    """Do something over and over in a thread while the block runs."""
    stop, running = threading.Event(), threading.Event()

    def work():
        while not stop.is_set():
            action()
            running.set()

    thread = threading.Thread(target=work)
    thread.start()
    running.wait()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def test_a_digest_of_a_file_that_grows_is_unreadable(here):
    path = here / "log"
    path.write_bytes(b"x" * 2**24)
    with path.open("ab", buffering=0) as file, meanwhile(lambda: file.write(b"more\n")):
        found = await look("log", digest=True)
    assert found["sha256"] == Unreadable("log changed while it was read")


async def test_a_log_that_grows_is_read_as_far_as_it_goes(here):
    path = here / "log"
    path.write_bytes(b"started\n" + b"x" * 2**20)
    with path.open("ab", buffering=0) as file, meanwhile(lambda: file.write(b"more\n")):
        found = await look("log", regex={"it": "^started"}, limit=2**30)
    assert found["named"] == {"it": "started"}


async def test_a_file_that_is_rewritten_while_it_is_read_is_unreadable(here):
    path = here / "data"
    path.write_bytes(b"x" * 2**24)
    times = iter(range(1, 10**9))
    with meanwhile(lambda: os.utime(path, ns=(0, next(times)))):
        found = await look("data", regex={"it": "x"}, limit=2**30)
    assert found["named"] == {"it": Unreadable("data changed while it was read")}


async def test_a_file_whose_content_blocks_is_an_error_and_no_hang():
    with anyio.fail_after(5), pytest.raises(ProbeError, match=r"^/proc/\d+/mem: "):
        await look(f"/proc/{os.getpid()}/mem", regex={"it": "x"})


# Permission


def as_nobody(probe):
    """Measure in a thread whose accesses to files are those of nobody, whoever runs the tests."""
    outcome: list[FileReading | ProbeError] = []

    def work():
        ctypes.CDLL(None).setfsuid(65534)
        try:
            outcome.append(anyio.run(probe.measure))
        except ProbeError as error:
            outcome.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return outcome[0]


def test_a_folder_that_may_not_be_entered_is_an_error_and_not_an_absence(here):
    (here / "closed").mkdir()
    (here / "closed" / "file").write_text("x")
    (here / "closed").chmod(0)
    here.chmod(0o755)
    error = as_nobody(FileProbe(path="closed/file", commit=False))
    (here / "closed").chmod(0o755)
    assert (type(error), str(error)) == (ProbeError, "closed/file: permission denied")


@pytest.mark.parametrize("settings", [{"regex": {"it": "x"}}, {"digest": True}])
def test_a_file_that_may_not_be_read_is_an_error_where_its_content_is_asked_for(here, settings):
    (here / "file").write_text("x")
    (here / "file").chmod(0)
    here.chmod(0o755)
    error = as_nobody(FileProbe(path="file", commit=False, **settings))
    assert (type(error), str(error)) == (ProbeError, "file: permission denied")


def test_a_file_that_may_not_be_read_can_be_looked_at(here):
    (here / "file").write_text("x")
    (here / "file").chmod(0)
    here.chmod(0o755)
    reading = as_nobody(FileProbe(path="file", commit=False))
    assert (reading.exists, reading.size_bytes, reading.mode) == (True, 1, "0000")


def test_it_is_a_witness_that_needs_to_read_the_file():
    assert FileProbe.witness is True
    assert FileProbe(path="a").permissions() == (Need("file", "read", "a"),)
