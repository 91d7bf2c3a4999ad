"""The command line: each command a module of its own, imported when it is called."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import traceback
from io import StringIO, TextIOWrapper
from typing import NoReturn

import click

from agent import __version__
from agent.cli.exits import AGENT_BROKE, INTERRUPTED, WRONG_USE, Leave, styled
from agent.problem import ProfileError

COMMANDS = {
    "run": "Run profiles and say GO, NO-GO or INCONCLUSIVE.",
    "validate": "Find every mistake in profiles.",
    "lint": "Find what is valid but dubious.",
    "plan": "Show what would run, resolved, in order.",
    "probes": "Describe the kinds of check.",
    "schema": "Print the JSON Schema of a profile.",
    "init": "Write a commented profile to start from.",
    "demo": "Run the demo profile against an embedded sample system.",
    "completion": "Print the completion script of a shell.",
}


class _Commands(click.Group):
    """Loads a command's module when it is asked for, so that `run` does not pay for `demo`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:  # an option where a command was expected
            return None
        command = importlib.import_module(f"agent.cli.{cmd_name}").command
        assert isinstance(command, click.Command)  # noqa: S101  every module of the table has one
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from_word = importlib.import_module("agent.problem").nearest(args[0], tuple(COMMANDS), listed=20)
            ctx.fail(f"there is no command '{args[0]}'{from_word}")
        return super().resolve_command(ctx, args)


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gonogo", message="%(prog)s %(version)s")
def cli() -> None:
    """Answer, with evidence, whether it is safe to go.

    gonogo runs the checks of a profile against real systems and answers GO (exit code 0), NO-GO (1) or
    INCONCLUSIVE (3); 2 says that the profile or the command line is wrong, 4 that gonogo itself broke.
    """


def main() -> NoReturn:  # pragma: no cover  seen by tests in processes of their own
    """Run the command line and leave with its exit code, at once.

    Nothing is left to be cleaned up, an interpreter that takes itself apart costs a tenth of a short run,
    and a probe's thread that hangs must not keep the process.
    """
    _open_streams()
    code, _ = invoke(sys.argv[1:])
    leave(styled(code, sys.argv[1:]), hard=True)


def _open_streams() -> None:
    """Have both streams there, and able to write any text: no terminal is too old for a report.

    A stream that the caller closed (`>&-`) takes nothing; whoever writes a report to it hears so.
    """
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Closed(StringIO):
    """Standard output that is closed."""

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, "it is closed")


def invoke(arguments: list[str]) -> tuple[int, bool]:
    """Run a command; give its exit code, and whether the process must be left without waiting for threads."""
    try:
        cli.main(arguments, prog_name="gonogo", standalone_mode=False)
    except Leave as leaving:
        return leaving.code, leaving.hard
    except ProfileError as error:
        click.echo(error, err=True)
        return WRONG_USE, False
    except click.exceptions.Exit as leaving:
        return leaving.exit_code, False
    except click.ClickException as error:
        error.show()
        return WRONG_USE, False
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED["SIGINT"], False
    except Exception:  # noqa: BLE001  whatever is wrong with the agent itself, it is neither GO nor NO-GO
        click.echo(f"gonogo {__version__} broke; this is a bug, please report it:\n{traceback.format_exc()}", err=True)
        return AGENT_BROKE, False
    return 0, False


def leave(code: int, *, hard: bool) -> NoReturn:
    """End the process; `hard` when a probe's thread would keep it alive."""
    try:
        sys.stdout.flush()
    except OSError:  # nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or AGENT_BROKE
    sys.stderr.flush()
    if hard:
        os._exit(code)  # pragma: no cover  seen by a test in a process of its own
    sys.exit(code)
