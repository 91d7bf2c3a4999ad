"""`gonogo probes`: the kinds of check, and all there is to know of one."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from agent import describe, registry
from agent.cli import exits


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in registry.names() if name.startswith(incomplete)]


@click.command("probes")
@click.argument("kind", required=False, shell_complete=_complete)
@click.option("--all", "everything", is_flag=True, help="The whole reference, as in docs/probes.md.")
def command(kind: str | None, *, everything: bool) -> None:
    """List the kinds of check, or describe KIND: settings, metrics, units, defaults."""
    if everything:
        click.echo(describe.reference(), nl=False)
    elif kind is None:
        click.echo(describe.overview())
    else:
        _describe(kind)


def _describe(kind: str) -> None:
    try:
        click.echo(describe.tell(describe.describe(kind)), nl=False)
    except registry.UnknownKind as error:
        click.echo(error, err=True)
        raise exits.Leave(exits.WRONG_USE) from None
