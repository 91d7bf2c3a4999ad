"""Making checks ready: secrets found, late values settled, probes built and prepared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from agent import secrets, settings
from agent.engine import chores
from agent.engine.guard import Guard
from agent.engine.late import Known, Unsettled, parts, settle
from agent.engine.stop import duration
from agent.limit import Limit, LimitError, compile_limit
from agent.node import Measured, Node, Secret
from agent.plan.steps import LateLimit, Step
from agent.probe import Probe
from agent.settings import SettingsError

PATIENCE = 10.0
"""Seconds that one secret, or the preparation of one probe, may take."""


class Unready(Exception):
    """A check that cannot be made ready; the message says why.  It ends in ERROR."""


class Ready(msgspec.Struct, frozen=True):
    """A check with everything that it takes to look."""

    step: Step
    probe: Probe
    target: str
    limits: tuple[Limit, ...]
    warnings: tuple[Limit, ...]


def make(step: Step, known: Known) -> Ready:
    """Make a check ready but for its preparation.  Raises Unready."""
    with Guard() as guard:  # what a reading holds, and what a kind makes of it, is strange to us
        return _make(step, known)
    raise Unready(str(guard.error) if isinstance(guard.error, _EXPECTED) else guard.trouble().reason)


_EXPECTED = (Unsettled, SettingsError, LimitError)


def _make(step: Step, known: Known) -> Ready:
    probe = step.ready or _probe(step, known)
    return Ready(
        step,
        probe,
        str(probe.target()),
        (*step.limits, *(_limit(late, known) for late in step.late_limits)),
        (*step.warnings, *(_limit(late, known) for late in step.late_warnings)),
    )


def _probe(step: Step, known: Known) -> Probe:
    written = settle(step.settings, known)
    return settings.build(step.probe, written, step.kind)  # type: ignore[arg-type]  # a mapping stays one


def _limit(late: LateLimit, known: Known) -> Limit:
    written = settings.spec(settle(late.written, known))
    try:
        return compile_limit(late.metric, written)
    except LimitError as error:
        raise LimitError(f"the limit for {late.metric.name} cannot be: {error}") from None


async def find_secrets(steps: Iterable[Step], patience: float = PATIENCE) -> dict[str, str | LookupError]:
    """Find every secret that these checks use; what is missing has its error in place of a text."""
    names = list(dict.fromkeys(part.name for step in steps for part in late_parts(step) if isinstance(part, Secret)))
    found = await chores.done([partial(_find, name) for name in names], patience)
    return {
        name: LookupError(f"secret {name} was not found within {duration(patience)}") if text is None else text
        for name, text in zip(names, found, strict=True)
    }


def _find(name: str) -> str | LookupError:
    with Guard() as guard:  # a store may be a stranger's
        return secrets.find(name)
    if type(guard.error) is LookupError:
        return guard.error
    return LookupError(f"secret {name} cannot be had: {guard.said()}")


def late_parts(step: Step) -> list[Secret | Measured]:
    """List the secrets and readings that a check uses."""
    late = (*step.late_limits, *step.late_warnings)
    written: list[Node] = [limit.written for limit in late]
    if step.ready is None:
        written.append(step.settings)
    return [part for node in written for part, _ in parts(node)]


async def prepare(checks: Sequence[Ready], patience: float = PATIENCE) -> dict[str, str]:
    """Let the probes prepare themselves; gives the address of each with its problem, empty for none."""
    able = [check for check in checks if type(check.probe).prepare is not Probe.prepare]
    found = await chores.done([partial(_prepare, check.probe) for check in able], patience)
    hung = f"was not prepared within {duration(patience)}"
    problems = zip(able, found, strict=True)
    return {check.step.address: "" for check in checks} | {
        check.step.address: hung if problem is None else problem for check, problem in problems
    }


def _prepare(probe: Probe) -> str:
    with Guard() as guard:
        probe.prepare()
    return guard.trouble().reason if guard.error else ""
