"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from agent.findings import SHIPPED
from agent.plan.bind import Asked
from agent.plan.given import Given

_Command = TypeVar("_Command", bound=Callable[..., Any])


def profiles(command: _Command) -> _Command:
    """Take the profiles and their variables."""
    options = [
        click.argument("profiles", nargs=-1, required=True, metavar="PROFILE…", type=click.Path(path_type=Path)),
        click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Give a variable its value."),
        click.option(
            "--vars-file",
            "files",
            multiple=True,
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Take variables from a YAML file; --var and GONOGO_VAR_NAME win over it.",
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def selection(command: _Command) -> _Command:
    """Narrow the run."""
    command = click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only checks with this tag.")(command)
    return click.option(
        "--section", "sections", multiple=True, metavar="ADDRESS", help="Only this section or check, by its address."
    )(command)


def active(command: _Command) -> _Command:
    """Allow active checks."""
    return click.option(
        "--allow-active", is_flag=True, help="Run checks that change, send or load something (active: true)."
    )(command)


def paths(written: tuple[Path, ...]) -> tuple[Path, ...]:
    """Find the profiles; `gonogo:NAME` is one that ships with gonogo."""
    return tuple(
        SHIPPED / f"{str(path).removeprefix('gonogo:')}.yaml" if str(path).startswith("gonogo:") else path
        for path in written
    )


def asked(
    variables: tuple[str, ...],
    files: tuple[Path, ...] = (),
    *,
    active: bool = False,
    tags: tuple[str, ...] = (),
    sections: tuple[str, ...] = (),
) -> Asked:
    """Make the request of the options."""
    return Asked(
        given=Given(options=variables, files=files, environment=os.environ),
        active=active,
        tags=tags,
        sections=sections,
        now=datetime.now(UTC),
    )
