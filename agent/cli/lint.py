"""`gonogo lint`: what is valid and still dubious."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from agent.cli import exits, options
from agent.findings import Findings
from agent.lint import Doubt, lint
from agent.plan.bind import Asked, bind
from agent.plan.given import Given

FOUND = 1


@click.command("lint")
@options.profiles
@click.option("--no-values", is_flag=True, help="Do not demand a value for every variable that is used.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of doubts, for editors and CI.")
def command(
    profiles: tuple[Path, ...], variables: tuple[str, ...], files: tuple[Path, ...], *, as_json: bool, no_values: bool
) -> None:
    """Find what is valid in PROFILEs and still probably not meant; exit code 1 when there is anything.

    Limits that cannot fail, sections that cannot pass, waivers that are over or change nothing, references
    and waivers that rest on a name, checks that nobody owns, changes that are tried again, secrets in the
    clear, times that do not add up.
    """
    given = Given(options=variables, files=files, environment=os.environ, demanded=not no_values)
    asked = msgspec.structs.replace(options.asked(()), given=given)
    doubts = [(doubt, findings) for path in options.paths(profiles) for doubt, findings in _doubts(path, asked)]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode([doubt for doubt, _ in doubts]), indent=2))
    for doubt, findings in () if as_json else doubts:
        click.echo(findings.quoted(f"{doubt.message} [{doubt.rule}]", doubt.mark))
    if doubts:
        raise exits.Leave(FOUND)
    if not as_json:
        click.echo(f"{', '.join(map(str, profiles))}: nothing dubious")


def _doubts(path: Path, asked: Asked) -> list[tuple[Doubt, Findings]]:
    findings = Findings()
    bound = bind((path,), asked, findings)
    return [(doubt, findings) for doubt in lint(bound, asked.now)]
