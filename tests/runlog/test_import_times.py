"""Promises of `voicelab.runlog.import_times`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from voicelab.runlog.import_times import TimeRule, TimeSurvey

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z


def rule_of(lines: Iterable[dict[str, Any]], sound_ms: float = 0.0) -> TimeRule | None:
    survey = TimeSurvey()
    for stamps in lines:
        survey.take(stamps)
    return survey.settle(sound_ms)


@pytest.mark.parametrize(
    ("value", "unit", "off_ns"),
    [
        (1_795_176_000, "s", 0),
        (1_795_176_000.25, "s", 250_000_000),
        (1_795_176_000_250, "ms", 250_000_000),
        (1_795_176_000_250_000, "us", 250_000_000),
        (NOON_NS + 7, "ns", 7),
        ("1795176000.25", "s", 250_000_000),
        ("2026-11-20T12:00:00.250Z", None, 250_000_000),
        ("2026-11-20T13:00:00.250+01:00", None, 250_000_000),
        ("2026-11-20 12:00:00.250", None, 250_000_000),
    ],
)
def test_dates_are_read_in_every_usual_form(value: Any, unit: str | None, off_ns: int) -> None:
    """Seconds, milli-, micro- and nanoseconds since 1970 by their size, and RFC 3339; whole numbers stay exact."""
    rule = rule_of([{"timestamp": value}])
    assert rule is not None
    assert (rule.unit, rule.is_wall) == (unit, True)
    assert rule.ns({"timestamp": value}) == NOON_NS + off_ns


@pytest.mark.parametrize(("name", "unit"), [("t_ns", "ns"), ("ts_us", "us"), ("time_ms", "ms"), ("timestamp_s", "s")])
def test_a_name_that_says_its_unit_is_believed(name: str, unit: str) -> None:
    """Whatever the numbers look like; a clock that began anywhere is no wall time."""
    rule = rule_of([{name: 5}, {name: 2_000_000_000_000}])
    assert rule is not None
    assert (rule.unit, rule.is_wall) == (unit, False)


@pytest.mark.parametrize(("factor", "unit"), [(1, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")])
def test_a_clock_of_its_own_is_measured_with_the_sound(factor: float, unit: str) -> None:
    """A file of twenty seconds of audio lasts about twenty seconds, whatever its numbers look like."""
    rule = rule_of([{"t": 3.5 * factor}, {"t": 33.5 * factor}], sound_ms=20_000.0)
    assert rule is not None
    assert (rule.unit, rule.is_wall) == (unit, False)
    assert "audio" in rule.why


@pytest.mark.parametrize(
    ("values", "unit"), [((0.5, 1.25), "s"), ((5, 1250), "ms"), ((0, 20_000_000_000), "ns"), ((0, 3), "ms")]
)
def test_without_sound_the_form_decides_and_it_is_called_a_guess(values: tuple[float, ...], unit: str) -> None:
    """Decimals are seconds, whole numbers milliseconds unless that were more than a day."""
    rule = rule_of([{"ts": value} for value in values])
    assert rule is not None
    assert rule.unit == unit
    assert "guess" in rule.why


def test_the_field_that_most_lines_have_is_taken() -> None:
    """Of two that are as frequent the more usual one; fewer than half of the lines are no time stamps."""
    assert rule_of([{"ts": 1, "time": 2}, {"time": 3}]).field == "time"  # type: ignore[union-attr]
    assert rule_of([{"ts": 1, "timestamp": 2}]).field == "timestamp"  # type: ignore[union-attr]
    assert rule_of([{"ts": 1}, {}, {}]) is None
    assert rule_of([{}]) is None
    assert rule_of([{"ts": None}, {"ts": True}, {"ts": "soon"}, {"ts": [1]}, {"ts": float("nan")}]) is None


def test_a_line_without_a_stamp_has_no_time() -> None:
    """Nor one in another form than the file's."""
    rule = rule_of([{"ts": "2026-11-20T12:00:00Z"}] * 3 + [{"ts": 5}])
    assert rule is not None
    assert [rule.ns(stamps) for stamps in ({}, {"ts": 5}, {"ts": "soon"}, {"ts": None})] == [None] * 4


@pytest.mark.parametrize("value", [10**400, 1e300, -(10**20), "9999-01-01T00:00:00Z", "1e999", float("inf")])
def test_a_time_that_cannot_be_is_none(value: Any) -> None:
    """Nor an error, however large."""
    assert rule_of([{"ts": value}]) is None
    rule = rule_of([{"t_s": 5}])
    assert rule is not None
    assert rule.ns({"t_s": value}) is None


def test_the_first_stamp_is_that_of_the_rule() -> None:
    """Lines before it have none."""
    survey = TimeSurvey()
    for stamps in ({}, {"ts": "soon"}, {"ts": 1_795_176_000}, {"ts": 1_795_176_001}, {"ts": 1_795_176_002}):
        survey.take(stamps)
    assert survey.first_ns(survey.settle(0.0)) == NOON_NS
    assert survey.first_ns(None) == 0
