"""`gonogo plan`: what would run, resolved, in order, with no secret in it; or what it must be allowed to do."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from agent import planned
from agent.cli import options
from agent.plan.bind import Bind, bind


@click.command("plan")
@options.profiles
@options.selection
@options.active
@click.option("--permissions", is_flag=True, help="Print what the checks must be allowed to do.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(
    profiles: tuple[Path, ...],
    variables: tuple[str, ...],
    files: tuple[Path, ...],
    tags: tuple[str, ...],
    sections: tuple[str, ...],
    *,
    allow_active: bool,
    permissions: bool,
    as_json: bool,
) -> None:
    """Show what PROFILEs would run, in order, with everything resolved and secrets by name only."""
    asked = options.asked(variables, files, active=allow_active, tags=tags, sections=sections)
    bound = bind(options.paths(profiles), asked)
    if permissions:
        needs = planned.permissions(bound.plan)
        click.echo(_json(needs) if as_json else planned.tell_permissions(needs))
    elif as_json:
        click.echo(_json(planned.tree(bound.plan)))
    else:
        show(bound)


def show(bound: Bind) -> None:
    """Print a plan for a person."""
    click.echo(planned.tell(bound.plan))


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
