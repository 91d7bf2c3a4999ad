"""Asking a service: one operation, all its pages, and nothing but an answer or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import jmespath
import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, OperationModel
from botocore.paginate import Paginator
from botocore.utils import set_value_from_jmespath

from agent.probe import ProbeError, Unreachable, Value
from probes.aws import models
from probes.aws.account import Account
from probes.aws.failures import BROKEN, explained

__all__ = ["PAGES", "Answer", "Service", "listed"]

_Config: TypeAlias = dict[str, object]
"""How an answer goes on, as botocore writes it in its `paginators-1.json`."""

PAGES = 100
"""Pages that are read when nobody says otherwise."""

_LARGEST = 128 * 2**20
"""Bytes of all pages of one answer."""

_TOKENS = {
    "NextToken": "NextToken",
    "nextToken": "nextToken",
    "NextMarker": "NextMarker",
    "NextPageToken": "NextPageToken",
    "nextPageToken": "nextPageToken",
    "NextContinuationToken": "ContinuationToken",
    "PaginationToken": "PaginationToken",
    "Marker": "Marker",
}
"""Members of an answer that say where it goes on, and the parameter that asks for it."""

_OTHER_NAMES = {"NextMarker": "Marker", "NextPageToken": "PageToken", "nextPageToken": "pageToken"}
_GOES_ON = re.compile(r"next\w*(token|marker)|istruncated|hasmore\w*", re.IGNORECASE)


class Answer(msgspec.Struct, frozen=True):
    """What a service answered, put together from its pages as botocore puts them together."""

    document: dict[str, Value]
    page_count: int = 1


class Service(msgspec.Struct, frozen=True):
    """One service, seen by one account.  It blocks: call it in a thread."""

    account: Account
    name: str

    def prepare(self) -> None:
        """Make the client.  Raises ProbeError."""
        self.account.client(self.name)

    def ask(self, operation_name: str, params: Mapping[str, Value], limit: int = PAGES) -> Answer:
        """Call an operation, and put all pages of the answer together.

        Raises NotThere when AWS knows no such thing, Unreachable when it does not answer, ProbeError when we
        may not ask, or when there is more than `limit` pages or than memory should hold.
        """
        operation = models.operation(self.name, operation_name)
        pages = list(_limited(self.pages(operation_name, params, limit), operation))
        return Answer(pages[0] if len(pages) == 1 else _together(pages, _pagination(operation)), len(pages))

    def pages(self, operation_name: str, params: Mapping[str, Value], limit: int) -> Iterator[dict[str, Value]]:
        """Call an operation and give page after page, asking for the next only when it is wanted.  Raises as `ask`."""
        operation = models.operation(self.name, operation_name)
        call = getattr(self.account.client(self.name), models.method(operation.name))
        try:
            yield from _bounded(_all_pages(call, operation, params), limit, operation)
        except (ClientError, BotoCoreError, *BROKEN) as error:
            raise explained(error, operation) from error


def listed(page: Mapping[str, Value], key: str) -> list[dict[str, Value]]:
    """Give a list of an answer; Unreachable when it is not there, which says nothing about how many there are."""
    items = page.get(key)
    if not isinstance(items, list):
        raise Unreachable(f"AWS answers without {key}")
    return items


def _all_pages(
    call: Callable[..., dict[str, Value]], operation: OperationModel, params: Mapping[str, Value]
) -> Iterator[dict[str, Value]]:
    config = _pagination(operation)
    if config is None:
        return iter([_whole(call(**params), operation)])
    return iter(Paginator(call, config, operation).paginate(**params))  # type: ignore[arg-type]  # the stubs err


def _pagination(operation: OperationModel) -> _Config | None:
    """Give how an answer goes on; where botocore does not know, its names often tell."""
    known = models.pagination(operation.service_model.service_name).get(operation.name)
    if known is not None:
        return known
    wanted, given = _members(operation.input_shape), _members(operation.output_shape)
    for output, usual in _TOKENS.items():
        asked = next((name for name in (usual, _OTHER_NAMES.get(output, "")) if name in wanted), "")
        if output in given and asked:
            lists = [name for name, shape in given.items() if isinstance(shape, ListShape)]
            return {"input_token": asked, "output_token": output, "result_key": lists}
    return None


def _members(shape: Value) -> dict[str, Value]:
    members: dict[str, Value] = getattr(shape, "members", {})
    return members


def _limited(pages: Iterator[dict[str, Value]], operation: OperationModel) -> Iterator[dict[str, Value]]:
    """See that the pages which are kept do not grow without bounds."""
    size = 0
    for page in pages:
        size += int(page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("content-length", 0))
        if size > _LARGEST:
            name = f"{operation.service_model.service_name}:{operation.name}"
            raise ProbeError(f"{name} is answered with more than {_LARGEST // 2**20} MiB: ask for less")
        yield page


def _bounded(pages: Iterator[dict[str, Value]], limit: int, operation: OperationModel) -> Iterator[dict[str, Value]]:
    for number, page in enumerate(pages, 1):
        if number > limit:
            name = f"{operation.service_model.service_name}:{operation.name}"
            raise ProbeError(f"{name} has more than {limit} pages (`page_limit`)")
        yield page


def _whole(document: dict[str, Value], operation: OperationModel) -> dict[str, Value]:
    """See that an answer does not go on where nobody can ask for the rest."""
    for key, value in document.items():
        if value and _GOES_ON.fullmatch(key):
            name = f"{operation.service_model.service_name}:{operation.name}"
            raise ProbeError(f"{name} has more than one page, and no way is known to the next: ask for less")
    return document


def _together(pages: list[dict[str, Value]], config: _Config | None) -> dict[str, Value]:
    """Put the pages together: lists are joined, numbers added; what belongs to one page alone is left out."""
    whole: dict[str, Value] = {}
    for key in _listed(config, "non_aggregate_keys"):
        set_value_from_jmespath(whole, key, jmespath.search(key, pages[0]))
    for key in _listed(config, "result_key"):
        parts = [part for page in pages if (part := jmespath.search(key, page)) is not None]
        if parts:
            set_value_from_jmespath(whole, key, _joined(parts))
    return whole


def _listed(config: _Config | None, key: str) -> list[str]:
    found = (config or {}).get(key, [])
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]


def _joined(parts: list[Value]) -> Value:
    if all(isinstance(part, list) for part in parts):
        return [item for part in parts for item in part]
    if all(isinstance(part, int | float) and not isinstance(part, bool) for part in parts):
        return sum(parts)
    return parts[0]
