"""The pages that goss asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.drafts import request
from agent.drafts.draft import Check, Data
from agent.drafts.goss.matchers import lines, of_text
from agent.drafts.goss.resource import Resource, expected
from agent.drafts.written import items_of

_CHANGING = ("POST", "PUT", "PATCH", "DELETE")


def http(one: Resource) -> Iterator[Check]:
    """Draft a request."""
    url = one.text("url", one.key)
    headers = [header.text("a header") for header in items_of(one.get("request-headers"), "request-headers")]
    settings = request.settings(url, [_pair(header) for header in headers])
    method = one.text("method", "GET").upper()
    if method != "GET":
        settings["method"] = method
    body = one.text("request-body")
    if body:
        settings["body"] = body
    user, names = one.text("username"), [_pair(header)[0].lower() for header in headers]
    if user and "authorization" not in names:
        settings["basic"] = {"user": user, "password": request.secret(request.host(url), "password")}
    one.text("password")
    settings |= _transport(one)
    answered = _headers(one)
    if answered:
        settings["header"] = {name: header for name, (header, _) in answered.items()}
    expect = {**one.limits(status="status"), **one.limit("body", "body", of_text)}
    expect |= {name: {"contains": said} for name, (_, said) in answered.items()}
    yield Check(
        name=one.name(f"{url} answers"),
        kind="http",
        settings=settings,
        keys={**expected(expect), **one.timeout(), **({"active": True} if method in _CHANGING else {})},
        notes=request.warned(body),
    )


def _pair(header: str) -> tuple[str, str]:
    name, _, value = header.partition(":")
    return name.strip(), value.strip()


def _transport(one: Resource) -> dict[str, Data]:
    found: dict[str, Data] = {}
    if one.text("no-follow-redirects") != "true":
        found["follow"] = True
    if one.text("allow-insecure") == "true":
        found["verify"] = False
    for ours, attribute in {"ca": "ca-file", "cert": "cert-file", "key": "key-file", "proxy": "proxy"}.items():
        value = one.text(attribute)
        if "@" in value:
            one.lose(attribute)  # it holds a password
        elif value:
            found[ours] = value
    return found


def _headers(one: Resource) -> dict[str, tuple[str, str]]:
    """Give the headers of the answer that are looked at: reading, header and what it contains."""
    written = one.get("headers")
    found: dict[str, tuple[str, str]] = {}
    for line in (lines(written) or []) if written is not None else []:
        name, value = _pair(line.text)
        reading = re.sub(r"\W", "_", name.lower(), flags=re.ASCII)
        if line.regex or not line.wanted or not value or f"header_{reading}" in found:
            one.lose("headers")
        else:
            found[f"header_{reading}"] = name.lower(), value
    if written is not None and lines(written) is None:
        one.lose("headers")
    return found
