"""Calls into the code of a kind while a profile is loaded: what it refuses, and what it breaks on, is a mistake."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agent.probe import Value


class Refused(msgspec.Struct, frozen=True):
    """The call came to nothing; the message is for an operator."""

    message: str


def attempt(call: Callable[..., object], /, *arguments: Value, **values: Value) -> Value:
    """Give what a call gives, or Refused.  A kind raises ValueError; anything else is a bug of its author."""
    try:
        return call(*arguments, **values)
    except ValueError as error:
        return Refused(str(error))
    except RecursionError:
        return Refused("nested too deep")
    except Exception as error:  # noqa: BLE001  a stranger's code may raise whatever it likes, and ends nothing
        return Refused(f"the kind broke on it: {type(error).__name__}: {error}")
