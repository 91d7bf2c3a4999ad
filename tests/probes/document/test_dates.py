"""The age of evidence: a point in time is told from what only looks like one, and the future is refused."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.probe import Unreadable
from probes.dates import age, age_of, moment

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0


@pytest.mark.parametrize(
    "when",
    [
        "2026-12-01T10:00:00Z",
        "2026-12-01T10:00:00.000000000Z",
        " 2026-12-01 10:00:00Z\n",
        "2026-12-01T12:00:00+02:00",
        "2026-12-01 12:00:00 +0200",
        "2026-12-01 10:00:00 UTC",
        "20261201T100000Z",
        "Tue, 01 Dec 2026 10:00:00 +0000",
        "Tue, 1 Dec 2026 10:00:00 -0000",
        "1 Dec 2026 11:00:00 +0100",
        "1796119200",
        "1796119200000",
        1796119200,
        1796119200000,
        Decimal("1796119200.0"),
        1796119200.0,
        datetime(2026, 12, 1, 10, tzinfo=UTC),
        datetime(2026, 12, 1, 12, tzinfo=timezone(timedelta(hours=2))),
    ],
    ids=repr,
)
def test_a_point_in_time_has_an_age(when):
    assert age(when, NOW, where="generated") == 2 * HOUR


def test_a_day_counts_from_its_beginning_in_utc():
    assert age("2026-12-01", NOW, where="generated") == 12 * HOUR
    assert age("2026-11-01", NOW, where="generated") == 30 * 24 * HOUR + 12 * HOUR


def test_today_on_the_other_side_of_the_date_line_is_not_the_future():
    assert age("2026-12-02", NOW, where="generated") == 0.0
    assert age("2026-12-03", NOW, where="generated") == Unreadable(
        "the date at generated is 129600 seconds in the future"
    )


def test_a_clock_that_is_a_minute_ahead_is_forgiven_and_no_more():
    assert age_of(NOW + 60, NOW, what="it") == 0.0
    assert age_of(NOW + 61, NOW, what="it") == Unreadable("it is 61 seconds in the future")


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (None, "no date at generated"),
        (Unreadable("r.json is not JSON: it is empty"), "r.json is not JSON: it is empty"),
        (
            "2026-12-01T10:00:00",
            "the date at generated is '2026-12-01T10:00:00', which has no time zone, "
            "expected one such as 2026-12-01T10:30:00Z",
        ),
        ("soon", "the date at generated is 'soon', expected one such as 2026-12-01T10:30:00Z"),
        ("", "the date at generated is '', expected one such as 2026-12-01T10:30:00Z"),
        ("12/01/2026", "the date at generated is '12/01/2026', expected one such as 2026-12-01T10:30:00Z"),
        (
            "2026-13-01",
            "the date at generated is '2026-13-01', expected one such as 2026-12-01T10:30:00Z",
        ),
        (True, "the date at generated is neither a text nor a number"),
        (["2026-12-01"], "the date at generated is neither a text nor a number"),
        (10**30, "the date at generated is 1000000000000000000000000000000, which is no time"),
        ("2027-12-01T12:00:00Z", "the date at generated is 31536000 seconds in the future"),
    ],
    ids=range(11),
)
def test_what_is_no_point_in_time_has_no_age(when, reason):
    assert age(when, NOW, where="generated") == Unreadable(reason)


@settings(derandomize=True, database=None, deadline=None)
@given(st.datetimes(timezones=st.timezones()).map(lambda when: when.astimezone(UTC)))
def test_every_way_to_write_a_time_means_the_same(when):
    written = [when.isoformat(), when.isoformat(" "), when.isoformat().replace("+00:00", "Z"), when]
    assert {moment(one) for one in written} == {when}


@settings(derandomize=True, database=None, deadline=None)
@given(st.text() | st.integers() | st.floats() | st.decimals(allow_nan=False) | st.lists(st.text()))
def test_nothing_makes_an_age_below_zero_or_raises(when):
    found = age(when, NOW, where="generated")
    assert isinstance(found, Unreadable) or found >= 0
