"""One request and the redirects that follow it, each over its own connection, with cookies of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import msgspec

from agent.probe import ProbeError, Unreachable
from probes.http import urls
from probes.http.redirects import next_request
from probes.http.route import Route
from probes.http.timing import Timing, added
from probes.http.transport import BODY_LIMIT, Answer, Transport

__all__ = ["Rules", "Visit", "visit"]


class Rules(msgspec.Struct, frozen=True):
    """How far a visit goes."""

    follow: int = 0
    """Redirects that may be followed."""
    downgrade: bool = False
    """Whether a redirect may lead from https to http."""
    body_limit: int = BODY_LIMIT
    """Bytes, decoded."""


class Visit(msgspec.Struct):
    """What came of a request: the last answer, read whole, and the way to it."""

    answer: Answer
    timings: list[Timing]
    """Of each request, from the first to the last."""
    hops: list[str]
    """Each URL that was asked, from the first to the last."""

    @property
    def timing(self) -> Timing:
        """The phases of all its requests together."""
        return added(self.timings)


async def visit(request: httpx.Request, route: Route, rules: Rules) -> Visit:
    """Ask and follow.  Raises Unreachable and ProbeError, with the place in front and the phases so far."""
    home = request.url
    cookies = _Cookies(request) if rules.follow else None
    timings: list[Timing] = []
    hops: list[str] = []
    while True:
        hops.append(str(urls.plain(request.url)))
        timings.append(timing := Timing())
        request.extensions["timing"] = timing
        here = route.towards(request.url, home)
        with _explained(request.url, here, timings, hops):
            answer = await Transport(here, rules.body_limit).handle_async_request(request)
            following = await _following(answer, rules, len(hops))
        if following is None or cookies is None:
            return Visit(answer, timings, hops)
        with _explained(request.url, here, timings, hops):
            request = cookies.carried(answer, following)


async def _following(answer: Answer, rules: Rules, asked: int) -> httpx.Request | None:
    """Say where the answer leads; read it whole if it is the last.  Closes it in any case."""
    try:
        following = next_request(answer, downgrade=rules.downgrade) if rules.follow else None
        if following is None:
            await answer.aread()
        elif asked > rules.follow:
            raise Unreachable(f"redirects more than {rules.follow} times")
    finally:
        await answer.aclose()
    return following


class _Cookies:
    """What servers set on the way, and what the profile gave for the first of them."""

    def __init__(self, first: httpx.Request) -> None:
        # A cookie without a domain belongs to its host alone (RFC 6265 section 5.4); the library's default
        # would show it to every host below.
        policy = DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
        self._jar = httpx.Cookies(CookieJar(policy))
        self._given = first.headers.get("cookie")
        self._seen = {self._key(first)}

    def carried(self, answer: Answer, following: httpx.Request) -> httpx.Request:
        """Put the cookies into the request that follows; Unreachable when it was made before."""
        self._jar.extract_cookies(answer)
        self._jar.set_cookie_header(following)
        if not urls.same_party(answer.request.url, following.url):
            self._given = None
        both = [value for value in (self._given, following.headers.get("cookie")) if value]
        if both:
            following.headers["cookie"] = "; ".join(both)
        if (key := self._key(following)) in self._seen:
            raise Unreachable("redirects in a circle")
        self._seen.add(key)
        return following

    def _key(self, request: httpx.Request) -> tuple[str, str, str]:
        return request.method, str(request.url), request.headers.get("cookie", "")


@contextmanager
def _explained(url: httpx.URL, route: Route, timings: list[Timing], hops: list[str]) -> Iterator[None]:
    """Put in front of what went wrong where it did, and add what was measured up to then."""
    try:
        yield
    except (Unreachable, ProbeError) as error:
        known = {name: value for name, value in added(timings).metrics().items() if value is not None}
        place = _where(url, route, timings[-1])
        raise type(error)(f"{place}: {error}", hops=hops, **known | error.partial) from error


def _where(url: httpx.URL, route: Route, timing: Timing) -> str:
    if route.socket is not None:
        return route.socket
    _, host, port = urls.origin(url)
    peer = timing.peer if route.proxy is None else ""
    return urls.place(host, port) + (f" ({peer})" if peer not in ("", host) else "")
