"""The probe API: everything that the author of a kind imports, and nothing else.

A kind is a `Probe`: a frozen Struct whose fields are its settings, with one coroutine, `measure`,
whose annotated return type is its `Reading`: a Struct whose fields are the metrics.  A probe
observes.  It judges nothing, retries nothing, times nothing out, sleeps nowhere and logs nothing;
the engine keeps time and limits judge.

    class PingReading(Reading, frozen=True):
        '''What came back.'''

        open: bool
        '''Whether the port answered.'''
        latency_seconds: float | None = None
        '''From the first packet to the answer; absent when there was none.'''

    class PingProbe(Probe, frozen=True):
        '''Knock at a port, once.'''

        defaults = {"open": "true"}

        host: str
        '''Name or address.'''

        async def measure(self) -> PingReading: ...

What cannot be measured has a name for each case, and the difference decides the verdict:

    Unreachable          the target did not answer, or answered with what is no answer: FAIL
                         (ERROR when the kind is a `witness`)
    ProbeError           the probe could not look: a credential, a permission, a tool is missing: ERROR
    a metric is `None`   it was looked for and is not there: only `exists: false` holds for it
    `Unreadable(why)`    it could not be read (JSON cut short): nothing holds for it
    `Unknown(why)`       this one metric could not be looked at: a limit on it makes ERROR
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

from agent import __version__

__all__ = [
    "VERSION",
    "Bytes",
    "Json",
    "Names",
    "Need",
    "Probe",
    "ProbeError",
    "Ratio",
    "Reading",
    "Seconds",
    "Unknown",
    "Unreachable",
    "Unreadable",
    "Value",
    "checked",
]

VERSION = __version__
"""Of gonogo, for a probe that says who asks."""

Value: TypeAlias = Any
"""What a metric may be: bool, int, float, Decimal, str, datetime (aware), None, Unreadable, and lists
and string-keyed dicts of these."""

Seconds = Annotated[float, Meta(extra={"unit": "seconds"})]
"""A setting that is a duration; a profile writes `500ms`, `1h30m`, `30d` or plain seconds."""

Bytes = Annotated[int, Meta(extra={"unit": "bytes"})]
"""A setting that is a size; a profile writes `512MiB`, `10kB` or plain bytes."""

Ratio = Annotated[float, Meta(extra={"unit": "ratio"})]
"""A setting that is a share of one; a profile writes `95%` or `0.95`."""

Json = Annotated[Any, Meta(extra={"free": True})]
"""A setting that is free data; `true`, `false`, `null` and numbers in it are JSON's."""


def checked(parse: Callable[[str], object], *, readings: bool = False) -> Meta:
    """Have a text setting tried while the profile is loaded, so that a mistake is found at its line.

    `parse` raises ValueError with a message for the operator; what it returns is not kept.
    `readings` says that the keys of a mapping of these are metrics which the operator names.
    """
    return Meta(extra={"parse": parse, "readings": readings})


Names = Annotated[dict[str, str], Meta(extra={"readings": True})]
"""A mapping whose keys are metrics that the operator names (`header: {release: x-version}`)."""


class Unreadable(msgspec.Struct, frozen=True):
    """A metric that could not be read; every limit on it is breached, `exists: false` too."""

    reason: str


class Unknown(Unreadable, frozen=True):
    """A metric that this look could not see, through nobody's fault but ours: a limit on it makes ERROR.

    (The age of a file in a shallow clone: the file is neither too old nor young enough.)
    """


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one look measured.  Each field is a metric that `expect` may name.

    Metric names follow Prometheus, with the base unit at the end: `latency_seconds`, `size_bytes`,
    `error_ratio`.  `named` holds the metrics that the operator named in a setting.
    """

    open_names: ClassVar[bool] = False
    """Whether metrics can appear that nobody can know before the look (columns of a query)."""

    named: dict[str, Value] = msgspec.field(default_factory=dict)


class Need(msgspec.Struct, frozen=True, order=True):
    """Something that a check must be allowed to do, for `gonogo plan --permissions`.

    `system` is `network`, `kubernetes`, `aws`, `command`, `file` …; `action` its own word for it
    (`connect`, `list pods`, `rds:DescribeDBInstances`); `scope` where (`db:5432`, a namespace, an ARN).
    """

    system: str
    action: str
    scope: str = ""


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to look at a system; its fields are the settings.

    `__post_init__` may raise ValueError for settings that do not fit together, with a message for the
    operator; it runs while the profile is loaded and must not look at anything outside the process.
    """

    witness: ClassVar[bool] = False
    """Whether this asks somebody about something else: no answer is then ERROR instead of FAIL."""

    gates: ClassVar[tuple[str, ...]] = ()
    """Metrics of a witness whose breach means that it gave no answer (`status`): ERROR, not FAIL."""

    defaults: ClassVar[Mapping[str, Any]] = {}
    """Limits that hold unless `expect` names the same metric, written as a profile writes them:
    `{"status": {"min": "200", "max": "299"}, "trusted": "true"}`."""

    async def measure(self) -> Reading:
        """Look once and report what was seen.

        It must be cancellable at every await (the engine's timeout cuts it there) and must not block
        the event loop.  Raises Unreachable and ProbeError; anything else is a bug and becomes ERROR.
        """
        raise NotImplementedError

    def prepare(self) -> None:
        """Load what measuring needs: certificates, a client library's tables.

        Runs in a worker thread before the clock of the first attempt starts, so that nothing is loaded
        inside a measured phase; it does not talk to the target.  Raises ProbeError.
        """

    def target(self) -> str:
        """Host that this puts load on, for the limit per host; empty when there is none."""
        return ""

    def permissions(self) -> tuple[Need, ...]:
        """List what this look must be allowed to do."""
        return ()


class _CannotLook(Exception):
    """A look that gave no reading; the message says why, for an operator."""

    def __init__(self, message: str, /, **partial: Value) -> None:
        super().__init__(message)
        self.partial = partial
        """Metrics that were measured before it ended (the phases of a request); recorded, not judged."""


class Unreachable(_CannotLook):
    """The target did not answer, or gave what is no answer: it FAILED (for a witness: ERROR)."""


class ProbeError(_CannotLook):
    """The probe could not look: nobody knows how the target is.  ERROR."""
