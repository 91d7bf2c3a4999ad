"""`gonogo completion`: the script that teaches a shell gonogo's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from agent import cli


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL; source it, as `source <(gonogo completion bash)`."""
    script = get_completion_class(shell)
    assert script is not None  # noqa: S101  click has all three
    click.echo(script(cli.cli, {}, "gonogo", "_GONOGO_COMPLETE").source())
