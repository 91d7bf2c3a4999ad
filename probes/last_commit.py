"""When a file was last committed, asked of git: the age of evidence that has no date of its own.

The answer is only given when it is the truth about the file that lies there: it is committed, unchanged
since, and the clone has all of the history.

Git runs with nothing of the caller's `GIT_…` environment, without locks, hooks, pager, fsmonitor, signature
checks or network.  Its own refusal of a repository that belongs to somebody else (`safe.directory`) holds:
who trusts such a repository says so in git's configuration.
"""

from __future__ import annotations

import os

from anyio import to_thread

from agent.probe import ProbeError, Unknown, Unreadable
from probes.child import Command, run
from probes.dates import age_of

__all__ = ["age_seconds"]

_HARMLESS = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "log.showSignature=false"),
    *("-c", "protocol.allow=never"),
    "--no-pager",
    "--literal-pathspecs",
)
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}


async def age_seconds(path: str, now: float) -> float | Unreadable:
    """Tell the seconds since the last commit that touched the file, or why git cannot tell."""
    try:
        return age_of(await _committed(path), now, what=f"the last commit of {path}")
    except ProbeError as error:
        return Unknown(str(error))


async def _committed(path: str) -> int:
    """Give the Unix time of the last commit of what lies at the end of a path."""
    folder, name = os.path.split(await to_thread.run_sync(os.path.realpath, path))
    if await _git(path, folder, "rev-parse", "--is-shallow-repository") != "false":
        raise ProbeError(f"{path} is in a shallow clone, which does not know its last commit")
    state = await _git(path, folder, "status", "--porcelain", "-uall", "--ignored", "--", name)
    if state:
        what = "is not committed" if state.startswith(("??", "!!")) else "has changes that are not committed"
        raise ProbeError(f"{path} {what}")
    when = await _git(path, folder, "log", "-1", "--format=%ct", "--", name)
    if not when:
        raise ProbeError(f"{path} is not committed")
    return int(when)


async def _git(path: str, folder: str, *arguments: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    output = await run(Command(("git", *_HARMLESS, "-C", folder, *arguments), inherited | _ENVIRONMENT))
    if output.exit_code == 0:
        return output.stdout.decode(errors="replace").strip("\n")
    said = output.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
    if said.startswith("not a git repository"):
        raise ProbeError(f"{path} is in no git repository")
    raise ProbeError(f"git cannot tell the last commit of {path}: {said or f'exit code {output.exit_code}'}")
