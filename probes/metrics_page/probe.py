"""Read a page of metrics as Prometheus would scrape it, and judge it by its format."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from msgspec import field

from agent.probe import Reading, Value, checked
from probes.http import urls
from probes.http.readings import apart
from probes.http.visit import Visit
from probes.metrics_page import openmetrics, text
from probes.metrics_page.page import Family, Page
from probes.metrics_page.types import Type
from probes.prometheus.connection import Connection
from probes.prometheus.envelope import media_type
from probes.prometheus.matchers import matching
from probes.prometheus.promql import Selector, selectors
from probes.prometheus.refusal import refuse
from probes.prometheus.words import line

__all__ = ["MetricsPageProbe", "MetricsPageReading", "check_selector"]

_SELECTOR = re.compile(r"\s*[a-zA-Z_:][\w:]*\s*(?:\{.*\})?\s*", re.ASCII | re.DOTALL)
_OPEN, _TEXT = "application/openmetrics-text", "text/plain"
_ACCEPTED = {
    "openmetrics": f"{_OPEN};version=1.0.0",
    "text": f"{_TEXT};version=0.0.4",
    "any": f"{_OPEN};version=1.0.0,{_OPEN};version=0.0.1;q=0.75,{_TEXT};version=0.0.4;q=0.5,*/*;q=0.1",
}
_SAME: Mapping[str, str] = {"untyped": "unknown"}
"""One type has two names."""


def check_selector(written: str) -> None:
    """Refuse what is no name with labels."""
    if not _SELECTOR.fullmatch(written) or len(selectors(written)) != 1:
        raise ValueError('is no metric such as queue_length{queue="mail"}')


class MetricsPageReading(Reading, frozen=True, kw_only=True):
    """What stands on the page."""

    format: Literal["text", "openmetrics"] | None
    """Format that the page has by its content type; absent when that is another, and then nothing is read."""
    valid: bool
    """Whether it is what its format says, to the end: `text/plain` version 0.0.4, or OpenMetrics 1.0."""
    problems: list[str]
    """What is wrong with it, line by line: the first 20."""
    problem_count: int
    """How much is wrong."""
    families: int
    """Metrics, a histogram or summary counted once."""
    samples: int
    """Lines with a value."""
    names: list[str]
    """Names of the metrics (in OpenMetrics a counter has none of the `_total` that its samples have)."""
    missing: list[str]
    """Names in `names` and `types` that are not there."""
    wrong_types: list[str]
    """Metrics in `types` that have another type, and which."""
    nan_samples: int
    """Samples that are NaN."""
    size_bytes: int
    """Size of the page."""
    latency_seconds: float
    """From the beginning to the arrival of the last byte."""


class MetricsPageProbe(Connection, frozen=True, kw_only=True):
    """Fetch a page of metrics, as a scrape does, and read all of it.

    It is a target: a page that is refused, broken off or no page of metrics has failed.
    """

    defaults: ClassVar[Mapping[str, Any]] = {
        "valid": "true",
        "samples": {"min": "1"},
        "missing": {"equals": []},
        "wrong_types": {"equals": []},
    }

    url: Annotated[str, checked(urls.parse)]
    """The page: an http or https URL.  User and password in it are sent as `basic`."""

    format: Literal["any", "text", "openmetrics"] = "any"
    """Format that is asked for; by default both, OpenMetrics first, as Prometheus does."""

    names: list[str] = field(default_factory=list)
    """Metrics, or samples of metrics, that must be there, with a value."""

    types: dict[str, Type] = field(default_factory=dict)
    """Metrics that must be there, and their types: `{orders_total: counter}`.  `untyped` and `unknown` are the same."""

    declared: bool = False
    """Whether a metric is there when it is declared (TYPE, HELP) and has no value yet, as counters with labels are
    before they count."""

    values: dict[str, Annotated[str, checked(check_selector, readings=True)]] = field(default_factory=dict)
    """Readings, each the value of a sample: `{waiting: 'queue_length{queue="mail"}'}`; a list when several match,
    absent when none does."""

    def accepts(self) -> str:
        """Ask for the format that is wanted."""
        return _ACCEPTED[self.format]

    async def measure(self) -> MetricsPageReading:
        """Fetch the page and read it.  Raises Unreachable and ProbeError."""
        visit = await self.visit()
        refuse(visit, self.place)
        return await apart(len(visit.answer.content), self._reading, visit)

    def _reading(self, visit: Visit) -> MetricsPageReading:
        form, page = self._page(visit)
        return MetricsPageReading(
            format=form,
            valid=page.valid,
            problems=page.problems,
            problem_count=page.problem_count,
            families=len(page.families),
            samples=len(page.samples),
            names=list(page.families),
            missing=list(self._missing(page)),
            wrong_types=list(self._wrong_types(page)),
            nan_samples=sum(math.isnan(sample.value) for sample in page.samples),
            size_bytes=len(visit.answer.content),
            latency_seconds=visit.timing.total,
            named={name: _value(page, selectors(written)[0]) for name, written in self.values.items()},
        )

    def _page(self, visit: Visit) -> tuple[Literal["text", "openmetrics"] | None, Page]:
        kind = media_type(visit)
        try:
            content = visit.answer.content.decode("utf-8")
        except UnicodeDecodeError as error:
            return None, _nothing(f"the page is not UTF-8: byte 0x{error.object[error.start]:02x} at {error.start}")
        if kind == _OPEN:
            return "openmetrics", openmetrics.read(content)
        if kind == _TEXT:
            return "text", text.read(content)
        return None, _nothing(f"the content type is {line(kind, 80) or 'missing'}, expected {_TEXT} or {_OPEN}")

    def _missing(self, page: Page) -> Iterator[str]:
        sampled = {sample.name for sample in page.samples}
        for name in dict.fromkeys([*self.names, *self.types]):
            family = _family(page, name)
            whole = family is not None and name == family.name and family.samples > 0
            if not (whole or name in sampled or (self.declared and family is not None)):
                yield name

    def _wrong_types(self, page: Page) -> Iterator[str]:
        for name, wanted in self.types.items():
            family = _family(page, name)
            if family is not None and _SAME.get(family.kind, family.kind) != _SAME.get(wanted, wanted):
                yield f"{name} is {family.kind}, expected {wanted}"


def _family(page: Page, name: str) -> Family | None:
    return page.families.get(name) or page.owners.get(name)


def _nothing(problem: str) -> Page:
    return Page({}, {}, [], [problem], 1)


def _value(page: Page, selector: Selector) -> Value:
    found = [
        sample.value
        for sample in page.samples
        if sample.name == selector.name and matching(selector.matchers, sample.labels)
    ]
    return found[0] if len(found) == 1 else found or None
