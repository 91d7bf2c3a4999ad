"""Names of what a server answers: the codes of gRPC, and the states of the health service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

__all__ = ["CODES", "DENIED", "STATES", "Code", "State", "Status", "of_http"]

Code: TypeAlias = Literal[
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]
"""In the order of their numbers (grpc/grpc, doc/statuscodes.md)."""

CODES: tuple[Code, ...] = get_args(Code)

DENIED: frozenset[Code] = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})
"""What is about us and not about the server's health."""

State: TypeAlias = Literal["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
"""Of health, in the order of their numbers (grpc/health/v1/health.proto)."""

Status: TypeAlias = Literal[State, Code, "UNRECOGNIZED"]
"""What a look comes to: a state, one that has no name, or the code of a call that failed."""

STATES: tuple[State, ...] = get_args(State)

_BY_HTTP: Mapping[int, Code] = {
    400: "INTERNAL",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "UNIMPLEMENTED",
    429: "UNAVAILABLE",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "UNAVAILABLE",
}


def of_http(status: int) -> Code:
    """Give what an answer of HTTP without `grpc-status` means (grpc/grpc, doc/http-grpc-status-mapping.md)."""
    return _BY_HTTP.get(status, "UNKNOWN")
