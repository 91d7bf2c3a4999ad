"""The envelope around what Prometheus's HTTP API says, and what it means when there is none.

The form is https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview; Thanos, Mimir and
VictoriaMetrics keep to it.  What is no answer to the question never looks like an empty one.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from agent.probe import ProbeError, Unreachable
from probes.http.patience import refuse_busy
from probes.http.visit import Visit
from probes.http.words import inside
from probes.prometheus.refusal import DENIED, refuse
from probes.prometheus.words import line

__all__ = ["Envelope", "Refused", "decode", "media_type", "opened"]

_Data = TypeVar("_Data")


class Refused(ProbeError):
    """The server understood, and does not answer such a question: in its own words why."""


_REFUSED = {"bad_data": "refuses the question", "not_found": "knows nothing of that"}
_OF_THE_QUESTION = ("bad_data", "execution")
_INFO = "PromQL info:"
"""Notes that Prometheus 2.48 to 2.53 put among the warnings."""

_TYPE = "application/json"


class Envelope(msgspec.Struct, frozen=True):
    """What every answer has."""

    status: Literal["success", "error"]
    data: msgspec.Raw = msgspec.Raw(b"null")
    errorType: str | None = None  # noqa: N815  the API's own name
    error: str | None = None
    warnings: list[str] | None = None
    isPartial: bool = False  # noqa: N815  VictoriaMetrics' word for it


def opened(visit: Visit, place: str, *, allow_warnings: bool = False) -> msgspec.Raw:
    """Give the data of an answer.  Raises Unreachable for what is none, ProbeError for a refusal or a warning."""
    refuse_busy(visit)
    answer = visit.answer
    denied = answer.status_code in DENIED
    envelope = _envelope(answer.content) if media_type(visit) == _TYPE and not denied else None
    if envelope is not None and (envelope.status == "error" or envelope.error):
        of_question = envelope.errorType in _OF_THE_QUESTION or answer.status_code in (400, 422)
        kind = Refused if of_question else ProbeError
        raise kind(f"{place}: {_said(envelope)}", status=answer.status_code)
    refuse(visit, place)
    if envelope is None:
        raise Unreachable(f"{place}: {_no_envelope(visit)}")
    warnings = [text for text in envelope.warnings or () if not text.startswith(_INFO)]
    if envelope.isPartial:
        warnings.append("it is partial")
    if warnings and not allow_warnings:
        raise ProbeError(f"{place}: answers with a warning, so that nobody knows what is missing: {line(warnings[0])}")
    return envelope.data


def decode(data: msgspec.Raw | bytes, form: type[_Data], place: str) -> _Data:
    """Read JSON of a known form.  Raises Unreachable when it has another."""
    try:
        return msgspec.json.decode(data, type=form, strict=True)
    except msgspec.DecodeError as error:
        raise Unreachable(f"{place}: answers with what is no answer to that: {inside(str(error))}") from error
    except RecursionError as error:
        raise Unreachable(f"{place}: answers with JSON that is nested too deep") from error


def _envelope(content: bytes) -> Envelope | None:
    try:
        return msgspec.json.decode(content, type=Envelope)
    except (msgspec.DecodeError, RecursionError):
        return None


def media_type(visit: Visit) -> str:
    """Tell what an answer says to be, without parameters."""
    header: str = visit.answer.headers.get("content-type", "")
    return header.partition(";")[0].strip().lower()


def _said(envelope: Envelope) -> str:
    kind = envelope.errorType or "error"
    return f"{_REFUSED.get(kind, f'cannot answer ({line(kind)})')}: {line(envelope.error or 'it does not say why')}"


def _no_envelope(visit: Visit) -> str:
    kind = media_type(visit)
    if kind != _TYPE:
        return f"sends {line(kind) or 'no content type'}, expected {_TYPE}: this is not the API (a login page?)"
    try:
        msgspec.json.decode(visit.answer.content, type=Envelope)
    except RecursionError:
        return "answers with JSON that is nested too deep"
    except msgspec.DecodeError as error:
        return f"answers with what is no answer of the API: {inside(str(error))}"
    raise AssertionError("what can be decoded has an envelope")
