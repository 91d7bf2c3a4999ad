"""Quantities as people write them, and as people read them."""

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent import units
from agent.units import Unit


@pytest.mark.parametrize(
    ("metric", "unit"),
    [
        ("latency_seconds", Unit.SECONDS),
        ("certificate_expires_in_seconds", Unit.SECONDS),
        ("backup_age_seconds", Unit.SECONDS),
        ("took_ms", Unit.MS),
        ("lag_minutes", Unit.MINUTES),
        ("age_hours", Unit.HOURS),
        ("left_days", Unit.DAYS),
        ("size_bytes", Unit.BYTES),
        ("error_ratio", Unit.RATIO),
        ("coverage_percent", Unit.PERCENT),
        ("seconds", Unit.SECONDS),
        ("status", Unit.PLAIN),
        ("orders_total", Unit.PLAIN),
        ("plain_", Unit.PLAIN),
        ("latency_Seconds", Unit.PLAIN),
        ("", Unit.PLAIN),
    ],
)
def test_the_unit_stands_at_the_end_of_the_name(metric, unit):
    assert units.of(metric) is unit


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", "5"),
        ("+5", "5"),
        ("-5.50", "-5.50"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1E-3", "0.001"),
    ],
)
def test_a_number_is_what_a_person_or_json_writes(text, value):
    assert units.number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", " 5", "inf", "-inf", "nan", "NaN", "1_000", "1,000", "0x10", "٣", "1e", "e3", ".", "1e9999", "5\n"],
)
def test_all_else_is_no_number(text):
    assert units.number(text) is None


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0.1s", "seconds", "0.1"),
        ("500ms", "seconds", "0.5"),
        ("500 ms", "seconds", "0.5"),
        (" 2s ", "seconds", "2"),
        ("250us", "seconds", "0.00025"),
        ("250µs", "seconds", "0.00025"),
        ("250μs", "seconds", "0.00025"),
        ("7ns", "seconds", "7e-9"),
        ("1h30m", "seconds", "5400"),
        ("1h 30m", "seconds", "5400"),
        ("1w2d3h4m5s6ms", "seconds", "788645.006"),
        ("30d", "seconds", "2592000"),
        ("-5m", "seconds", "-300"),
        ("1.5h", "minutes", "90"),
        ("1s", "ms", "1000"),
        ("1d", "hours", "24"),
        ("36h", "days", "1.5"),
        ("12", "days", "12"),
        ("512MiB", "bytes", "536870912"),
        ("512Mi", "bytes", "536870912"),
        ("1.5 GiB", "bytes", "1610612736"),
        ("10kB", "bytes", "10000"),
        ("10KB", "bytes", "10000"),
        ("10K", "bytes", "10000"),
        ("10k", "bytes", "10000"),
        ("1Ki", "bytes", "1024"),
        ("2EB", "bytes", "2e18"),
        ("17B", "bytes", "17"),
        ("95%", "ratio", "0.95"),
        ("99.95 %", "ratio", "0.9995"),
        ("0.95", "ratio", "0.95"),
        ("95%", "percent", "95"),
        ("95", "percent", "95"),
        ("-1%", "ratio", "-0.01"),
        ("200", "", "200"),
    ],
)
def test_a_quantity_comes_in_the_unit_of_the_metric(text, unit, value):
    assert units.parse(text, Unit(unit)) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "unit", "wanted"),
    [
        ("10MB", "seconds", "a time such as 500ms, 1h30m or 30d"),
        ("5 parsecs", "ms", "a time such as 500ms, 1h30m or 30d"),
        ("1h1h", "seconds", "a time such as 500ms, 1h30m or 30d"),
        ("30m1h", "seconds", "a time such as 500ms, 1h30m or 30d"),
        ("1H", "seconds", "a time such as 500ms, 1h30m or 30d"),
        ("1h5x", "seconds", "a time such as 500ms, 1h30m or 30d"),
        ("1h30", "seconds", "a time such as 500ms, 1h30m or 30d"),
        ("soon", "days", "a time such as 500ms, 1h30m or 30d"),
        ("", "hours", "a time such as 500ms, 1h30m or 30d"),
        ("5%", "minutes", "a time such as 500ms, 1h30m or 30d"),
        ("5s", "bytes", "a size such as 512MiB or 10kB"),
        ("5mB", "bytes", "a size such as 512MiB or 10kB"),
        ("-5MB", "bytes", "a size such as 512MiB or 10kB"),
        ("5MB6kB", "bytes", "a size such as 512MiB or 10kB"),
        ("5s", "ratio", "a share such as 95% or 0.95"),
        ("%", "ratio", "a share such as 95% or 0.95"),
        ("many%", "ratio", "a share such as 95% or 0.95"),
        ("5s", "percent", "a share such as 95% or 95"),
        ("%", "percent", "a share such as 95% or 95"),
        ("5s", "", "a plain number"),
        ("5%", "", "a plain number"),
    ],
)
def test_a_quantity_of_another_unit_is_refused_with_what_would_be_right(text, unit, wanted):
    with pytest.raises(ValueError, match=f"^{re.escape(f'{text!r} is not {wanted}')}$"):
        units.parse(text, Unit(unit))


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("0", "seconds", "0s"),
        ("-0", "seconds", "0s"),
        ("0.0000005", "seconds", "0.5us"),
        ("0.00025", "seconds", "250us"),
        ("0.001", "seconds", "1ms"),
        ("0.8124567", "seconds", "812.457ms"),
        ("1", "seconds", "1s"),
        ("1.25", "seconds", "1.25s"),
        ("59.9", "seconds", "59.9s"),
        ("60", "seconds", "1m"),
        ("90.7", "seconds", "1m30s"),
        ("3605", "seconds", "1h"),
        ("5400", "seconds", "1h30m"),
        ("1054800", "seconds", "12d5h"),
        ("-1054800", "seconds", "-12d5h"),
        ("86400", "seconds", "1d"),
        ("-0.5", "seconds", "-500ms"),
        ("1.5", "ms", "1.5ms"),
        ("90", "minutes", "1h30m"),
        ("12", "days", "12d"),
        ("0", "bytes", "0B"),
        ("1023", "bytes", "1023B"),
        ("1024", "bytes", "1KiB"),
        ("1536", "bytes", "1.5KiB"),
        ("-1536", "bytes", "-1.5KiB"),
        ("1e9", "bytes", "953.67MiB"),
        ("2e18", "bytes", "1.73EiB"),
        ("0.9995", "ratio", "99.95%"),
        ("1", "ratio", "100%"),
        ("99.95", "percent", "99.95%"),
        ("1e3", "", "1000"),
        ("100", "", "100"),
        ("1.10", "", "1.1"),
        ("123456789012345678901234", "", "123456789012345678901234"),
        ("NaN", "seconds", "NaN"),
        ("-Infinity", "bytes", "-Infinity"),
    ],
)
def test_a_quantity_is_written_for_a_person(value, unit, shown):
    assert units.show(Decimal(value), Unit(unit)) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("1e20", "bytes", "86.74EiB"),
        ("1e21", "bytes", "1e+21 bytes"),
        ("1e45", "bytes", "1e+45 bytes"),
        ("-1.23456789e999", "seconds", "-1.23457e+999 seconds"),
        ("9" * 5000, "days", "1.00000e+5000 days"),
    ],
)
def test_what_a_hostile_document_calls_a_size_does_not_break_the_writing(value, unit, shown):
    assert units.show(Decimal(value), Unit(unit)) == shown


@pytest.mark.parametrize(
    ("value", "exact"), [(0.1, "0.1"), (3, "3"), (1e22, "1E+22"), (Decimal("0.10"), "0.10"), (-0.5, "-0.5")]
)
def test_a_measured_number_is_the_decimal_that_a_person_reads(value, exact):
    assert str(units.exact(value)) == exact


@settings(derandomize=True)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.sampled_from(Unit))
def test_any_number_can_be_written(value, unit):
    assert units.show(value, unit)


@settings(derandomize=True)
@given(st.integers(1, 10**9), st.sampled_from(["seconds", "bytes", "ratio", "percent"]))
def test_what_is_written_reads_back_about_the_same(value, unit):
    """Writing keeps two neighbouring units of a time (24h59m is `1d`) and two digits of a size."""
    back = units.parse(units.show(Decimal(value), Unit(unit)), Unit(unit))
    assert abs(back - value) <= Decimal(value) / 24
