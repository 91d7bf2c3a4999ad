"""The kind `aws.call`: any operation of any service of AWS that only looks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec
from anyio import to_thread
from botocore.model import OperationModel
from msgspec import Meta

from agent.probe import Json, Need, Reading, Value, checked
from probes.aws import arns, iam, models, paths, plain, readonly
from probes.aws.failures import NotThere
from probes.aws.parameters import Parameters
from probes.aws.service import PAGES, Service
from probes.aws.settings import AwsSettings
from probes.extract import JmesPaths

__all__ = ["CallProbe", "CallReading"]

_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:([a-z]{2}(?:-[a-z]+)+-\d):")


class CallReading(Reading, frozen=True):
    """What AWS answered."""

    exists: bool
    """Whether what was asked about is there; AWS says that it is not by an error such as `DBInstanceNotFound`.
    An empty list is an answer like any other."""
    error: str | None = None
    """AWS's word for that; absent when it is there."""
    page_count: int | None = None
    """Pages that were read; absent when it is not there."""


class CallProbe(AwsSettings, frozen=True, kw_only=True):
    """Call an operation that only looks, and read from its answer, all pages of it.

    Service, operation, parameters and the fields in `json` are held against AWS's own description while the
    profile is loaded.  What is not known to be read-only is refused, and so is what hands out secrets; what
    AWS marks as sensitive in an answer is unreadable.  In `json` times are text that can be sorted and compared.
    """

    defaults = {"exists": "true"}

    service: Annotated[str, checked(models.service)]
    """The service, by its name in boto3: `rds`, `elbv2`, `secretsmanager`."""

    operation: str
    """What is asked, as boto3 or as AWS writes it: `describe_db_instances`, `DescribeDBInstances`."""

    params: Json = None
    """Parameters as AWS names them: `{DBInstanceIdentifier: orders}`. A time may be `now` or `now-1h`."""

    json: JmesPaths = msgspec.field(default_factory=dict)
    """Readings, each by a JMESPath on the answer: `{state: "DBInstances[0].DBInstanceStatus"}`."""

    page_limit: Annotated[int, Meta(ge=1)] = PAGES
    """Pages that are read at most; more are an error, because half a list proves nothing."""

    def __post_init__(self) -> None:
        """Refuse what is no operation, or is more than looking."""
        super().__post_init__()
        operation = self._operation()
        if found := list(self._mistakes(operation)):
            raise ValueError("; ".join(found))

    def _mistakes(self, operation: OperationModel) -> Iterator[str]:
        parameters = self._parameters(operation)
        if reason := readonly.refused(operation, parameters.values):
            yield reason
            return
        yield from parameters.mistakes
        yield from paths.mistakes(operation, self.json)

    async def measure(self) -> CallReading:
        """Ask, in a thread."""
        return await to_thread.run_sync(self._look, abandon_on_cancel=True)

    def services(self) -> tuple[Service, ...]:
        """List the one service."""
        return (self.reach(self.service, _region(self.params)),)

    def needs(self) -> tuple[Need, ...]:
        """List the right to the operation."""
        return (iam.need(iam.action(self._operation()), self._scope()),)

    def _scope(self) -> str:
        """Give what the right is about: a bucket or an object, which every right of S3 can be given for; else all."""
        params = self.params if self.service == "s3" and isinstance(self.params, Mapping) else {}
        if "Bucket" not in params:
            return "*"
        key = f"/{params['Key']}" if "Key" in params else ""
        return f"arn:{arns.partition(self.region or '')}:s3:::{params['Bucket']}{key}"

    def _operation(self) -> OperationModel:
        return models.operation(self.service, self.operation)

    def _parameters(self, operation: OperationModel) -> Parameters:
        return Parameters(self.params, operation.input_shape)

    def _look(self) -> CallReading:
        operation = self._operation()
        try:
            answer = self.services()[0].ask(operation.name, self._parameters(operation).values, self.page_limit)
        except NotThere as error:
            nothing: dict[str, Any] = dict.fromkeys(self.json)
            return CallReading(exists=False, error=error.code, named=nothing)
        named = plain.read(answer.document, operation, self.json)
        return CallReading(exists=True, page_count=answer.page_count, named=named)


def _region(params: Value) -> str:
    """Give the region that the ARNs in the parameters name, where it is one."""
    regions = set(_regions(params))
    return regions.pop() if len(regions) == 1 else ""


def _regions(params: Value) -> Iterator[str]:
    if isinstance(params, Mapping):
        params = list(params.values())
    if isinstance(params, list):
        for item in params:
            yield from _regions(item)
    elif isinstance(params, str) and (found := _ARN.match(params)):
        yield found[1]
