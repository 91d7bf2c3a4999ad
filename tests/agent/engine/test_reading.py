"""From a reading to values: typed as promised, and nothing else gets in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.engine.reading import Metrics, possible, read
from agent.probe import ProbeError, Reading, Unreadable
from tests.agent.engine.kit import Seen


class Open(Reading, frozen=True):
    rows: int = 2
    other: Any = None


def test_all_metrics_are_read_with_those_that_the_operator_named():
    assert read(Open(named={"release": "1.2", "size_bytes": "1Ki"})) == Metrics(
        {"rows": 2, "other": None, "release": "1.2", "size_bytes": Decimal(1024)}, frozenset({"release", "size_bytes"})
    )


def test_a_named_timestamp_becomes_an_age():
    before = datetime.now(UTC) - timedelta(hours=1)
    assert read(Open(named={"backup_age_seconds": before})).values["backup_age_seconds"] == pytest.approx(3600, abs=60)


def test_a_column_does_not_take_the_place_of_a_metric_of_the_kind():
    assert read(Open(named={"rows": 0})) == Metrics({"rows": 2, "other": None}, frozenset())


@pytest.mark.parametrize("given", [None, 5, {"ok": True}, Seen])
def test_what_is_no_reading_is_told(given):
    with pytest.raises(ProbeError, match=r"^probe failed: it gave (NoneType|int|dict|StructMeta), expected a Reading$"):
        read(given)


GOOD = [
    None, True, 1, 2**900, 0.5, float("nan"), Decimal("1.5"), Decimal("NaN"), "text", datetime(2026, 1, 1, tzinfo=UTC),
    Unreadable("cut short"), [], {}, [1, {"a": [None, Unreadable("x")]}],
]  # fmt: skip


@pytest.mark.parametrize("value", GOOD, ids=map(repr, GOOD))
def test_values_may_be_these(value):
    possible("m", value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"x", "m is of type bytes, which no metric can be"),
        ((1,), "m is of type tuple, which no metric can be"),
        ([{"a": {1}}], "m is of type set, which no metric can be"),
        ({1: 2}, "m has a key of type int, expected text"),
        (datetime(2026, 1, 1), "m is a time without an offset"),
        (10**400, "m is a number of more than 300 digits"),
        ([-(10**400)], "m is a number of more than 300 digits"),
        (Decimal("1E+9999"), "m is a number of more than 300 digits"),
        (Decimal("1E-9999"), "m is a number of more than 300 digits"),
    ],
)
def test_and_nothing_else(value, message):
    with pytest.raises(ProbeError) as caught:
        possible("m", value)
    assert str(caught.value) == f"probe failed: {message}"
