"""What keeps a pod from being ready: container, state, reason, message and last exit code, in one line each.

Many pods with the same trouble are told once.  What a program wrote before it died (its termination message,
which may be the end of its log) is not told: it may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from probes.kubernetes.wire import ContainerState, ContainerStatus, Pod, Terminated

__all__ = ["Trouble", "Troubles", "of"]

_SHOWN = 200
"""Characters of a message that are told."""
_LISTED = 20
"""Troubles that are told one by one."""

_BY_PROGRAM = ("Error", "Completed", "OOMKilled")
"""Ends whose message is the program's own."""
_ON_ITS_WAY = ("ContainerCreating", "PodInitializing")


class Trouble(msgspec.Struct, frozen=True):
    """One thing that is wrong with a pod."""

    reason: str
    """In the API's word: `CrashLoopBackOff`."""
    place: str
    """`container app`, or empty for the pod as a whole."""
    text: str
    """What an operator reads."""
    broken: bool = True
    """Whether it will not pass by itself in a moment, as the start of a container does."""


def of(pod: Pod) -> tuple[Trouble, ...]:
    """List what keeps this pod from being ready; empty for one that is, that is done or that is going."""
    if pod.ready or pod.going or pod.status.phase == "Succeeded":
        return ()
    found = [*_as_a_whole(pod), *_containers(pod)] or _failed(pod)
    causes = [trouble for trouble in found if trouble.broken]
    return tuple(causes or found or _gates(pod) or [_unexplained(pod)])


def _as_a_whole(pod: Pod) -> Iterator[Trouble]:
    status = pod.status
    if status.reason:  # Evicted, NodeLost, DeadlineExceeded …
        yield Trouble(status.reason, "", f"is {status.phase}: {status.reason}{_message(status.message)}")
    scheduled = pod.condition("PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        reason = scheduled.reason or "Unschedulable"
        yield Trouble(reason, "", f"is not scheduled: {reason}{_message(scheduled.message)}")


def _failed(pod: Pod) -> list[Trouble]:
    return [Trouble("Failed", "", f"is Failed{_message(pod.status.message)}")] if pod.status.phase == "Failed" else []


def _containers(pod: Pod) -> Iterator[Trouble]:
    sidecars = {one.name for one in pod.spec.init_containers or () if one.restart_policy == "Always"}
    for status in pod.status.init_container_statuses or ():
        kind = "sidecar" if status.name in sidecars else "init container"
        yield from _container(status, f"{kind} {status.name}", once=status.name not in sidecars)
    over = pod.status.phase == "Failed"
    for status in pod.status.container_statuses or ():
        yield from _container(status, f"container {status.name}", once=over)


def _container(status: ContainerStatus, place: str, *, once: bool) -> Iterator[Trouble]:
    """Tell what is wrong with a container; one that runs once is well while it runs and when it is done."""
    state = status.state or ContainerState()
    restarts = f", {status.restart_count} restart{'s' * (status.restart_count != 1)}" if status.restart_count else ""
    if state.terminated is not None:
        if state.terminated.exit_code or not once:
            reason = state.terminated.reason or "Error"
            yield Trouble(reason, place, f"{place} has ended with {_end(state.terminated)}{restarts}")
    elif state.running is not None:
        if not status.ready and not once:
            yield Trouble("NotReady", place, f"{place} is running and not ready{_last(status)}{restarts}", broken=False)
    elif state.waiting is not None and state.waiting.reason:
        reason = state.waiting.reason
        text = f"{place} is waiting: {reason}{_message(state.waiting.message)}{_last(status)}{restarts}"
        yield Trouble(reason, place, text, broken=reason not in _ON_ITS_WAY)


def _last(status: ContainerStatus) -> str:
    ended = status.last_state.terminated if status.last_state else None
    return f", last ended with {_end(ended)}" if ended is not None else ""


def _end(ended: Terminated) -> str:
    own = ended.reason in (*_BY_PROGRAM, None)
    reason = f" ({ended.reason}{'' if own else _message(ended.message)})" if ended.reason else ""
    return f"exit code {ended.exit_code}{reason}"


def _gates(pod: Pod) -> list[Trouble]:
    """Tell which readiness gates keep a pod back whose containers are all ready."""
    found = []
    for gate in pod.spec.readiness_gates or ():
        said = pod.condition(gate.condition_type)
        if said is None or said.status != "True":
            why = f": {said.reason}{_message(said.message)}" if said and said.reason else ""
            text = f"waits for its readiness gate {gate.condition_type}{why}"
            found.append(Trouble("ReadinessGate", "", text, broken=False))
    return found


def _unexplained(pod: Pod) -> Trouble:
    said = pod.condition("Ready")
    reason = said.reason if said and said.reason else pod.status.phase
    why = f": {said.reason}{_message(said.message)}" if said and said.reason else ""
    return Trouble(reason, "", f"is {pod.status.phase} and not ready{why}", broken=False)


def _message(text: str | None) -> str:
    said = " ".join((text or "").split())
    return f" ({said if len(said) <= _SHOWN else said[:_SHOWN] + '…'})" if said else ""


class Troubles:
    """Collects the troubles of many pods; what is alike is told of the first, with the number of the others."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[str, Trouble]] = {}
        self._others: dict[tuple[str, str], int] = {}

    def add(self, pod: str, trouble: Trouble) -> None:
        """Take one."""
        key = (trouble.place, trouble.reason)
        if key in self._found:
            self._others[key] = self._others.get(key, 0) + 1
        else:
            self._found[key] = (pod, trouble)

    @property
    def reasons(self) -> list[str]:
        """Every reason once."""
        return sorted({reason for _, reason in self._found})

    def lines(self, *, broken: bool) -> list[str]:
        """Tell those that are broken, or those that may merely be on their way."""
        found = [one for one in self._found.items() if one[1][1].broken is broken]
        lines = [f"pod {pod}{self._more(key)} {trouble.text}" for key, (pod, trouble) in found[:_LISTED]]
        return lines + ([f"and {len(found) - _LISTED} more kinds of trouble"] if len(found) > _LISTED else [])

    def _more(self, key: tuple[str, str]) -> str:
        others = self._others.get(key, 0)
        return f" (and {others} more)" if others else ""
