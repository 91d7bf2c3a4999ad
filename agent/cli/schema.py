"""`gonogo schema`: the JSON Schema of a profile, for editors."""

from __future__ import annotations

import click
import msgspec

from agent import schema


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of a profile, with every kind that is installed.

    In an editor: `# yaml-language-server: $schema=gonogo.schema.json` as a profile's first line.
    """
    click.echo(msgspec.json.format(msgspec.json.encode(schema.schema()), indent=2).decode())
