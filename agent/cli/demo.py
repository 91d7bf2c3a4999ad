"""`gonogo demo`: a system to look at, and the look."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from threading import Event

import click
from click.shell_completion import CompletionItem

from agent.cli import options, output, watching
from agent.cli.run import check
from agent.demo.faults import FAULTS
from agent.demo.system import FIXED, PASSWORD, STATUS_TOKEN, sample
from agent.findings import SHIPPED
from agent.plan.bind import bind
from agent.problem import nearest

PROFILE = SHIPPED / "demo.yaml"
DIRECTORY = Path(".gonogo-demo")
"""Where `--serve` keeps the sample's files, as profiles/demo.yaml has it."""


def _complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=fault.breaks) for name, fault in FAULTS.items() if name.startswith(incomplete)]


@click.command("demo")
@click.option("--break", "fault", metavar="FAULT", default="", shell_complete=_complete, help="Break the sample first.")
@click.option("--faults", is_flag=True, help="List the faults, and what each leads to.")
@click.option("--serve", is_flag=True, help="Start the sample system and leave it running until Ctrl-C.")
@click.option("--report", "reports", multiple=True, metavar="FORMAT[:FILE]", help="As of `gonogo run`.")
@click.option("--quiet", "-q", is_flag=True, help="No progress on standard error.")
def command(fault: str, reports: tuple[str, ...], *, faults: bool, serve: bool, quiet: bool) -> None:
    """Run the demo profile against an embedded sample system: a small shop on this machine.

    Its exit code is that of the verdict: `gonogo demo` is GO (0), `gonogo demo --break slow` NO-GO (1).
    """
    if fault and fault not in FAULTS:
        raise click.UsageError(f"there is no fault '{fault}'{nearest(fault, tuple(FAULTS), listed=0)}; see --faults")
    if faults:
        _list()
    elif serve:
        _serve(fault)
    else:
        _run(fault, output.parse(reports), quiet=quiet)


def _list() -> None:
    width = max(map(len, FAULTS))
    for fault in FAULTS.values():
        click.echo(f"{fault.name:{width}}  {fault.decision:12}  {fault.breaks}")


def _run(fault: str, wanted: tuple[output.Wanted, ...], *, quiet: bool) -> None:
    if not quiet:
        click.echo(
            f"demo: a small shop on this machine{', broken: ' + FAULTS[fault].breaks if fault else ''}", err=True
        )
    with sample(fault) as variables:
        given = tuple(f"{name}={value}" for name, value in variables.items())
        asked = options.asked(given, active=True)
        check(bind((PROFILE,), asked), asked, wanted, watching.watcher(quiet=quiet))


def _serve(fault: str) -> None:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with sample(fault, FIXED, DIRECTORY):
            click.echo("The sample system is running; in another terminal here:", err=True)
            secrets = " ".join(f"{name}={os.environ[name]}" for name in (STATUS_TOKEN, PASSWORD) if name in os.environ)
            click.echo(f"  {secrets} gonogo run profiles/demo.yaml", err=True)
            click.echo("Ctrl-C ends it.", err=True)
            stop.wait()
    except OSError as error:
        raise click.ClickException(f"the sample system cannot start: {error}") from error
