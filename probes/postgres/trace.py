"""The code of an error (SQLSTATE) that a server gives instead of a session.

libpq shows it nowhere but in its trace of the messages, since its version 18: `ErrorResponse … C "57P03"`.
Tracing leaves a buffer of the C library behind each time, so it is for a second look only.  The trace holds
what was sent, the password too: it is kept in memory, read for that code, and gone.
"""

from __future__ import annotations

import os
import re
from types import TracebackType
from typing import Self

from psycopg import NotSupportedError
from psycopg.pq.abc import PGconn

__all__ = ["Trace"]

_CODE = re.compile(rb'\tErrorResponse\t.* C "([0-9A-Z]{5})"')
_MOST = 1 << 20


class Trace:
    """What went over one connection; nothing where there is no such trace: on other systems than Linux."""

    def __init__(self) -> None:
        self._file = -1
        self._found = b""

    def __enter__(self) -> Self:
        if hasattr(os, "memfd_create"):
            self._file = os.memfd_create("trace")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file >= 0:
            self._found = os.pread(self._file, _MOST, 0)
            os.close(self._file)

    def follow(self, pgconn: PGconn) -> None:
        """Begin to write down what goes over a connection."""
        if self._file < 0:
            return
        try:
            pgconn.trace(self._file)
        except NotSupportedError:
            os.close(self._file)
            self._file = -1

    def let_go(self, pgconn: PGconn) -> None:
        """End it, before the connection ends."""
        if self._file >= 0:
            pgconn.untrace()

    def code(self) -> str:
        """Give the code of the last error; empty when there was none."""
        codes = _CODE.findall(self._found)
        return codes[-1].decode() if codes else ""
