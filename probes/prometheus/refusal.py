"""An answer of HTTP that is none of the API: who may not look, and where nobody answers."""

from __future__ import annotations

import httpx

from agent.probe import ProbeError, Unreachable
from probes.http import urls
from probes.http.visit import Visit

__all__ = ["DENIED", "refuse", "refuse_denied"]

DENIED = (401, 403, 407)
"""Statuses of who may not look."""


def refuse(visit: Visit, place: str) -> None:
    """Raise for every status but 200: ProbeError where we may not look, Unreachable where it is no answer."""
    status = visit.answer.status_code
    if status == 200:
        return
    request = visit.answer.request
    refuse_denied(visit, place)
    if visit.answer.is_redirect:
        raise Unreachable(f"{place}: status is {status}, it leads to {_led(visit.answer)}", status=status)
    hint = "; is the path of `url` right" if status == 404 else ""
    raise Unreachable(f"{place}: status of {request.url.path} is {status}, expected 200{hint}", status=status)


def refuse_denied(visit: Visit, place: str) -> None:
    """Raise ProbeError where we may not look."""
    status = visit.answer.status_code
    if status in DENIED:
        raise ProbeError(f"{place}: status is {status}: {_denied(visit.answer.request, status)}", status=status)


def _denied(request: httpx.Request, status: int) -> str:
    shown = "authorization" in request.headers
    if status == 407:
        return "the proxy wants other credentials"
    if not shown:
        return f"{request.url.path} may not be read without credentials (`token` or `basic`)"
    what = "what is given as `token` or `basic`"
    return f"{what} is not accepted" if status == 401 else f"{what} may not read {request.url.path}"


def _led(answer: httpx.Response) -> str:
    """Tell where a redirect leads, without what may be a secret in it."""
    try:
        target = urls.check(answer.request.url.join(answer.headers.get("location", "")))
    except (httpx.InvalidURL, ValueError):
        return "what is not a URL"
    scheme, host, port = urls.origin(target)
    return f"{scheme}://{urls.place(host, port)}{target.path} (a login page?); give the address that answers itself"
