"""The kind `aws.logs`: what was written to a group of CloudWatch Logs lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from anyio import to_thread
from msgspec import Meta

from agent.probe import Need, Reading, Seconds, Unknown, Value, checked
from probes.aws import arns, iam
from probes.aws.failures import NotThere
from probes.aws.service import Service, listed
from probes.aws.settings import AwsSettings

__all__ = ["LogsProbe", "LogsReading"]

_PAGES = 10_000
"""CloudWatch gives pages without a line while it searches, as many as it likes; the engine ends a long search."""


class LogsReading(Reading, frozen=True):
    """What was found; what a line says is not read, it may hold anything."""

    exists: bool
    """Whether there is such a log group."""
    lines: int | Unknown | None = None
    """Lines that match, in the window; unknown when there are more than `line_limit`, absent without the group."""
    newest_age_seconds: float | Unknown | None = None
    """Age of the newest of them, by the time that the line carries; absent when there is none."""
    stream_count: int | Unknown | None = None
    """Log streams that they stand in."""


def _parse_group(text: str) -> None:
    if text.startswith("arn:"):
        arns.arn(text, "logs")
    elif not text or len(text) > 512:
        raise ValueError(f"{text!r} is no name of a log group")


class LogsProbe(AwsSettings, frozen=True, kw_only=True):
    """Search a log group for lines of a window of time."""

    group: Annotated[str, checked(_parse_group)]
    """The log group, by name (`/ecs/shop-api`) or ARN."""

    pattern: str = ""
    """Which lines, in CloudWatch's filter syntax: `ERROR`, `"not paid"`, `{ $.level = "error" }`; default: all."""

    since: Seconds = 900.0
    """How far back the window goes from now."""

    stream_prefix: Annotated[str, Meta(min_length=1)] | None = None
    """Only streams whose name begins so."""

    line_limit: Annotated[int, Meta(ge=1)] = 10_000
    """Lines that are counted; with more the number is unknown, because it may be any."""

    def __post_init__(self) -> None:
        """Refuse settings that do not go together."""
        super().__post_init__()
        if self.since <= 0:
            raise ValueError("since is 0, expected a time such as 15m")

    async def measure(self) -> LogsReading:
        """Search, in a thread."""
        return await to_thread.run_sync(self._look, abandon_on_cancel=True)

    def services(self) -> tuple[Service, ...]:
        """List CloudWatch Logs."""
        return (self.reach("logs", arns.arn(self.group).region if self._by_arn() else ""),)

    def needs(self) -> tuple[Need, ...]:
        """List the right to search the group."""
        group = f"{self.group.removesuffix(':*')}:*" if self._by_arn() else ""
        named = arns.written("logs", self.region or "", "", f"log-group:{self.group}:*")
        return (iam.need("logs:FilterLogEvents", group or named),)

    def _by_arn(self) -> bool:
        return self.group.startswith("arn:")

    def _look(self) -> LogsReading:
        now = datetime.now(UTC)
        try:
            return self._search(now)
        except NotThere:
            return LogsReading(exists=False)

    def _params(self, now: datetime) -> dict[str, Value]:
        start = now - timedelta(seconds=self.since)
        group = (
            {"logGroupIdentifier": self.group.removesuffix(":*")} if self._by_arn() else {"logGroupName": self.group}
        )
        times = {"startTime": _milliseconds(start), "endTime": _milliseconds(now)}
        pattern = {"filterPattern": self.pattern} if self.pattern else {}
        return group | times | pattern | ({"logStreamNamePrefix": self.stream_prefix} if self.stream_prefix else {})

    def _search(self, now: datetime) -> LogsReading:
        lines, newest, streams = 0, 0, set()
        for page in self.services()[0].pages("FilterLogEvents", self._params(now), _PAGES):
            events = listed(page, "events")
            lines += len(events)
            newest = max([newest, *(int(event.get("timestamp", 0)) for event in events)])
            streams |= {str(event.get("logStreamName")) for event in events}
            if lines > self.line_limit:
                more = Unknown(f"there are more than {self.line_limit} lines (`line_limit`)")
                return LogsReading(exists=True, lines=more, newest_age_seconds=more, stream_count=more)
        age = (_milliseconds(now) - newest) / 1000 if lines else None
        return LogsReading(exists=True, lines=lines, newest_age_seconds=age, stream_count=len(streams))


def _milliseconds(moment: datetime) -> int:
    """Give a time as CloudWatch wants it: milliseconds of Unix time."""
    return int(moment.timestamp() * 1000)
