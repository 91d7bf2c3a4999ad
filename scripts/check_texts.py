"""Refuse committed text that belongs to one machine, or that puts work off.

Prints one line for each find, `file:line: what it is`, and ends with 1 when there was any.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PUT_OFF = "puts work off; open an issue instead"
REFUSED = {
    "names the host of a package registry": re.compile(
        r"\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|crates\.io|rubygems\.org|docker\.io|ghcr\.io|quay\.io)\b"
    ),
    "names a path of somebody's machine": re.compile(r"(?<![\w.$)}])/(?:home|root|Users|work|farm)/\w"),
    PUT_OFF: re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b"),
}
"""What is refused, and how it looks; no pattern finds itself here."""

TAP = re.compile(r"^(?:tests/)?agent/reporters/")
"""Files about the Test Anything Protocol, where one of these words is a directive."""


def tracked() -> Iterator[tuple[str, str]]:
    """Give the name and the text of each file that git knows or would take, except what is no text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603  fixed words
    for name in filter(None, listing.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            yield name, content.decode(errors="replace")


def finds(name: str, text: str) -> Iterator[str]:
    """Name each line of `text` that holds something refused."""
    for number, line in enumerate(text.splitlines(), 1):
        for reason, pattern in REFUSED.items():
            found = pattern.search(line)
            if found and not (reason == PUT_OFF and TAP.match(name)):
                yield f"{name}:{number}: {found[0]!r} {reason}"


def main() -> int:
    """Check every file; the exit code says whether all are clean."""
    rows = [row for name, text in tracked() for row in finds(name, text)]
    sys.stdout.writelines(f"{row}\n" for row in rows)
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main())
