"""Coercion: from a node to a value of a setting's type, with every mistake and its place."""

from agent.coerce.reader import LATE, Coercion, Mistake, holds_late, refuse_strange, rests_on_run
from agent.coerce.strange import Refused, attempt
from agent.coerce.words import choices_of, expected

__all__ = [
    "LATE",
    "Coercion",
    "Mistake",
    "Refused",
    "attempt",
    "choices_of",
    "expected",
    "holds_late",
    "refuse_strange",
    "rests_on_run",
]
