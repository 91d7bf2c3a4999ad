"""A session: connected, seen whether strangers are let in, authenticated, in its database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import TypeVar

import msgspec
from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    NoPermissionError,
    RedisError,
    ResponseError,
)

from agent.probe import ProbeError, Unknown, Unreachable
from probes.redis.failures import Overflow, refused, said
from probes.redis.link import LIMIT, STRANGER, Command, Link, reached
from probes.redis.trust import Trust
from probes.redis.url import Place

__all__ = ["Session", "number", "opened"]


T = TypeVar("T")


def number(text: bytes) -> float:
    """Read a number that a server wrote.  Raises Unreachable when it is none."""
    try:
        return float(text)
    except ValueError as error:
        raise Unreachable(STRANGER) from error


class Session:
    """Who we are to a server, and what it answers."""

    def __init__(self, link: Link, place: Place) -> None:
        self.link = link
        self._place = place
        self.closed_to_strangers = False
        """Whether who gives no password is refused."""
        self.connect_seconds = 0.0
        """How long connecting took, TLS with it, without the look-up of names."""
        self.ping_seconds = 0.0
        """How long the last PING took."""

    @property
    def user(self) -> str:
        """Who we are to the server."""
        return self._place.user or "default"

    async def begin(self) -> None:
        """Connect and log in.  Raises Unreachable and ProbeError."""
        started = perf_counter()
        await self.link.connect()
        self.connect_seconds = perf_counter() - started
        await self._knock()
        await self._log_in()
        if self.closed_to_strangers:
            await self._ping()
        if self._place.database:
            await self._select()

    async def ask(self, kind: type[T], *command: str | bytes | int) -> T:
        """Send a command and give the answer, which is of this type.

        Raises Unreachable, and ProbeError for what the server refuses.
        """
        return (await self.ask_all(kind, [command]))[0]

    async def ask_all(self, kind: type[T], commands: Sequence[Command]) -> list[T]:
        """Send several commands at once and give their answers.  Raises as `ask`, for the first that is refused."""
        try:
            return msgspec.convert(await self.link.ask_all(commands), list[kind])  # type: ignore[valid-type]
        except NoPermissionError as error:
            raise ProbeError(f'user "{self.user}" may not run {commands[0][0]!s}: {said(str(error))}') from error
        except RedisError as error:
            raise refused(error) from error
        except msgspec.ValidationError as error:
            raise Unreachable(STRANGER) from error

    async def try_to_ask(self, kind: type[T], *command: str | bytes | int) -> T | Unknown:
        """Send a command and give the answer, or Unknown with the reason why the server refuses it."""
        try:
            return await self.ask(kind, *command)
        except ProbeError as error:
            return Unknown(str(error))

    async def now(self) -> float:
        """Give the server's Unix time."""
        seconds, microseconds = await self.ask(tuple[bytes, bytes], "TIME")
        return number(seconds) + number(microseconds) / 1e6

    async def _ping(self) -> None:
        started = perf_counter()
        answer = await self.link.ask("PING")
        self.ping_seconds = perf_counter() - started
        if answer != b"PONG":
            raise Unreachable(STRANGER)

    async def _knock(self) -> None:
        """Ask as somebody without a password."""
        try:
            await self._ping()
        except (AuthenticationError, NoPermissionError):
            self.closed_to_strangers = True

    async def _log_in(self) -> None:
        place = self._place
        if not place.password:
            if self.closed_to_strangers:
                raise self._denied("it demands authentication, and url has no password")
            return
        try:
            await self.link.ask("AUTH", *([place.user] if place.user else []), place.password)
        except AuthenticationWrongNumberOfArgsError:  # before Redis 6 there were no users
            await self._log_in_as_of_old()
        except (AuthenticationError, ResponseError) as error:
            raise self._denied(f'user "{self.user}": {said(str(error))}') from error

    async def _log_in_as_of_old(self) -> None:
        try:
            await self.link.ask("AUTH", self._place.password)
        except (AuthenticationError, ResponseError) as error:
            raise self._denied(said(str(error))) from error

    def _denied(self, why: str) -> ProbeError:
        return ProbeError(why, authentication_required=self.closed_to_strangers)

    async def _select(self) -> None:
        number = self._place.database
        try:
            await self.link.ask("SELECT", number)
        except ResponseError as error:
            if "out of range" in str(error):
                raise Unreachable(f"it has no database {number}") from error
            raise


@asynccontextmanager
async def opened(place: Place, trust: Trust, limit: int = LIMIT) -> AsyncIterator[Session]:
    """Begin a session and drop it in the end.  What goes wrong in it names the place.

    Raises Unreachable and ProbeError.
    """
    link = None
    try:
        link = await reached(place, trust, limit)
        session = Session(link, place)
        await session.begin()
        yield session
    except (Unreachable, ProbeError) as error:
        raise type(error)(f"{place}: {error}", **error.partial) from error
    except RedisError as error:
        verdict = refused(error)
        raise type(verdict)(f"{place}: {verdict}") from error
    except Overflow as error:
        raise Unreachable(f"{place}: sends {error}") from error
    finally:
        if link is not None:
            link.drop()
