"""A stream that never raises: progress that cannot be shown is no reason to stop a verification."""

from __future__ import annotations

from typing import TextIO


class Guarded:
    """Writes to a stream until that fails, and is silent from then on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False

    @property
    def encoding(self) -> str:
        """What the stream can write; all of Unicode when it does not say."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write, with escapes for what the stream's encoding does not have."""
        if not self._broken:
            try:
                self._stream.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
            except (OSError, ValueError):  # gone, or closed
                self._broken = True
        return len(text)

    def flush(self) -> None:
        """Let it be seen now."""
        if not self._broken:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._broken = True
