"""Messages to metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from anyio import to_thread

from agent.probe import Unreadable, Value
from probes.extract import json_readings, regex_readings
from probes.websocket.frames import Message

__all__ = ["extracted"]

_SMALL = 65536
"""Bytes of a message that is read on the spot."""

_NONE = Unreadable("no message came")


async def extracted(
    messages: Sequence[Message], *, whole: bool, json: Mapping[str, str], regex: Mapping[str, str]
) -> dict[str, Value]:
    """Read every metric of the messages; `whole` says that all that were awaited came."""
    metrics: dict[str, Value] = {"messages": _texts(messages)}
    if not whole or not messages:
        return metrics | {"named": dict.fromkeys([*json, *regex], _NONE)}
    last = messages[-1]
    if regex or len(last.content) > _SMALL:
        named = await to_thread.run_sync(_named, last, json, regex, abandon_on_cancel=True)
    else:
        named = _named(last, json, regex)
    return metrics | {
        "message": _text(last),
        "binary": last.binary,
        "size_bytes": len(last.content),
        "named": named,
    }


def _named(message: Message, json: Mapping[str, str], regex: Mapping[str, str]) -> dict[str, Value]:
    text = _text(message)
    found = json_readings(message.content, json, what="the message")
    if isinstance(text, Unreadable):
        return found | dict.fromkeys(regex, text)
    return found | regex_readings(text, regex)


def _texts(messages: Sequence[Message]) -> list[str] | Unreadable | None:
    texts = []
    for message in messages:
        text = _text(message)
        if isinstance(text, Unreadable):
            return text
        texts.append(text)
    return texts or None


def _text(message: Message) -> str | Unreadable:
    try:
        return message.content.decode()
    except UnicodeDecodeError:
        return Unreadable("the message is not text in UTF-8")
