"""Services: where they can be reached, and the pages that the probes of their pods ask for."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.drafts import request
from agent.drafts.draft import Check, Data, Group, Template, join
from agent.drafts.kubernetes.objects import Object, inside, texts
from agent.drafts.kubernetes.pods import Page, Pods
from agent.drafts.written import items_of, text_of


class _Port(msgspec.Struct, frozen=True):
    number: str
    target: str
    """Of the pods: a number or a name."""
    http: bool


class Service:
    """One service with what was found behind it."""

    def __init__(self, written: Object, left: list[str]) -> None:
        self.written = written
        spec = written.root.get("spec")
        self._external = text_of(written.root.at("spec", "externalName"), "externalName")
        self._selector = texts(spec.get("selector") if spec else None, "selector")
        self._ports = list(self._tcp(left))
        self._pages: dict[tuple[_Port, Page], list[str]] = {}
        self._timeouts: dict[tuple[_Port, Page], str] = {}

    def _tcp(self, left: list[str]) -> Iterator[_Port]:
        for port in items_of(self.written.root.at("spec", "ports"), "ports"):
            number = text_of(port.get("port"), "port")
            protocol = text_of(port.get("protocol"), "protocol", "TCP")
            if protocol != "TCP":
                left.append(f"{self.written}: port {number} is {protocol}, and gonogo knocks at TCP ports")
                continue
            http = text_of(port.get("appProtocol"), "appProtocol") == "http"
            yield _Port(number, text_of(port.get("targetPort"), "targetPort", number), http)

    def offer(self, pods: Pods, probe: str, page: Page, timeout: str) -> bool:
        """Take a page on if this service leads to it."""
        if self.written.namespace != pods.workload.namespace or not self._selects(pods.labels):
            return False
        port = next((port for port in self._ports if pods.number(port.target) == page.port), None)
        if port is None:
            return False
        probes = self._pages.setdefault((port, page), [])
        probes += [probe] if probe not in probes else []
        self._timeouts.setdefault((port, page), timeout)
        return True

    def _selects(self, labels: dict[str, str]) -> bool:
        return bool(self._selector) and self._selector.items() <= labels.items()

    def group(self) -> Group:
        """Give its section."""
        addresses = list(self._outside())
        if self._external:
            return Group(name=self.written.name, checks=(self._alias(),))
        checks = [check for address in addresses or [inside(self.written)] for check in self._checks(address)]
        when: dict[str, Data] = {} if addresses else {"in_cluster": True}
        return Group(name=self.written.name, checks=tuple(map(request.with_notes, checks)), when=when)

    def _alias(self) -> Check:
        return Check(name=f"{self._external} is in DNS", kind="dns", settings={"name": self._external})

    def _outside(self) -> Iterator[Template]:
        for one in items_of(self.written.root.at("status", "loadBalancer", "ingress"), "ingress"):
            address = text_of(one.get("hostname") or one.get("ip"), "address")
            if address:
                yield join(f"[{address}]" if ":" in address else address)

    def _checks(self, address: Template) -> Iterator[Check]:
        for (port, page), probes in self._pages.items():
            yield self._asked(address, port, page, probes)
        asked = {port for port, _ in self._pages}
        for port in self._ports:
            if port.http and port not in asked:
                yield self._answers(address, port)
            elif port not in asked:
                name = f"{self.written.name} listens on port {port.number}"
                yield Check(name=name, kind="tcp", settings={"address": join(address, ":", port.number)})

    def _answers(self, address: Template, port: _Port) -> Check:
        return Check(
            name=f"{self.written.name} answers on port {port.number}",
            kind="http",
            settings={"url": join("http://", address, ":", port.number, "/")},
            keys={"expect": request.ANSWERS},
        )

    def _asked(self, address: Template, port: _Port, page: Page, probes: list[str]) -> Check:
        scheme = "https" if page.https else "http"
        url = join(f"{scheme}://", address, ":", port.number, page.path)
        settings = request.settings(url, page.headers, self.written.name)
        if page.https:
            settings["verify"] = False  # nor does the kubelet
        timeout = self._timeouts[port, page]
        return Check(
            name=f"{self.written.name} answers at {page.path}",
            kind="http",
            settings=settings,
            keys={"expect": request.HEALTHY, **({"timeout": f"{timeout}s"} if timeout else {})},
            notes=(f"as the {' and '.join(probes)} probe of its pods, but through the service",),
        )
