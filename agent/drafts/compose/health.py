"""The health check of a compose service: asked from outside where that is the same, else inside its container."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from agent import units
from agent.drafts import request
from agent.drafts.compose.interpolation import Interpolation
from agent.drafts.compose.ports import Port
from agent.drafts.draft import Check, Data, Template, join, literal
from agent.drafts.written import Written, text_of
from agent.units import Unit

FILE = "compose_file"
_ENDING = re.compile(r"\s*\|\|\s*(?:exit\s+[1-9]\d*|false)\s*$", re.ASCII)
_SHELL = re.compile(r"[|&;<>`$(){}*\\\n]")
_CLIENTS = ("curl", "wget")
_HARMLESS = re.compile(
    r"-[fsSqLkIv]+|-q?O-?|-o|/dev/null|--(?:fail|fail-with-body|silent|show-error|spider|quiet|no-verbose|location|head|"
    r"tries=\d+|timeout=\d+|output-document=(?:-|/dev/null))|-(?:-tries|-timeout|-max-time|t|T|m)|\d+|-nv|-",
    re.ASCII,
)
"""What may stand in a `curl` or `wget` that asks for a page and nothing else."""
_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104  nothing is bound here


def compose(*words: Data) -> dict[str, Data]:
    """Give the settings of `exec` for a command of compose."""
    return {
        "command": ["docker", "compose", "-f", Template(f"$({FILE})"), *words],
        "environment": ["COMPOSE_*", "DOCKER_*"],
    }


class Health:
    """What a service's health check runs, and what it asks for if it asks for a page."""

    def __init__(self, service: str, written: Written, put: Interpolation) -> None:
        self.service = service
        test = written.get("test")
        words = [] if test is None else [test] if isinstance(test.value, str) else test.items("test")
        said = [put(word.text("test")) for word in words]
        if isinstance(test, Written) and isinstance(test.value, str):
            said = [Template("CMD-SHELL"), *said]
        self.none = text_of(written.get("disable"), "disable") == "true" or not said or said[0] == "NONE"
        self._shell = bool(said) and said[0] == "CMD-SHELL"
        self._words = said[1:]
        self._timeout = _duration(text_of(written.get("timeout"), "timeout"))

    def check(self, ports: Iterable[Port], *, host_network: bool) -> tuple[Check, str]:
        """Give the check, and the port of the container that it asks at, if it asks from outside."""
        page = self._page()
        if page is not None:
            path, target = page
            port = next((port for port in ports if port.target == target), None)
            if port is None and host_network:
                port = Port(published=target, target=target)
            if port is not None:
                return self._asked(port, path), target
        return self._run(), ""

    def _asked(self, port: Port, path: str) -> Check:
        return Check(
            name=f"{self.service} answers at {path}",
            kind="http",
            settings=request.settings(join(Template(f"http://{port.at}"), path)),
            keys={"expect": request.HEALTHY, **self._timeout},
            notes=("its health check, asked from outside",),
        )

    def _run(self) -> Check:
        words: list[Data] = ["sh", "-c", *self._words] if self._shell else [*self._words]
        return Check(
            name=f"{self.service} passes its health check",
            kind="exec",
            settings=compose("exec", "-T", literal(self.service), *words),
            keys=self._timeout,
            notes=request.warned(" ".join(self._words)),
        )

    def _page(self) -> tuple[str, str] | None:
        """Give path and port when all it does is ask itself for a page."""
        words = self._plain_words()
        if not words or PurePosixPath(words[0]).name not in _CLIENTS:
            return None
        urls = [word for word in words[1:] if not _HARMLESS.fullmatch(word)]
        return self._own(urls[0]) if len(urls) == 1 else None

    def _plain_words(self) -> list[str]:
        if not self._shell:
            return [*map(str, self._words)]
        command = _ENDING.sub("", " ".join(self._words))
        return [] if _SHELL.search(command) else _split(command)

    def _own(self, url: str) -> tuple[str, str] | None:
        """Take a URL apart when it is one of the service itself, without TLS and without a password."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            port = parts.port or 80
        except ValueError:
            return None
        own = parts.hostname in (*_LOCAL, self.service.lower())
        if parts.scheme != "http" or not own or "@" in parts.netloc:
            return None
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), str(port)


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []


def _duration(written: str) -> dict[str, Data]:
    try:
        return {"timeout": written} if units.parse(written, Unit.SECONDS) > 0 else {}
    except ValueError:
        return {}
