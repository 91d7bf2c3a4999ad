"""An answer of the API server that is none: whose fault it is, and which permission is missing.

The API says why in an object of its own, `Status`; what stands between it and us (a proxy, a login page)
says it in HTML, which is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from agent.probe import ProbeError, Unreachable
from probes.http.transport import Answer
from probes.kubernetes.rbac import Right
from probes.kubernetes.wire import Status

__all__ = ["Expired", "Missing", "of"]

_STATUS = msgspec.json.Decoder(Status)
_USER = re.compile(r'User "([^"\n]{1,200})" cannot ')
_SHOWN = 300
"""Characters of a message that are shown."""


class Missing(Exception):
    """The object is not there: the API knows its kind and looked."""


class Expired(Exception):
    """The rest of a list is not kept any more (410 Gone): it must be read from the beginning."""


class _No(NamedTuple):
    answer: Answer
    status: Status
    right: Right
    source: str

    @property
    def told(self) -> str:
        """What the API says, in brackets."""
        said = " ".join(self.status.message.split())[:_SHOWN]
        return f" ({said})" if said else ""


def of(answer: Answer, data: bytes, right: Right, source: str) -> Exception:
    """Give what to raise for an answer other than 200: Missing, Expired, Unreachable or ProbeError."""
    code = answer.status_code
    no = _No(answer, _status(data), right, source)
    if code >= 500:
        return Unreachable(f"is in trouble: status is {code}{no.told}")
    if 300 <= code < 400:
        return ProbeError(f"redirects, which no API server does: status is {code}, is something in front of it?")
    return _BY_CODE.get(code, _other)(no)


def _status(data: bytes) -> Status:
    """Read what is said; empty when it is not the API that speaks."""
    try:
        found = _STATUS.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Status(kind="")
    return found if found.kind == "Status" else Status(kind="")


def _unauthorized(no: _No) -> Exception:
    return ProbeError(f"does not accept the credentials of {no.source}: status is 401{no.told}")


def _forbidden(no: _No) -> Exception:
    if not no.status.kind:
        return ProbeError(f"something in front of it forbids to {no.right.action}: status is 403, not the API's own")
    user = _USER.search(no.status.message)
    if user is None:  # not RBAC: another authorizer, a webhook
        return ProbeError(f"{no.right.denied('')}{no.told}")
    return ProbeError(no.right.denied(user[1]))


def _missing(no: _No) -> Exception:
    """Tell an object that is not there from a kind, or a whole API, that is not."""
    details = no.status.details
    if no.right.name and no.status.reason == "NotFound" and details is not None and details.name == no.right.name:
        return Missing(no.right.name)
    return _other(no)


def _expired(no: _No) -> Exception:
    return Expired(no.status.message) if no.status.kind else _other(no)


def _patience(no: _No) -> Exception:
    told = no.answer.headers.get("retry-after", "")
    seconds = no.status.details.retry_after_seconds if no.status.details else 0
    wait = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else seconds
    when = f", and to come again in {wait} s" if wait else ""
    return ProbeError(f"asks for patience: status is 429{when}")


def _other(no: _No) -> Exception:
    return ProbeError(f"does not answer {no.answer.request.url.path}: status is {no.answer.status_code}{no.told}")


_BY_CODE: dict[int, Callable[[_No], Exception]] = {
    401: _unauthorized,
    403: _forbidden,
    404: _missing,
    410: _expired,
    429: _patience,
}
