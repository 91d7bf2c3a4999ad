"""A command is run, fed, read and ended; whatever it does, nobody hangs and nothing is left."""

import os
import resource
import signal
import sys
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import anyio
import psutil
import pytest
from anyio import to_thread

from agent.probe import Need, ProbeError, Unreadable
from probes import child
from probes.child import Command
from probes.exec import ExecProbe


@pytest.fixture(autouse=True)
def nothing_is_left():
    """No descriptor, no child and no zombie remains of any test."""
    process = psutil.Process()
    before = process.num_fds()
    yield
    assert process.children() == []
    assert process.num_fds() <= before


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def run(*command, **settings):
    """Measure, and give what is there but the duration."""
    reading = await ExecProbe(command=command, **settings).measure()
    assert reading.duration_seconds > 0
    known = {name: getattr(reading, name) for name in reading.__struct_fields__ if name != "duration_seconds"}
    return {name: value for name, value in known.items() if value is not None}


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


async def test_a_command_is_measured():
    assert await run("sh", "-c", "echo out; echo err >&2; exit 3") == {
        "exit_code": 3,
        "stdout": "out",
        "stderr": "err",
        "named": {},
    }


async def test_one_newline_at_the_end_is_dropped_and_no_other():
    found = await run("printf", r"\n a \r\n\n")
    assert found["stdout"] == "\n a \r\n"


async def test_arguments_are_not_read_by_a_shell():
    found = await run("printf", "%s|", "$HOME", "a b", "*", "; exit 1")
    assert found["stdout"] == "$HOME|a b|*|; exit 1|"


async def test_a_shell_reads_the_command_when_it_is_asked_for():
    reading = await ExecProbe(command="echo one | tr a-z A-Z; exit 4", shell=True).measure()
    assert (reading.stdout, reading.exit_code) == ("ONE", 4)


async def test_readings_are_taken_from_standard_output():
    found = await run(
        "echo",
        '{"vulnerabilities": {"total": 0}, "score": 9.10}',
        json={"found": "vulnerabilities.total", "score": "score", "gone": "x"},
        regex={"text": r'"score": ([\d.]+)'},
    )
    assert found["named"] == {"found": 0, "score": Decimal("9.10"), "gone": None, "text": "9.10"}


async def test_of_output_that_is_not_json_nothing_is_known():
    found = await run("echo", '{"total": ', json={"it": "total"})
    assert found["named"] == {"it": Unreadable("stdout is not JSON: it is cut short at line 2 column 1")}


async def test_output_that_is_not_text_is_unreadable():
    found = await run("printf", r"a\377", regex={"it": "a"}, json={"data": "@"})
    assert (found["exit_code"], found["stdout"]) == (0, Unreadable("stdout: it is not UTF-8: byte 0xff at offset 1"))
    assert found["named"] == {
        "data": Unreadable("stdout is not JSON: it is not UTF-8: byte 0xff at offset 1"),
        "it": Unreadable("stdout: it is not UTF-8: byte 0xff at offset 1"),
    }


async def test_it_runs_where_it_is_told(here):
    (here / "sub").mkdir()
    script(here / "sub" / "where", "#!/bin/sh\npwd\n")
    assert (await run("./where", directory="sub"))["stdout"] == str(here / "sub")


async def test_of_the_environment_it_gets_what_is_allowed_and_what_is_set(monkeypatch):
    for name in tuple(os.environ):
        monkeypatch.delenv(name)
    ours = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "SECRET": "x", "AWS_REGION": "eu", "AWS_ID": "1"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    plain = await run("env")
    assert sorted(plain["stdout"].splitlines()) == ["LC_ALL=C", "PATH=/usr/bin:/bin", "TZ=UTC"]
    more = await run("env", environment=("AWS_*", "MISSING"), set={"TZ": "Asia/Tokyo", "MODE": "a=b"})
    assert sorted(more["stdout"].splitlines()) == [
        "AWS_ID=1",
        "AWS_REGION=eu",
        "LC_ALL=C",
        "MODE=a=b",
        "PATH=/usr/bin:/bin",
        "TZ=Asia/Tokyo",
    ]


async def test_the_command_is_looked_for_in_the_path_that_it_gets(here):
    script(here / "tool", "#!/bin/sh\necho found\n")
    assert (await run("tool", set={"PATH": str(here)}))["stdout"] == "found"


@pytest.mark.parametrize(("stdin", "stdout"), [(None, ""), ("", ""), ("é\n", "é"), ("x" * 300_000, "x" * 300_000)])
async def test_it_reads_what_it_is_given_and_nothing_else(stdin, stdout):
    assert (await run("cat", stdin=stdin))["stdout"] == stdout


async def test_a_command_that_reads_nothing_is_not_waited_for():
    with anyio.fail_after(10):
        assert (await run("true", stdin="x" * 10_000_000))["exit_code"] == 0


async def test_a_command_that_closes_its_output_is_waited_for():
    found = await run("sh", "-c", "exec >&- 2>&-; read x; exit $x", stdin="7\n")
    assert found["exit_code"] == 7


async def test_it_leads_a_session_of_its_own():
    code = "import os; print(os.getsid(0) == os.getpgid(0) == os.getpid())"
    assert (await run(sys.executable, "-c", code))["stdout"] == "True"


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGSEGV, "SIGSEGV"), (40, "signal 40")], ids=str
)
async def test_a_signal_that_ended_it_is_told(number, name):
    found = await run(sys.executable, "-c", f"import os; os.kill(os.getpid(), {int(number)})")
    assert (found["exit_code"], found["signal"]) == (128 + number, name)


async def test_an_exit_code_like_that_of_a_signal_is_none():
    found = await run("sh", "-c", "exit 139")
    assert (found["exit_code"], found.get("signal")) == (139, None)


# It cannot be started


async def test_what_cannot_be_started_is_an_error(here):
    (here / "file").write_text("echo x")
    (here / "folder").mkdir()
    script(here / "no-shebang", "echo x\n")
    script(here / "bad-shebang", "#!/no/such/interpreter\n")
    messages = {}
    for command, directory in (
        ("no-such-command", None),
        ("./no-such-file", None),
        ("./file", None),
        ("./file/below", None),
        ("./folder", None),
        ("./no-shebang", None),
        ("./bad-shebang", None),
        ("true", "nowhere"),
        ("true", "file"),
    ):
        with pytest.raises(ProbeError) as caught:
            await run(command, directory=directory)
        messages[command, directory] = str(caught.value)
    assert messages == {
        ("no-such-command", None): "no-such-command: no such command",
        ("./no-such-file", None): "./no-such-file: no such command",
        ("./file", None): "./file: permission denied",
        ("./file/below", None): "./file/below: not a directory",
        ("./folder", None): "./folder: permission denied",
        (
            "./no-shebang",
            None,
        ): "./no-shebang: cannot be executed, expected a program or a script whose first line is #!…",
        ("./bad-shebang", None): "./bad-shebang: its interpreter, named in its first line, is missing",
        ("true", "nowhere"): "nowhere: no such file or directory, expected a directory to run true in",
        ("true", "file"): "file: not a directory, expected a directory to run true in",
    }


async def test_an_argument_list_that_is_too_long_is_an_error():
    with pytest.raises(ProbeError, match=r"^true: argument list too long$"):
        await run("true", "x" * 3_000_000)


async def test_no_message_repeats_the_arguments_which_may_be_secret():
    with pytest.raises(ProbeError) as caught:
        await run("no-such-command", "--password=hunter2", set={"TOKEN": "hunter2"}, stdin="hunter2")
    assert str(caught.value) == "no-such-command: no such command"


async def test_a_machine_out_of_descriptors_cannot_look():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Path("/dev/null").open() as highest:  # the lowest number that is free; all below are taken
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest.fileno() + 1, hard))
        try:
            with pytest.raises(ProbeError, match=r"^no pipe to a command: too many open files$"):
                await run("true")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# It does not end, or will not


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_command_that_writes_without_end_is_ended(stream):
    redirect = ">&2" if stream == "stderr" else ""
    with anyio.fail_after(10), pytest.raises(ProbeError, match=rf"^sh wrote more than 100000 bytes to {stream}$"):
        await run("sh", "-c", f"exec yes {redirect}", output_limit=100_000)


async def test_output_of_just_the_limit_is_read():
    assert (await run("printf", "12345", output_limit=5))["stdout"] == "12345"
    with pytest.raises(ProbeError, match=r"^printf wrote more than 5 bytes to stdout$"):
        await run("printf", "123456", output_limit=5)


AFTERWARDS = """
import os, sys
ours, theirs = os.pipe()
if os.fork():
    os._exit(0)
os.close(theirs)
os.read(ours, 1)  # ends when the command has
print("ERROR bad", file=getattr(sys, sys.argv[1]))
"""
"""A command whose child writes once the command itself has ended."""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_what_a_child_writes_after_the_command_ended_is_read(stream):
    other = "stderr" if stream == "stdout" else "stdout"
    found = await run(sys.executable, "-c", AFTERWARDS, stream)
    assert found == {"exit_code": 0, stream: "ERROR bad", other: "", "named": {}}


def held(stream):
    return Unreadable(f"{stream} is still held open by a process that the command left running")


@pytest.fixture
def leaves(here):
    """Make a command that leaves a process behind, which is ended with the test."""
    yield lambda text: f"sleep 60 {text} & echo $! > left"
    os.kill(int((here / "left").read_text()), signal.SIGKILL)  # it lives: what it leaves behind is its own affair


async def test_of_output_that_is_held_open_nothing_is_known_but_the_command_has_ended(leaves):
    with anyio.fail_after(10):
        found = await run(
            "sh", "-c", f"{leaves('')}; echo '{{}}'; exit 3", json={"data": "@", "gone": "x"}, regex={"it": "ERROR"}
        )
    assert found == {
        "exit_code": 3,
        "stdout": held("stdout"),
        "stderr": held("stderr"),
        "named": {"data": held("stdout"), "gone": held("stdout"), "it": held("stdout")},
    }


@pytest.mark.parametrize(
    ("redirect", "stdout", "stderr"),
    [
        (">/dev/null 2>&1", "out", ""),
        (">/dev/null", "out", held("stderr")),
        ("2>/dev/null", held("stdout"), ""),
    ],
    ids=["neither", "stderr", "stdout"],
)
async def test_each_output_is_known_that_is_not_held_open(leaves, redirect, stdout, stderr):
    found = await run("sh", "-c", f"{leaves(redirect)}; echo out")
    assert found == {"exit_code": 0, "stdout": stdout, "stderr": stderr, "named": {}}


async def test_how_long_it_took_does_not_count_the_wait_for_what_it_left(leaves):
    started = perf_counter()
    reading = await ExecProbe(command=leaves(""), shell=True).measure()
    assert (reading.exit_code, reading.stdout) == (0, held("stdout"))
    assert 0.9 < perf_counter() - started - reading.duration_seconds < 10


async def test_who_does_not_allow_for_it_is_not_given_output_that_is_held_open(leaves):
    command = Command(("sh", "-c", f"{leaves('')}; echo 1"), {"PATH": os.environ["PATH"]})
    with pytest.raises(ProbeError, match=r"^sh left a process running that still holds its stdout open$"):
        await child.run(command)


async def test_a_process_left_behind_that_writes_without_end_is_not_read_without_end():
    with anyio.fail_after(10), pytest.raises(ProbeError, match=r"^sh wrote more than 100000 bytes to stdout$"):
        await run("sh", "-c", "yes & exit 0", output_limit=100_000)


class Announcement:
    """A pipe on which a process of a test tells its number when it has come far enough."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)

    async def process(self):
        """Wait for the number, and give a descriptor that is readable when that process is gone."""
        return os.pidfd_open(int(await to_thread.run_sync(self.path.read_text)))


async def cut(probe, *announcements):
    """Cancel a measurement once all have announced themselves, and wait until they are gone."""
    gone = []
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(probe.measure)
            gone += [await one.process() for one in announcements]
            tasks.cancel_scope.cancel()
        for descriptor in gone:
            await anyio.wait_readable(descriptor)
            os.close(descriptor)


async def test_a_command_that_hangs_is_gone_when_nobody_waits(here):
    began = Announcement(here / "began")
    await cut(ExecProbe(command=("sh", "-c", "echo $$ > began; exec sleep 600")), began)


async def test_a_command_is_told_first_and_may_clean_up(here):
    began = Announcement(here / "began")
    text = 'trap "echo bye > note; exit 0" TERM; echo $$ > began; sleep 600 & wait'
    await cut(ExecProbe(command=("sh", "-c", text)), began)
    assert (here / "note").read_text() == "bye\n"


async def test_what_an_ended_command_left_is_not_waited_for_when_nobody_waits_and_lives(here):
    left = Announcement(here / "left")
    code = AFTERWARDS + "open('left', 'w').write(str(os.getpid())); os.execvp('sleep', ['sleep', '600'])"
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ExecProbe(command=(sys.executable, "-c", code, "stderr")).measure)
            descriptor = await left.process()
            tasks.cancel_scope.cancel()
        assert tasks.cancel_scope.cancelled_caught
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)  # raises if it is gone
        await anyio.wait_readable(descriptor)
        os.close(descriptor)


async def test_a_whole_family_that_ignores_to_be_told_is_gone(here):
    parent, child = Announcement(here / "parent"), Announcement(here / "child")
    text = "trap '' TERM INT HUP; sh -c 'echo $$ > child; exec sleep 600' & echo $$ > parent; while :; do wait; done"
    await cut(ExecProbe(command=("sh", "-c", text)), parent, child)


async def test_a_child_whose_parent_goes_at_once_is_gone_too(here):
    parent, child = Announcement(here / "parent"), Announcement(here / "child")
    text = "sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 600; done' & echo $$ > parent; exec sleep 600"
    await cut(ExecProbe(command=("sh", "-c", text)), parent, child)


async def test_many_at_once_do_not_mix():
    found = {}

    async def one(number):
        reading = await ExecProbe(command=("sh", "-c", f"cat; exit {number}"), stdin=str(number)).measure()
        found[number] = (reading.stdout, reading.exit_code)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(one, number)
    assert found == {number: (str(number), number) for number in range(20)}


# Settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"command": "ls -l"}, "command is one text, expected a list, the program first"),
        ({"command": ("ls",), "shell": True}, "command is a list, expected one text, which the shell reads"),
        ({"command": ()}, "command is empty"),
        ({"command": ("", "x")}, "command is empty"),
        ({"command": "", "shell": True}, "command is empty"),
        ({"command": ("a\0",)}, "a NUL character stands in the command, its directory or its environment"),
        (
            {"command": ("a",), "set": {"X": "\0"}},
            "a NUL character stands in the command, its directory or its environment",
        ),
        ({"command": ("a",), "set": {"X=Y": "1"}}, "set: 'X=Y' is no name of a variable"),
        ({"command": ("a",), "set": {"": "1"}}, "set: '' is no name of a variable"),
        ({"command": ("a",), "perfdata": {"x": "load1"}}, "perfdata is what Nagios plugins write: say nagios: true"),
        ({"command": ("a",), "json": {"x": "a"}, "regex": {"x": "a"}}, "the reading x is named twice"),
    ],
    ids=range(11),
)
def test_settings_that_do_not_fit_together_are_refused(settings, message):
    with pytest.raises(ValueError, match=r".") as caught:
        ExecProbe(**settings)
    assert str(caught.value) == message


def test_it_needs_to_run_the_command():
    assert ExecProbe(command=("git", "status")).permissions() == (Need("command", "git"),)
    assert ExecProbe(command="git status", shell=True).permissions() == (Need("command", "/bin/sh"),)
