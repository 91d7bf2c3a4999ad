"""The pods of a workload, counted one by one: the controller's counters alone are not the truth.

A pod is counted and forgotten; what is kept does not grow with their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

import msgspec

from probes.kubernetes import image, trouble
from probes.kubernetes.image import Image
from probes.kubernetes.trouble import Troubles
from probes.kubernetes.wire import Container, ContainerStatus, Pod, PodSpec
from probes.kubernetes.workloads.workload import Side, Workload

__all__ = ["Census", "Expected", "containers"]

_LISTED = 3
"""Pods that are named one by one."""
_DIGITS = len("sha256:") + 12
"""Characters of a digest that are told."""


class Expected(msgspec.Struct, frozen=True):
    """Which image is expected, and where."""

    image: Image | None = None
    container: str = ""
    """Empty: every container whose image is of the expected repository."""
    draining: bool = False
    """Whether pods of an older revision may be left that were told to end."""


class Census:
    """Counts the pods of one workload."""

    def __init__(self, workload: Workload, expected: Expected) -> None:
        self._workload, self._expected = workload, expected
        self._templates = {one.name: one.image for one in _lasting(workload.template)}
        self.updated = self.ready = self.restarts = self.terminating = 0
        self.older = self.staying = 0
        self.judged = 0
        self.oldest: datetime | None = None
        self.troubles = Troubles()
        self.images: set[str] = set()
        self.digests: set[str] = set()
        self._of_tag: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self._older_names: list[str] = []
        self.wrong = 0
        """Pods that have not the expected image."""
        self._wrong: tuple[str, ...] = ()
        self._wrong_count = 0

    def add(self, item: Pod) -> None:
        """Count one pod."""
        side = self._workload.side(item)
        if side is Side.CURRENT:
            self._add_current(item)
        elif side is Side.OLDER and not item.over:
            self._add_older(item)

    def _add_current(self, pod: Pod) -> None:
        finite = self._workload.ended is not None
        if pod.over and not finite:  # evicted, say: its place was taken by another
            return
        self._look_into(pod, told=True)
        if pod.going:
            self.terminating += 1
            return
        created = pod.metadata.creation_timestamp
        self.oldest = min(filter(None, (self.oldest, created)), default=None)
        self.updated += not pod.over
        self.ready += pod.ready
        self.restarts += sum(status.restart_count for status in _statuses(pod))
        for one in trouble.of(pod):
            self.troubles.add(pod.metadata.name, one)

    def _add_older(self, pod: Pod) -> None:
        self.older += 1
        self.terminating += pod.going
        if pod.going and self._expected.draining:
            return
        self.staying += 1
        self._look_into(pod, told=False)  # that it is left is told already
        if len(self._older_names) < _LISTED:
            self._older_names.append(pod.metadata.name + " (terminating)" * pod.going)

    def _look_into(self, pod: Pod, *, told: bool) -> None:
        """See which images it has; whether a wrong one is told."""
        for spec, status in containers(pod, self._expected.container):
            if status is not None and status.image_id:
                self.images.add(image.shown(spec, status))
                self._keep_digest(spec, image.digest(status))
        if self._expected.image is not None:
            self._judge(pod, self._expected.image, told=told)

    def _keep_digest(self, spec: Container, digest: str) -> None:
        if digest:
            self.digests.add(digest)
            self._of_tag[spec.name, spec.image].add(digest)

    def _judge(self, pod: Pod, expected: Image, *, told: bool) -> None:
        self.judged += 1
        every = list(containers(pod, self._expected.container))
        if not self._expected.container:
            every = [one for one in every if image.about(expected, *one)] or every
        wrong = [one for one in every if not self._runs(expected, *one)]
        every_one = expected.repository or self._expected.container
        if len(wrong) < len(every) and not (wrong and every_one):
            return
        self.wrong += 1
        has = _has(*wrong[0]) if wrong else f"has no container {self._expected.container}"
        if told and has:
            self._wrong_count += 1
            self._wrong = (*self._wrong, f"pod {pod.metadata.name} {has}")[:_LISTED]

    def _runs(self, expected: Image, spec: Container, status: ContainerStatus | None) -> bool:
        return status is not None and image.runs(expected, spec, status, self._templates.get(spec.name))

    @property
    def image_matches(self) -> bool | None:
        """Whether every pod has the expected image; None when none is expected."""
        expected = self._expected.image
        if expected is None:
            return None
        if not self.judged and self._workload.ended:  # its pods are gone; its template cannot have changed
            named = [one for name, one in self._templates.items() if self._expected.container in ("", name)]
            return any(image.same(expected, image.parse(one)) for one in named)
        return self.judged > 0 and not self.wrong

    def older_left(self) -> Iterator[str]:
        """Tell which pods of an older revision are left, and why they may stay."""
        if self.staying:
            yield from self._workload.held
            others = self.staying - len(self._older_names)
            names = ", ".join(self._older_names) + (f" and {others} more" if others else "")
            yield f"pods of an older revision are left: {names}"

    def wrong_images(self, written: str) -> Iterator[str]:
        """Tell which pods have other images than expected, or not all the same under one name."""
        for one in self._wrong:
            yield f"{one}, expected {written}"
        if others := self._wrong_count - len(self._wrong):
            yield f"pods with other images than {written} beside these: {others}"
        if self.image_matches is False and not self._wrong:
            yield (
                f"no pod shows that it has {written}"
                if not self.judged
                else f"not every pod shows that it has {written}"
            )
        for (name, tag), digests in sorted(self._of_tag.items()):
            if len(digests) > 1:
                several = ", ".join(map(_short, sorted(digests)))
                yield f"container {name} is not the same in all pods: {tag} is {several}"


def _short(digest: str) -> str:
    """Give as much of a digest as a person compares."""
    return digest[:_DIGITS] + "…"


def containers(pod: Pod, name: str = "") -> Iterator[tuple[Container, ContainerStatus | None]]:
    """Give each container (or the one of that name) with what became of it."""
    statuses = {status.name: status for status in _statuses(pod)}
    for spec in _lasting(pod.spec):
        if name in ("", spec.name):
            yield spec, statuses.get(spec.name)


def _lasting(spec: PodSpec) -> Iterator[Container]:
    """Give the containers that run for as long as the pod does: sidecars stand among the init containers."""
    yield from spec.containers
    yield from (one for one in spec.init_containers or () if one.restart_policy == "Always")


def _has(spec: Container, status: ContainerStatus | None) -> str:
    """Tell what a container has; nothing of one that does not say."""
    if status is None or not status.image_id:
        return ""
    digest = image.digest(status)
    return f"container {spec.name} has {image.shown(spec, status)}" + (f" ({_short(digest)})" if digest else "")


def _statuses(pod: Pod) -> Iterator[ContainerStatus]:
    yield from pod.status.init_container_statuses or ()
    yield from pod.status.container_statuses or ()
