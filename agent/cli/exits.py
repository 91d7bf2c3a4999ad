"""Exit codes, all of them here; DESIGN section 3 gives their order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from agent.model import Decision

WRONG_USE = 2
AGENT_BROKE = 4
INTERRUPTED = {"SIGINT": 130, "SIGTERM": 143}
_DECIDED = {Decision.GO: 0, Decision.NO_GO: 1, Decision.INCONCLUSIVE: 3}
_NAGIOS = {0: 0, 1: 2}
_NAGIOS_UNKNOWN = 3


class Leave(Exception):
    """A command ends with this code; `hard` when threads that hang must not keep the process."""

    def __init__(self, code: int, *, hard: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.hard = hard


def of_run(decision: Decision, *, interrupted: str, written: bool) -> int:
    """Give the code of a run; `written` says that every report that was asked for is there."""
    if interrupted:
        return INTERRUPTED[interrupted]
    if decision is Decision.NO_GO:
        return _DECIDED[decision]
    return _DECIDED[decision] if written else AGENT_BROKE


def styled(code: int, arguments: Sequence[str]) -> int:
    """Translate for `--exit-style nagios`, whatever went wrong before options were read."""
    asked = "--exit-style=nagios" in arguments or ("--exit-style", "nagios") in pairwise(arguments)
    return _NAGIOS.get(code, _NAGIOS_UNKNOWN) if asked else code
