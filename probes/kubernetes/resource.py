"""The kind `kubernetes.resource`: any object of the API, or a list of them, and what the profile reads of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar

import msgspec
from anyio import to_thread

from agent.probe import Reading, Value, checked
from probes.extract import JmesPaths, check_jmespath, select
from probes.http.readings import apart
from probes.kubernetes import discovery, documents, lists
from probes.kubernetes.client import Api
from probes.kubernetes.documents import Documents, Names, Outline, Stream
from probes.kubernetes.lists import Wanted, must_exist
from probes.kubernetes.rbac import Right
from probes.kubernetes.refusal import Missing
from probes.kubernetes.resources import KNOWN, Resource, known
from probes.kubernetes.settings import Fields, ListingProbe, Name, Query

__all__ = ["ResourceProbe", "ResourceReading"]


class ResourceReading(Reading, frozen=True):
    """What is there, beside what the profile reads itself."""

    found: bool
    """Whether the object is there; of a list, whether it has any.  By default true: to demand that there is none
    say `found: false`."""
    count: int | None = None
    """Objects of a list; absent for one object."""
    names: list[str] | None = None
    """Their names; absent for one object."""
    conditions: list[str] | None = None
    """Conditions of the one object that are true, as in `Ready`; absent for a list."""
    observed: bool | None = None
    """Whether its controller has seen what was asked for last (`status.observedGeneration`); absent where nobody
    tells, and for a list."""
    age_seconds: float | None = None
    """Since the object was made, by the server's clock; absent for a list."""


class ResourceProbe(ListingProbe, frozen=True, kw_only=True):
    """Get an object, or list objects, of any kind.

    By default there must be one.  A kind that the cluster does not know and a namespace that does not exist are
    errors, and prove nothing.  Of a Secret the values are never read, only which keys it has and how long they are.
    """

    defaults: ClassVar[Mapping[str, Any]] = {"found": "true"}

    kind: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Za-z0-9]*$")]
    """Kind of the object, as in `Deployment`."""
    api_version: Annotated[str, checked(discovery.check_version)] | None = msgspec.field(
        default=None, name="apiVersion"
    )
    """Group and version, as in `cert-manager.io/v1`; needed for kinds that not every cluster has."""
    name: Name | None = None
    """Name of the object; without it all of them are listed."""
    selector: Query = ""
    """Labels that listed objects have: `app=shop`."""
    field_selector: Fields = ""
    """Fields that listed objects have: `metadata.name!=default`."""
    json: JmesPaths = msgspec.field(default_factory=dict)
    """Readings by JMESPath: of the object (`spec.replicas`), or of the list (`items[].metadata.name`); not of
    `metadata.managedFields`.  A list of more than 32 MiB is read only by paths that ask each object for itself."""

    def __post_init__(self) -> None:
        """Refuse settings that do not go together, and kinds that nobody knows."""
        super().__post_init__()
        if self.name and (self.selector or self.field_selector):
            raise ValueError("name excludes selector and field_selector, which are for lists")
        found = self._known
        if found is None and self.api_version is None:
            near = get_close_matches(self.kind, KNOWN, 1)
            hint = f"did you mean {near[0]}?  If not, " if near else ""
            raise ValueError(f"kind {self.kind} is not one that every cluster has: {hint}give its apiVersion")
        if self.name and self.all_namespaces and found is not None and found.namespaced:
            raise ValueError(f"one {self.kind} is in one namespace, not in all of them")

    @property
    def _known(self) -> Resource | None:
        return known(self.kind, self.api_version)

    def prepare(self) -> None:
        """Load the library, the configuration and what reads.  Raises ProbeError."""
        super().prepare()
        for path in self.json.values():
            check_jmespath(path)

    async def measure(self) -> ResourceReading:
        """Get it, or read all pages.  Raises Unreachable and ProbeError."""
        api = await self.open()
        resource = self._known or await discovery.discover(api, self.kind, self.api_version or "")
        if self.name is not None:
            return await self._get(api, resource, self.name)
        if self.json:
            return await self._select(api, resource)
        listed = await lists.read(api, self._wanted(api, resource, documents.OUTLINES), lambda _: Names())
        return ResourceReading(found=bool(listed.count), count=listed.count, names=listed.fold.names)

    def rights(self) -> tuple[Right, ...]:
        """List the object or all of its kind, and where the API keeps a custom kind."""
        guessed = discovery.guess(self.kind, self.api_version or "v1", namespaced=not self.all_namespaces)
        resource = self._known or guessed
        found = discovery.rights(self.kind, self.api_version)
        if self.name is None:
            return (*self.listing(resource), *found)
        scope = self.scope if resource.namespaced else ""
        there = (lists.existence(scope),) if scope else ()
        return (resource.right("get", scope, self.name), *there, *found)

    def _wanted(self, api: Api, resource: Resource, decoder: Value) -> Wanted:
        return Wanted(
            resource=resource,
            decoder=decoder,
            namespace=self.where(api) if resource.namespaced else "",
            selector=self.selector,
            field_selector=self.field_selector,
        )

    async def _get(self, api: Api, resource: Resource, name: str) -> ResourceReading:
        namespace = self.where(api) if resource.namespaced else ""
        try:
            reply = await api.get(resource.path(namespace, name), resource.right("get", namespace, name))
        except Missing:
            if namespace:
                await must_exist(api, namespace)
            return ResourceReading(found=False, named=dict.fromkeys(self.json))
        with api.explained():
            return await apart(len(reply.data), self._of_one, reply.data, reply.now)

    def _of_one(self, data: bytes, now: datetime) -> ResourceReading:
        outline = documents.outline(data, self.kind)
        document = documents.read(data) if self.json else None
        return ResourceReading(
            found=True,
            conditions=outline.true_conditions,
            observed=outline.observed,
            age_seconds=_age(outline, now),
            named=select(document, self.json),
        )

    async def _select(self, api: Api, resource: Resource) -> ResourceReading:
        """Read a list object by object if all paths allow that, else whole."""
        kind = Stream if all(map(documents.streams, self.json.values())) else Documents
        listed = await lists.read(api, self._wanted(api, resource, documents.RAW), lambda _: kind(resource, self.json))
        named = await to_thread.run_sync(listed.fold.named, abandon_on_cancel=True)
        return ResourceReading(found=bool(listed.count), count=listed.count, names=listed.fold.names, named=named)


def _age(outline: Outline, now: datetime) -> float | None:
    created = outline.metadata.creation_timestamp
    return None if created is None else max(0.0, (now - created).total_seconds())
