"""`gonogo run`: bind, run, decide, report, leave with the code that says it."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import click

from agent.cli import exits, options, output, watching
from agent.conclusion import Ran, conclude
from agent.engine.host import EventsLost, execute
from agent.events import Event
from agent.plan.bind import Asked, Bind, bind
from agent.progress import Watcher
from agent.report import Report, Selection


@click.command("run")
@options.profiles
@options.selection
@options.active
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT[:FILE]",
    help="Write this report (text, json, ndjson, junit, tap, markdown, html, github, prometheus, nagios); "
    "several are allowed, standard output is the default.",
)
@click.option("--dry-run", is_flag=True, help="Show what would run and check nothing; the answer is INCONCLUSIVE.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on standard error.")
@click.option(
    "--exit-style",
    type=click.Choice(["gonogo", "nagios"]),
    default="gonogo",
    help="nagios: 0 GO, 2 NO-GO, 3 all else.",
)
def command(
    profiles: tuple[Path, ...],
    variables: tuple[str, ...],
    files: tuple[Path, ...],
    tags: tuple[str, ...],
    sections: tuple[str, ...],
    reports: tuple[str, ...],
    *,
    allow_active: bool,
    dry_run: bool,
    quiet: bool,
    exit_style: str,
) -> None:
    """Run PROFILEs and answer GO (0), NO-GO (1) or INCONCLUSIVE (3).

    A profile is a file, or gonogo:NAME for one that ships with gonogo.
    """
    wanted = output.parse(reports)
    asked = options.asked(variables, files, active=allow_active, tags=tags, sections=sections)
    bound = bind(options.paths(profiles), asked)
    if dry_run:
        _dry_run(bound)
    check(bound, asked, wanted, watching.watcher(quiet=quiet))


def _dry_run(bound: Bind) -> None:
    importlib.import_module("agent.cli.plan").show(bound)
    click.echo("INCONCLUSIVE: dry run, nothing was checked", err=True)
    raise exits.Leave(3)


def check(bound: Bind, asked: Asked, wanted: tuple[output.Wanted, ...], watcher: Watcher) -> None:
    """Run what is bound, write the reports, and leave with the code of the verdict."""
    outputs = output.Outputs(wanted)

    def emit(event: Event) -> None:
        outputs.event(event)
        watcher(event)

    started, clock = datetime.now(UTC), monotonic()
    told = True
    try:
        run = execute(bound.plan, emit)
    except EventsLost as lost:  # a bug of ours; the checks ran all the same, and their report is owed
        click.echo(f"gonogo: {lost}: {lost.__cause__!r}", err=True)
        run, told = lost.run, False
    finally:
        watcher.close()
    ran = Ran(
        started=started,
        duration_seconds=monotonic() - clock,
        interrupted=run.interrupted,
        selection=_selection(bound, asked),
    )
    report: Report = conclude(bound.plan, run.results, ran)
    written = outputs.report(report) and told
    raise exits.Leave(exits.of_run(report.decision, interrupted=run.interrupted, written=written), hard=run.stuck)


def _selection(bound: Bind, asked: Asked) -> Selection | None:
    if not asked.tags and not asked.sections:
        return None
    words = [f"--tag {tag}" for tag in asked.tags] + [f"--section {section}" for section in asked.sections]
    return Selection(len(bound.plan.steps), bound.total, " ".join(words))
