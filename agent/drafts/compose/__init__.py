"""A draft from a compose file: published ports, health checks, and what runs without either."""

from __future__ import annotations

from collections.abc import Iterator

from agent.drafts import request
from agent.drafts.compose.health import FILE, Health, compose
from agent.drafts.compose.interpolation import Interpolation, Unclear
from agent.drafts.compose.ports import Port, ports
from agent.drafts.draft import Check, Draft, Group, Template, Variable, literal
from agent.drafts.written import Written, entries_of, items_of, text_of
from agent.problem import Problem, ProfileError

_PAGES = ("80", "3000", "5000", "8000", "8080", "8081", "8888")
"""Ports of containers behind which there is nearly always HTTP."""
_NO_FILE = "docker-compose.yml"


def draft(source: str, documents: list[Written]) -> Draft:
    """Draft from the one document of a compose file.  Raises ProfileError when it is none."""
    (root,) = documents
    if root.get("services") is None:
        raise ProfileError([Problem("has no services, expected a compose file", root.mark)])
    stack = _Stack(root)
    groups = tuple(stack.groups())
    host = Variable("127.0.0.1", "where the published ports are")
    path = _NO_FILE if source == "-" else literal(source)
    file = Variable(path, "for docker compose, which must be here and allowed")
    return Draft(groups=groups, variables={"host": host, FILE: file, **stack.put.variables}, left=tuple(stack.left))


class _Stack:
    """The services of one file."""

    def __init__(self, root: Written) -> None:
        self.put = Interpolation(("host", FILE))
        self.left: list[str] = []
        self.services = entries_of(root.get("services"), "services")
        for name, service in self.services.items():
            service.entries(f"service {name}")
        self.jobs = {job for service in self.services.values() for job in _jobs(service)}
        if root.get("include") is not None:
            self.left.append("include: other files are not read; draft from what 'docker compose config' prints")

    def groups(self) -> Iterator[Group]:
        """Give a section for each service that there is something to ask."""
        for name, service in self.services.items():
            reason = self._not_there(name, service)
            if reason:
                self.left.append(f"service {name}: {reason}")
                continue
            if service.get("extends") is not None:
                self.left.append(f"service {name}: what it extends is not read")
            checks = tuple(map(request.with_notes, self._checks(name, service)))
            yield Group(name=name, checks=checks, needs=tuple(_depends(service)))

    def _not_there(self, name: str, service: Written) -> str:
        """Say why a service is not up after `docker compose up`, as far as the file tells."""
        profiles = [one.text("a profile") for one in items_of(service.get("profiles"), "profiles")]
        if profiles:
            return f"is started with the profile {' or '.join(profiles)} only"
        replicas = service.get("scale") or service.at("deploy", "replicas")
        if text_of(replicas, "replicas") == "0":
            return "is scaled to 0"
        return "runs to its end and stops; a check can only ask for what it leaves behind" if name in self.jobs else ""

    def _checks(self, name: str, service: Written) -> Iterator[Check]:
        left: list[str] = []
        published = list(ports(service, self.put, left))
        asked = ""
        health = self._health(name, service, left)
        if health is not None:
            network = text_of(service.get("network_mode"), "network_mode")
            check, asked = health.check(published, host_network=network == "host")
            yield check
        yield from (_knock(name, port) for port in published if port.target != asked)
        if not published and health is None:
            yield _runs(name)
        self.left += [f"service {name}: {reason}" for reason in left]

    def _health(self, name: str, service: Written, left: list[str]) -> Health | None:
        written = service.get("healthcheck")
        if written is None:
            return None
        try:
            health = Health(name, written, self.put)
        except Unclear as error:
            left.append(f"its health check: {error}")
            return None
        return None if health.none else health


def _knock(name: str, port: Port) -> Check:
    if port.http or port.target in _PAGES:
        guessed = () if port.http else ("taken for HTTP because of the port; any answer below 500 passes",)
        return Check(
            name=f"{name} answers on port {_plain(port)}",
            kind="http",
            settings={"url": Template(f"http://{port.at}/")},
            keys={"expect": request.ANSWERS},
            notes=guessed,
        )
    return Check(name=f"{name} listens on port {_plain(port)}", kind="tcp", settings={"address": port.at})


def _plain(port: Port) -> str:
    return port.target if "$" in port.published else port.published


def _runs(name: str) -> Check:
    return Check(
        name=f"{name} runs",
        kind="exec",
        settings=compose("ps", "--services", "--status", "running", name),
        keys={"expect": {"stdout": name}},
        notes=("it publishes no port and has no health check: this says only that a container runs",),
    )


def _depends(service: Written) -> Iterator[str]:
    written = service.get("depends_on")
    if written is not None and isinstance(written.value, list):
        yield from (one.text("depends_on") for one in written.value)
    else:
        yield from entries_of(written, "depends_on")


def _jobs(service: Written) -> Iterator[str]:
    """Give the services that this one waits for until they have ended."""
    written = service.get("depends_on")
    if written is not None and isinstance(written.value, dict):
        for name, how in written.value.items():
            if text_of(how.get("condition"), "condition") == "service_completed_successfully":
                yield name
