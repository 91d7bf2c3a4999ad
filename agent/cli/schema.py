"""`gonogo schema`: JSON Schema of a profile, for editors, and of what gonogo writes, for programs."""

from __future__ import annotations

import importlib

import click
import msgspec

_MADE_BY = {
    "profile": "agent.schema:schema",
    "report": "agent.reporters.schema:of_report",
    "event": "agent.reporters.schema:of_event",
}


@click.command("schema")
@click.argument("of", type=click.Choice(list(_MADE_BY)), default="profile")
def command(of: str) -> None:
    """Print the JSON Schema of a profile (with every kind that is installed), a json report or an ndjson event.

    In an editor: `# yaml-language-server: $schema=gonogo.schema.json` as a profile's first line.
    """
    module, _, name = _MADE_BY[of].partition(":")
    schema = getattr(importlib.import_module(module), name)()
    click.echo(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode())
