"""An answer to metrics."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Mapping
from time import time
from typing import TypeVar, TypeVarTuple, Unpack

from anyio import to_thread

from agent.probe import Unreadable, Value
from probes.extract import json_readings, regex_readings, xpath_readings
from probes.http.settings import HttpSettings
from probes.http.transport import Answer
from probes.http.visit import Visit

__all__ = ["apart", "taken"]

_SMALL = 65536
"""Bytes of a body that is read on the spot."""

_Args = TypeVarTuple("_Args")
_Result = TypeVar("_Result")

_CHARSET = re.compile(r';\s*charset\s*=\s*"?([\w.:+-]{1,40})', re.ASCII | re.IGNORECASE)

_TEXT = re.compile(
    r"ascii|utf-(?:8|16|32)(?:-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rut]|mac-\w+|shift_jis\w*|euc_\w+|gbk|gb\d+|big5\w*|hz",
    re.ASCII,
)
"""Python's names for character sets; its other codecs (idna, unicode_escape, …) are no charsets."""


async def taken(visit: Visit, settings: HttpSettings) -> dict[str, Value]:
    """Read every metric of a visit, those that the operator named under `named`."""
    slow = settings.regex or settings.xpath  # on a small body, too
    return await apart(_SMALL + 1 if slow else len(visit.answer.content), _metrics, visit, settings)


async def apart(size: int, read: Callable[[Unpack[_Args]], _Result], *args: *_Args) -> _Result:
    """Read what has so many bytes: a little at once, much in a thread, for others not to wait."""
    if size <= _SMALL:
        return read(*args)
    return await to_thread.run_sync(read, *args, abandon_on_cancel=True)


def _metrics(visit: Visit, settings: HttpSettings) -> dict[str, Value]:
    answer, timing = visit.answer, visit.timing
    text, no_body = _text(answer), answer.request.method == "HEAD"
    return {
        "status": answer.status_code,
        "body": text,
        "size_bytes": None if no_body else len(answer.content),
        "sha256": None if no_body else hashlib.sha256(answer.content).hexdigest(),
        "http_version": answer.version,
        "url": visit.hops[-1],
        "hops": visit.hops,
        "hop_seconds": [one.total for one in visit.timings],
        "redirects": len(visit.hops) - 1,
        "addresses": [answer.timing.peer],
        "certificate_expires_in_seconds": _time_left(answer.expires),
        "latency_seconds": timing.total,
        **timing.metrics(),
        "named": _named(answer, text, settings),
    }


def _time_left(expires: float | Unreadable | None) -> float | Unreadable | None:
    return expires - time() if isinstance(expires, float) else expires


def _text(answer: Answer) -> str | Unreadable | None:
    """Decode the body; None where there can be none, so that `excludes` does not hold for what was not sent."""
    if answer.request.method == "HEAD":
        return None
    charset = _charset(answer) or "utf-8"
    try:
        codec = codecs.lookup(charset).name
        if not _TEXT.fullmatch(codec):
            return Unreadable(f"the body's charset {charset} is unknown")
        return answer.content.decode(codec)
    except (LookupError, ValueError):
        return Unreadable(f"the body is not text in {charset}")


def _named(answer: Answer, text: str | Unreadable | None, settings: HttpSettings) -> dict[str, Value]:
    """Read what the operator named."""
    readings = {name: _header(answer, header) for name, header in settings.header.items()}
    if answer.request.method == "HEAD":
        in_body = [*settings.json, *settings.xpath, *settings.regex]
        return readings | dict.fromkeys(in_body, Unreadable("there is no body after HEAD"))
    readings |= json_readings(answer.content, settings.json)
    readings |= _xpath(answer, settings.xpath)
    if isinstance(text, str):
        return readings | regex_readings(text, settings.regex)
    return readings | dict.fromkeys(settings.regex, text)


def _charset(answer: Answer) -> str | None:
    """Find what the answer declares (RFC 9110 section 8.3.2); httpx's way takes 0.1 s for a hostile header."""
    declared = _CHARSET.search(answer.headers.get("content-type", "")[:1000])
    return declared[1] if declared else None


def _header(answer: Answer, name: str) -> str | list[str] | None:
    """Read a header: several of one name are one, with commas (RFC 9110 section 5.3), but not cookies."""
    values = answer.headers.get_list(name)
    if len(values) > 1 and name.lower() == "set-cookie":
        return values
    return ", ".join(values) if values else None


def _xpath(answer: Answer, paths: Mapping[str, str]) -> dict[str, Value]:
    if not paths:
        return {}
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    html = media_type == "text/html"
    return xpath_readings(answer.content, paths, html=html, encoding=_charset(answer))
