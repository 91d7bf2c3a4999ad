"""`gonogo validate`: every mistake of every file, and nothing is run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from agent.cli import exits, options
from agent.findings import Findings
from agent.plan.bind import Asked, bind
from agent.plan.given import Given
from agent.problem import Problem, ProfileError


@click.command("validate")
@options.profiles
@click.option("--json", "as_json", is_flag=True, help="One JSON array of problems, for editors and CI.")
@click.option("--no-values", is_flag=True, help="Do not demand a value for every variable that is used.")
def command(
    profiles: tuple[Path, ...], variables: tuple[str, ...], files: tuple[Path, ...], *, as_json: bool, no_values: bool
) -> None:
    """Find every mistake in PROFILEs, with its place and what was probably meant."""
    given = Given(options=variables, files=files, environment=os.environ, demanded=not no_values)
    problems = [problem for path in options.paths(profiles) for problem in mistakes(path, given)]
    problems = list(dict.fromkeys(problems))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([_plain(problem) for problem in problems]), indent=2))
    else:
        for problem in problems:
            click.echo(problem, err=True)
        click.echo(_summary(profiles, problems), err=bool(problems))
    if problems:
        raise exits.Leave(exits.WRONG_USE)


def mistakes(path: Path, given: Given) -> tuple[Problem, ...]:
    """Find the mistakes of one profile."""
    try:
        bind((path,), Asked(given=given, now=datetime.now(UTC)), Findings())
    except ProfileError as error:
        return error.problems
    return ()


def _summary(profiles: tuple[Path, ...], problems: list[Problem]) -> str:
    if problems:
        return f"{len(problems)} {'mistake' if len(problems) == 1 else 'mistakes'}"
    return f"{', '.join(map(str, profiles))}: no mistakes"


def _plain(problem: Problem) -> dict[str, str | int]:
    if problem.mark is None:
        return {"message": problem.message}
    mark = problem.mark
    return {
        "file": mark.file,
        "line": mark.line,
        "column": mark.column,
        "width": mark.width,
        "message": problem.message,
    }
