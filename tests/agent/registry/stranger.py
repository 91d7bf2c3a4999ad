"""Kinds as strangers may write them."""

from typing import Annotated, Any, ClassVar, Literal

import msgspec

from agent.probe import Probe, Reading, Unreadable


class Seen(Reading, frozen=True):
    count: int | None = None
    share_ratio: float | Unreadable | None = None
    ok: bool = True
    names: list[str] | None = None
    colours: tuple[Literal["red", "green"], ...] = ()
    colour: Literal["red", "green"] | None = None
    either: int | str | None = None
    word: Literal["red"] | int = "red"
    anything: Any = None
    nothing: None = None
    annotated: Annotated[int, msgspec.Meta(title="x")] = 0


class Good(Probe, frozen=True):
    """Look."""

    size: int = 0
    defaults: ClassVar[dict] = {"count": {"min": "1"}}

    async def measure(self) -> Seen:
        raise NotImplementedError


class NoReading(Good, frozen=True):
    async def measure(self) -> int:
        raise NotImplementedError


class NoAnnotation(Good, frozen=True):
    async def measure(self):
        raise NotImplementedError


class UnknownAnnotation(Good, frozen=True):
    async def measure(self) -> "Nowhere":  # noqa: F821
        raise NotImplementedError


class StrangeSetting(Good, frozen=True):
    blob: bytes = b""


class StrangeDefault(Good, frozen=True):
    defaults: ClassVar[dict] = {"weight": "1"}


class WrongDefault(Good, frozen=True):
    defaults: ClassVar[dict] = {"count": {"mni": "1"}}


class NoProbe(msgspec.Struct):
    size: int = 0


def function() -> None:
    """No class at all."""
