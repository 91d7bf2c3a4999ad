"""An API that asks us to come again later (RFC 6585 section 4, RFC 9110 section 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agent.probe import ProbeError
from probes.http import urls
from probes.http.visit import Visit

__all__ = ["refuse_busy"]

_LONGEST = 64
"""Characters that a time may have."""

_SECONDS = re.compile(r"\d{1,9}", re.ASCII)


def refuse_busy(visit: Visit) -> None:
    """Raise ProbeError, with `retry_after_seconds` if the API told them, when it has no time for us.

    The answer 503 says that only together with `retry-after`.
    """
    answer = visit.answer
    header = answer.headers.get("retry-after")
    if answer.status_code != 429 and (answer.status_code != 503 or header is None):
        return
    seconds = _seconds(header or "")
    when = "" if seconds is None else f", and to come again in {seconds:.0f} s"
    known = {} if seconds is None else {"retry_after_seconds": seconds}
    place = urls.place(*urls.origin(answer.request.url)[1:])
    raise ProbeError(
        f"{place}: asks for patience: status is {answer.status_code}{when}",
        status=answer.status_code,
        **known,
        **visit.timing.metrics(),
    )


def _seconds(header: str) -> float | None:
    """Read a number of seconds, or a date; None for anything else."""
    if len(header) > _LONGEST:
        return None
    if _SECONDS.fullmatch(header):
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except (ValueError, IndexError, OverflowError):
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
