"""The command line as a whole: commands, exit codes, what is said where."""

import io
import os
import resource
import signal
import subprocess
import sys
import termios
from pathlib import Path

import click
import msgspec
import pytest

from agent import __version__, cli, conclusion
from agent.cli import exits, leave, options, output, probes
from agent.cli.run import check
from agent.model import Decision
from agent.plan.bind import bind

ROOT = Path(__file__).parents[3]


@pytest.fixture
def profile(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(checks="  - {name: Echo, exec: {command: [echo, hi]}}", head=""):
        Path("p.yaml").write_text(f"name: p\n{head}\nchecks:\n{checks}\n")
        return "p.yaml"

    return write


def gonogo(*arguments, **options):
    """Run the command as a person does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "agent", *arguments], capture_output=True, text=True, timeout=60, check=False, **options
    )


@pytest.mark.parametrize(("checks", "code"), [("'true'", 0), ("'false'", 1), ("no-such-tool-here", 3)])
def test_the_exit_code_is_the_verdict(checks, code, profile):
    found = gonogo("run", profile(f"  - {{name: One, exec: {{command: [{checks}]}}}}"), "-q", env=_environment())
    assert (found.returncode, found.stderr) == (code, "")


def _environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(("command", "code"), [("'true'", 0), ("'false'", 2), ("no-such-tool-here", 3)])
@pytest.mark.parametrize("style", [["--exit-style", "nagios"], ["--exit-style=nagios"]])
def test_nagios_has_codes_of_its_own(command, code, style, profile, capsys):
    arguments = ["run", profile(f"  - {{name: One, exec: {{command: [{command}]}}}}"), "-q", *style]
    assert exits.styled(cli.invoke(arguments)[0], arguments) == code


def test_nagios_takes_a_wrong_profile_as_unknown():
    assert exits.styled(2, ["run", "x", "--exit-style", "nagios"]) == 3
    assert exits.styled(2, ["run", "x", "--exit-style", "gonogo"]) == 2


@pytest.mark.parametrize(
    ("decision", "interrupted", "written", "code"),
    [
        (Decision.GO, "", True, 0),
        (Decision.GO, "", False, 4),
        (Decision.INCONCLUSIVE, "", True, 3),
        (Decision.INCONCLUSIVE, "", False, 4),
        (Decision.NO_GO, "", True, 1),
        (Decision.NO_GO, "", False, 1),
        (Decision.NO_GO, "SIGINT", True, 130),
        (Decision.GO, "SIGTERM", False, 143),
    ],
)
def test_the_first_exit_code_that_applies(decision, interrupted, written, code):
    assert exits.of_run(decision, interrupted=interrupted, written=written) == code


def test_version_and_help(capsys):
    assert cli.invoke(["--version"]) == (0, False)
    assert capsys.readouterr().out == f"gonogo {__version__}\n"
    assert cli.invoke(["--help"]) == (0, False)
    shown = capsys.readouterr().out
    assert all(f"  {name}" in shown for name in cli.COMMANDS)


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_help(name, capsys):
    assert cli.invoke([name, "--help"])[0] == 0
    assert capsys.readouterr().out.startswith("Usage: gonogo")


def test_a_misspelt_command_is_told(capsys):
    assert cli.invoke(["vaildate"])[0] == 2
    assert "there is no command 'vaildate', did you mean 'validate'?" in capsys.readouterr().err


def test_a_bug_of_ours_is_four_and_neither_go_nor_no_go(monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr(cli.cli, "main", broken)
    assert cli.invoke(["run", "x"]) == (4, False)
    assert "this is a bug" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [KeyboardInterrupt, click.Abort])
def test_an_interrupt_while_loading_is_130(ending, monkeypatch):
    def interrupted(*_, **__):
        raise ending

    monkeypatch.setattr(cli.cli, "main", interrupted)
    assert cli.invoke(["run", "x"]) == (130, False)


def test_main_leaves_with_the_styled_code(profile):
    path = profile("  - {name: One, exec: {command: ['false']}}")
    assert gonogo("run", path, "-q", "--exit-style", "nagios", env=_environment()).returncode == 2


def test_a_process_with_hanging_threads_is_left_all_the_same():
    hang = "import threading; from agent.cli import leave; threading.Thread(target=threading.Event().wait).start()"
    script = f"{hang}; leave(3, hard=True)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=30, check=False).returncode == 3


def test_nobody_reads_standard_output(profile):
    """`gonogo run … | head -0`: the report did not arrive, so it is no GO."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        command = [sys.executable, "-m", "agent", "run", profile(), "-q"]
        found = subprocess.run(
            command, stdout=gone, stderr=subprocess.PIPE, text=True, env=_environment(), timeout=60, check=False
        )
    assert found.returncode == 4
    assert found.stderr == "gonogo: the text report could not be written to standard output: Broken pipe\n"


def test_standard_output_is_full_at_the_very_end(monkeypatch):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        full.write("x")
        with pytest.raises(SystemExit) as leaving:
            leave(0, hard=False)
    assert leaving.value.code == 4


# ---- validate


def test_validate_tells_every_mistake_and_how_many(profile, capsys):
    path = profile("  - {name: One, exec: {comand: [echo]}}", head="titel: x")
    assert cli.invoke(["validate", path])[0] == 2
    assert capsys.readouterr().err == (
        "p.yaml:2:1: unknown key 'titel' of a profile, did you mean 'title'?\n"
        "    2 | titel: x\n"
        "      | ^^^^^\n"
        "p.yaml:4:24: unknown setting of exec 'comand', did you mean 'command'?\n"
        "    4 |   - {name: One, exec: {comand: [echo]}}\n"
        "      |                        ^^^^^^\n"
        "2 mistakes\n"
    )


def test_validate_as_json(profile, capsys):
    path = profile("  - {name: One, exec: {command: [echo]}}", head="titel: x")
    assert cli.invoke(["validate", path, "--json", "--var", "a"])[0] == 2
    assert msgspec.json.decode(capsys.readouterr().out) == [
        {"message": "--var a: write it as --var name=value"},
        {
            "file": "p.yaml",
            "line": 2,
            "column": 1,
            "width": 5,
            "message": "unknown key 'titel' of a profile, did you mean 'title'?",
        },
    ]


def test_validate_says_that_there_is_no_mistake(profile, capsys):
    assert cli.invoke(["validate", profile()]) == (0, False)
    assert capsys.readouterr().out == "p.yaml: no mistakes\n"


def test_one_mistake_is_one(profile, capsys):
    cli.invoke(["validate", profile(head="titel: x")])
    assert capsys.readouterr().err.endswith("\n1 mistake\n")


# ---- lint, plan, probes, schema, completion


def test_lint_finds_and_says(profile, capsys):
    path = profile()
    assert cli.invoke(["lint", path])[0] == 1
    assert capsys.readouterr().out == (
        "p.yaml:4:5: 'Echo' has no owner, here or around it [unowned]\n"
        "    4 |   - {name: Echo, exec: {command: [echo, hi]}}\n"
        "      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
    )  # fmt: skip
    assert cli.invoke(["lint", path, "--json"])[0] == 1
    assert [doubt["rule"] for doubt in msgspec.json.decode(capsys.readouterr().out)] == ["unowned"]


def test_lint_has_nothing_to_say(profile, capsys):
    assert cli.invoke(["lint", profile(head="owner: me")]) == (0, False)
    assert capsys.readouterr().out == "p.yaml: nothing dubious\n"
    assert cli.invoke(["lint", "p.yaml", "--json"]) == (0, False)
    assert capsys.readouterr().out == "[]\n"


def test_a_plan_is_shown_and_runs_nothing(profile, capsys, tmp_path):
    path = profile("  - {name: Touch, exec: {command: [touch, touched]}}")
    assert cli.invoke(["plan", path]) == (0, False)
    assert capsys.readouterr().out == (
        "p: 1 checks, 0 active, 0 do not apply\n"
        "50 at once, 10 per host\n"
        "\n"
        "Touch  [touch]\n"
        "    exec: {command: [touch, touched]}\n"
        "    expect: exit_code: 0\n"
        "    timeout 10s\n"
    )
    assert cli.invoke(["plan", path, "--json"]) == (0, False)
    assert msgspec.json.decode(capsys.readouterr().out)["root"]["children"][0]["kind"] == "exec"
    assert cli.invoke(["plan", path, "--permissions"]) == (0, False)
    assert capsys.readouterr().out == "command: touch\n"
    assert cli.invoke(["plan", path, "--permissions", "--json"]) == (0, False)
    assert msgspec.json.decode(capsys.readouterr().out) == [{"system": "command", "action": "touch", "scope": ""}]
    assert not (tmp_path / "touched").exists()


def test_a_dry_run_shows_the_plan_and_is_inconclusive(profile, capsys, tmp_path):
    assert cli.invoke(["run", profile("  - {name: Touch, exec: {command: [touch, touched]}}"), "--dry-run"])[0] == 3
    shown = capsys.readouterr()
    assert shown.out.startswith("p: 1 checks")
    assert shown.err == "INCONCLUSIVE: dry run, nothing was checked\n"
    assert not (tmp_path / "touched").exists()


def test_probes_lists_describes_and_refuses(capsys):
    assert cli.invoke(["probes"]) == (0, False)
    assert "exec  " in capsys.readouterr().out
    assert cli.invoke(["probes", "exec"]) == (0, False)
    assert capsys.readouterr().out.startswith("# exec\n")
    assert cli.invoke(["probes", "exce"])[0] == 2
    assert capsys.readouterr().err == "unknown kind 'exce', did you mean 'exec'?\n"
    assert cli.invoke(["probes", "--all"]) == (0, False)
    assert "\n# http\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("of", "title"),
    [([], "gonogo profile"), (["report"], "A gonogo report"), (["event"], "An event of a gonogo run")],
)
def test_a_schema_is_printed(of, title, capsys):
    assert cli.invoke(["schema", *of]) == (0, False)
    assert msgspec.json.decode(capsys.readouterr().out)["title"] == title


def test_a_terminal_that_knows_no_utf_8_gets_the_report_all_the_same(profile):
    path = profile("  - {name: Größe …, exec: {command: ['false']}}")
    found = gonogo("run", path, "-q", env={**_environment(), "PYTHONIOENCODING": "ascii"})
    assert (found.returncode, "Gr\\xf6\\xdfe" in found.stdout, found.stderr) == (1, True, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell, capsys):
    assert cli.invoke(["completion", shell]) == (0, False)
    assert "_GONOGO_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "completed"),
    [("gonogo vali", "validate"), ("gonogo probes ex", "exec"), ("gonogo demo --break sl", "slow")],
)
def test_the_shell_completes(words, completed):
    environment = {
        **_environment(),
        "_GONOGO_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    found = gonogo(env=environment, cwd=ROOT)
    assert completed in found.stdout


# ---- selection and several profiles


def test_a_narrowed_run_says_so_in_its_first_line(profile, capsys):
    path = profile("  - {name: A, tags: [x], exec: {command: [echo]}}\n  - {name: B, exec: {command: ['false']}}")
    assert cli.invoke(["run", path, "-q", "--tag", "x"])[0] == 0
    assert capsys.readouterr().out.startswith("GO for 1 of 2 checks: p\n")
    assert cli.invoke(["run", path, "-q", "--section", "b"])[0] == 1
    assert capsys.readouterr().out.startswith("NO-GO for 1 of 2 checks: p\n")


def test_several_profiles_are_one_run(profile, capsys):
    path = profile()
    Path("q.yaml").write_text("name: q\nchecks:\n  - {name: 'No', exec: {command: ['false']}}\n")
    assert cli.invoke(["run", path, "q.yaml", "-q", "--report", "json"])[0] == 1
    report = msgspec.json.decode(capsys.readouterr().out)
    assert [child["address"] for child in report["root"]["children"]] == ["p:", "q:"]
    assert report["root"]["children"][1]["children"][0]["address"] == "q:no"


def test_a_shipped_profile_goes_by_its_name(capsys):
    assert cli.invoke(["validate", "gonogo:demo"]) == (0, False)


# ---- reports


def test_several_reports_in_one_run(profile, capsys, tmp_path):
    arguments = ["run", profile(), "-q", "--report", "text", "--report", "json:r.json", "--report", "ndjson:e.ndjson"]
    assert cli.invoke(arguments)[0] == 0
    assert capsys.readouterr().out.startswith("GO: p\n")
    assert msgspec.json.decode((tmp_path / "r.json").read_bytes())["decision"] == "GO"
    events = [msgspec.json.decode(line) for line in (tmp_path / "e.ndjson").read_text().splitlines()]
    assert [event["event"] for event in events] == [
        "run_started",
        "check_started",
        "attempt_finished",
        "check_finished",
        "run_finished",
    ]


def test_a_report_replaces_the_old_one_at_once_and_for_everybody_to_read(profile, tmp_path):
    target = tmp_path / "gonogo.prom"
    target.write_text("old")
    assert cli.invoke(["run", profile(), "-q", "--report", f"prometheus:{target}"])[0] == 0
    assert (target.read_text().startswith("# HELP"), target.stat().st_mode & 0o444) == (True, 0o444)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gonogo.prom", "p.yaml"]


def test_a_report_goes_into_a_pipe(profile, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        assert cli.invoke(["run", profile(), "-q", "--report", f"text:{pipe}"])[0] == 0
        assert reader.communicate(timeout=30)[0].startswith("GO: p\n")


def test_an_unknown_format_is_told_before_anything_runs(profile, capsys, tmp_path):
    path = profile("  - {name: Touch, exec: {command: [touch, touched]}}")
    assert cli.invoke(["run", path, "--report", "jsno"])[0] == 2
    assert "--report jsno: there is no format 'jsno', did you mean 'json'?" in capsys.readouterr().err
    assert not (tmp_path / "touched").exists()


def test_a_secret_is_nowhere(profile, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GONOGO_TEST_SECRET", "correct-horse+battery/staple")
    path = profile(
        "  - {name: Leak, exec: {command: [sh, -c, 'echo $0; echo $0 >&2; exit 1', $(secret:GONOGO_TEST_SECRET)], "
        "regex: {word: '(.*)'}}, expect: {word: x}}"
    )
    formats = ["text", "json", "ndjson", "junit", "tap", "markdown", "html", "github", "prometheus", "nagios"]
    reports = [option for name in formats for option in ("--report", f"{name}:{name}.out")]
    assert cli.invoke(["run", path, *reports])[0] == 1
    said = capsys.readouterr()
    everything = said.out + said.err + "".join((tmp_path / f"{name}.out").read_text() for name in formats)
    assert "***" in everything
    assert "correct-horse" not in everything
    assert "battery" not in everything


# ---- a terminal


def test_a_terminal_gets_colour_and_its_own_width(profile):
    shown = _in_terminal("run", profile())
    assert "\x1b[" in shown
    assert "GO: p" in shown


def test_no_color_is_respected(profile):
    shown = _in_terminal("run", profile(), NO_COLOR="1")
    assert "\x1b[" not in shown
    assert "GO: p" in shown


def _in_terminal(*arguments, **environment):
    """Run the command on a terminal of its own; gives what that shows."""
    leader, follower = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**_environment(), "TERM": "xterm", **environment},
    )
    os.close(follower)
    shown = b""
    with os.fdopen(leader, "rb", buffering=0) as screen:
        try:
            while data := screen.read(4096):
                shown += data
        except OSError:  # the other end is closed
            pass
    assert process.wait(60) == 0
    return shown.decode()


def test_both_ways_in_are_one(monkeypatch):
    import agent.__main__  # noqa: PLC0415  it sets the collector's threshold

    assert agent.__main__.main is cli.main
    assert gonogo("--version", env=_environment()).stdout == f"gonogo {__version__}\n"


class _Broken:
    """A watcher with a bug."""

    def __call__(self, event):
        raise RuntimeError("no ink")

    def close(self):
        pass


@pytest.mark.parametrize(("command", "code"), [("'true'", 4), ("'false'", 1)])
def test_a_watcher_that_breaks_costs_no_report_and_is_no_go_ahead(command, code, profile, capsys):
    asked = options.asked(())
    bound = bind((Path(profile(f"  - {{name: One, exec: {{command: [{command}]}}}}")),), asked)
    with pytest.raises(exits.Leave) as leaving:
        check(bound, asked, output.parse(("json:r.json",)), _Broken())
    assert leaving.value.code == code
    assert capsys.readouterr().err == "gonogo: the events of the run were not all told: RuntimeError('no ink')\n"
    assert Path("r.json").exists()


def test_an_option_in_place_of_a_command_is_told(capsys):
    assert cli.invoke(["--no-such-option", "run"])[0] == 2
    assert "No such option" in capsys.readouterr().err
    assert cli.invoke(["--", "-x"])[0] == 2


def test_the_commands_are_offered_to_a_shell():
    context = click.Context(cli.cli)
    assert [item.value for item in cli.cli.shell_complete(context, "")] == list(cli.COMMANDS)


def test_streams_that_are_no_files_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    cli._open_streams()
    assert isinstance(sys.stderr, io.StringIO)


def test_events_that_cannot_even_be_opened_are_not_a_go(profile, capsys):
    assert cli.invoke(["run", profile(), "-q", "--report", "ndjson:/no/such/folder/e"])[0] == 4
    assert capsys.readouterr().err == (
        "gonogo: the ndjson report could not be written to /no/such/folder/e: No such file or directory\n"
    )


def test_events_that_are_lost_when_their_file_is_closed_are_told_once(tmp_path, capsys):
    outputs = output.Outputs((output.Wanted("ndjson", "/dev/full"),))
    outputs._streams[0].write("x")
    assert outputs.report(None) is False
    assert capsys.readouterr().err == (
        "gonogo: the ndjson report could not be written to /dev/full: No space left on device\n"
    )


def test_a_report_that_was_half_written_leaves_the_old_one(tmp_path, profile, capsys, monkeypatch):
    """A full disk: the old report stays whole, and nothing else is left behind."""
    target = tmp_path / "folder"
    target.mkdir()
    arguments = ["run", profile(), "-q", "--report", f"json:{target}/r.json"]
    assert cli.invoke(arguments)[0] == 0
    before = (target / "r.json").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
        assert cli.invoke(arguments)[0] == 4
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert ((target / "r.json").read_bytes(), [path.name for path in target.iterdir()]) == (before, ["r.json"])


@pytest.mark.parametrize(("columns", "width"), [(40, 60), (120, 120), (500, 160)])
def test_a_terminal_gives_its_width_within_reason(columns, width, monkeypatch):
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (24, columns))
    with os.fdopen(leader), os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        assert output._terminal(output.Wanted("text")) == {"width": width, "color": output.colored()}
        assert output._terminal(output.Wanted("text", "file")) == {"width": 100, "color": False}


@pytest.mark.parametrize(
    ("environment", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_for_those_who_want_it(environment, colored, monkeypatch):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert output.colored() is colored


def test_a_user_without_a_name_is_a_number(monkeypatch):
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", *conclusion._ACTORS):
        monkeypatch.delenv(name, raising=False)
    assert conclusion.actor({"GITHUB_ACTOR": "octocat"}) == "octocat"
    monkeypatch.setattr("pwd.getpwuid", _nobody)
    assert conclusion.actor({}) == str(os.getuid())


def _nobody(_):
    raise KeyError("getpwuid(): uid not found")


def test_a_check_that_is_completed_by_the_shell_is_a_kind():
    parameter = probes.command.params[0]
    assert [item.value for item in parameter.shell_complete(None, "exe")] == ["exec"]


def test_leaving_by_exit_keeps_its_code(monkeypatch):
    def leaving(*_, **__):
        raise click.exceptions.Exit(0)

    monkeypatch.setattr(cli.cli, "main", leaving)
    assert cli.invoke([]) == (0, False)


@pytest.mark.parametrize(
    ("options", "redirection", "code", "said"),
    [
        ("", ">&-", 4, "gonogo: the text report could not be written to standard output: it is closed\n"),
        ("--report json:r.json", ">&-", 0, ""),
        ("", "2>&-", 0, ""),
        ("--report json:r.json", ">&- 2>&-", 0, ""),
    ],
)
def test_streams_that_the_caller_closed(options, redirection, code, said, profile):
    command = f"{sys.executable} -m agent run {profile()} -q {options} {redirection}"
    found = subprocess.run(
        ["sh", "-c", command], env=_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert (found.returncode, found.stderr) == (code, said)


def test_closed_streams_are_opened(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    cli._open_streams()
    with pytest.raises(OSError, match="it is closed"):
        sys.stdout.write("x")
    assert sys.stderr.write("x") == 1
