"""Kinds with every type of setting and metric, for tests of binding; none of them ever looks."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec

from agent.probe import Bytes, Json, Names, Need, Probe, Ratio, Reading, Seconds, checked


def parse_even(text: str) -> None:
    if len(text) % 2:
        raise ValueError("has an odd number of letters")


class Part(msgspec.Struct, frozen=True):
    name: str
    weight: int = 1


class Seen(Reading, frozen=True):
    """Whatever a thing has."""

    ok: bool = True
    """Whether it is well."""
    count: int = 0
    state: str | None = None
    """How it is."""
    latency_seconds: float | None = None
    size_bytes: int = 0
    error_ratio: float = 0.0
    since: datetime | None = None
    colour: Literal["red", "green"] | None = None
    labels: list[str] = []
    """What is written on it."""


class Thing(Probe, frozen=True):
    """Look at a thing.

    At length.
    """

    host: str = ""
    """Where it is."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] | None = None
    method: str = "GET"
    url: str = ""
    mode: Literal["fast", "slow"] = "fast"
    """How it is looked at."""
    wait: Seconds = 1.5
    size: Bytes | None = None
    share: Ratio = 0.5
    deep: bool = False
    body: Json = None
    words: list[str] = []
    parts: list[Part] = []
    part: Part | None = None
    headers: dict[str, str] = {}
    even: Annotated[str, checked(parse_even)] = ""
    either: int | str | list[str] = 0
    json: Names = {}
    regex: Annotated[dict[str, Annotated[str, checked(str)]], msgspec.Meta(extra={"readings": True})] = {}

    def __post_init__(self) -> None:
        if self.host == "nowhere":
            raise ValueError("nowhere is no host")

    async def measure(self) -> Seen:
        raise NotImplementedError

    def permissions(self) -> tuple[Need, ...]:
        return (Need("network", "connect", f"{self.host}:{self.port}"), Need("command", "look"))


class Healthy(Thing, frozen=True):
    """Look whether a thing is well."""

    witness: ClassVar[bool] = True
    defaults: ClassVar[dict] = {"ok": "true", "count": {"max": "5"}}

    async def measure(self) -> Seen:
        raise NotImplementedError


class Table(Reading, frozen=True):
    """What a query gives."""

    open_names: ClassVar[bool] = True
    rows: int = 0


class Query(Probe, frozen=True):
    """Ask for columns."""

    query: str

    async def measure(self) -> Table:
        raise NotImplementedError
