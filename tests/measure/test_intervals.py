"""Intervals: every rule of the metric definitions' section 5, with numbers that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.errors import ConfigError
from voicelab.measure import intervals
from voicelab.measure.intervals import (
    Estimate,
    count_per,
    difference_of,
    maximum_of,
    mean_of,
    median_of,
    percentile_of,
    rate_of,
    ratio_of,
    values_needed,
)

FORTY = [float(value) for value in np.random.default_rng(3).normal(500, 80, 40)]


def _by_the_book(values: list[float], statistic: str) -> tuple[float, float]:
    """Return a bootstrap interval the slow way: one draw after the other."""
    generator = np.random.default_rng(0)
    draws = [
        getattr(np, statistic)(np.array(values)[generator.integers(0, len(values), len(values))]) for _ in range(1000)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def test_a_median_is_the_middle_value_and_counts_what_is_missing() -> None:
    """Nothing is dropped silently: None in the list and missing turns outside of it are both counted."""
    found = median_of([300.0, None, 100.0, 200.0], n_missing=2)
    assert (found.value, found.n, found.n_missing) == (200.0, 3, 3)


@pytest.mark.parametrize(("estimate", "statistic"), [(median_of, "median"), (mean_of, "mean")])
def test_an_interval_is_that_of_a_thousand_draws_one_by_one(estimate, statistic: str) -> None:
    """Percentile bootstrap, 1000 draws with replacement, 2.5 and 97.5 %: all at once gives the same to the digit."""
    found = estimate(FORTY)
    assert (found.low, found.high) == pytest.approx(_by_the_book(FORTY, statistic), rel=1e-12)


def test_drawing_in_pieces_gives_the_same_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long list is drawn a few draws at a time, so that memory stays small; the draws are the same."""
    whole = median_of(FORTY)
    monkeypatch.setattr(intervals, "_BLOCK", 7 * 40)
    assert median_of(FORTY) == whole


def test_the_same_values_give_the_same_interval_and_another_seed_another() -> None:
    """The seed is fixed, so that a table computed again is the same table."""
    assert mean_of(FORTY) == mean_of(FORTY)
    assert mean_of(FORTY).low != mean_of(FORTY, seed=1).low


def test_percentiles_are_interpolated_linearly() -> None:
    """The 95th of 0 to 20 is 19, of 0 to 30 28.5."""
    assert percentile_of([float(n) for n in range(21)], 95).value == 19.0
    assert percentile_of([float(n) for n in range(31)], 95).value == 28.5


def test_the_95th_percentile_needs_twenty_values_and_the_greatest_is_offered_instead() -> None:
    """Below 20 it would be the maximum under another name."""
    few = [float(n) for n in range(19)]
    assert percentile_of(few, 95, n_missing=1) == Estimate(None, None, None, 19, 1)
    assert maximum_of(few, n_missing=1) == Estimate(18.0, None, None, 19, 1)
    assert percentile_of([*few, None], 95).value is None
    assert percentile_of([*few, 19.0], 95).value == pytest.approx(18.05)
    assert (values_needed(95), values_needed(99), values_needed(5), values_needed(50)) == (20, 100, 20, 1)


def test_one_value_has_no_interval_and_none_no_value() -> None:
    """A single turn says nothing of its spread; no turn says nothing at all."""
    assert median_of([7.0]) == Estimate(7.0, None, None, 1, 0)
    assert median_of([], n_missing=4) == Estimate(None, None, None, 0, 4)
    assert mean_of([None]) == Estimate(None, None, None, 0, 1)


def test_a_rate_has_wilsons_interval() -> None:
    """3 of 10, worked out by hand from the formula: 0.108 to 0.603; never below 0 or above 1."""
    found = rate_of(3, 10, n_missing=2)
    assert (found.value, found.n, found.n_missing) == (0.3, 10, 2)
    assert found.low == pytest.approx(0.10779, abs=1e-5)
    assert found.high == pytest.approx(0.60322, abs=1e-5)
    assert rate_of(10, 10).low == pytest.approx(0.72247, abs=1e-5)
    assert rate_of(10, 10).high == pytest.approx(1.0)


def test_no_event_in_n_is_bounded_by_the_rule_of_three() -> None:
    """0 of 60 may still be 5 %; 0 of 2 may be anything."""
    assert rate_of(0, 60) == Estimate(0.0, 0.0, 0.05, 60, 0)
    assert rate_of(0, 2).high == 1.0
    assert rate_of(0, 0, n_missing=3) == Estimate(None, None, None, 0, 3)


def test_a_ratio_is_of_the_sums_and_not_the_mean_of_the_ratios() -> None:
    """1/1 and 0/99 are one error in a hundred words, not fifty per cent."""
    assert ratio_of([1.0, 0.0], [1.0, 99.0]).value == 0.01


def test_a_ratio_draws_pairs() -> None:
    """Where every pair has the same ratio every draw has it: drawn apart, they would differ."""
    found = ratio_of([1.0, 10.0, 100.0], [2.0, 20.0, 200.0])
    assert (found.value, found.low, found.high, found.n) == (0.5, 0.5, 0.5, 3)


def test_a_ratio_leaves_out_draws_without_a_denominator() -> None:
    """A draw of two silent clips has no words to be wrong about."""
    found = ratio_of([0.0, 5.0], [0.0, 10.0])
    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)
    assert ratio_of([1.0], [0.0]).value is None


def test_a_ratio_without_events_claims_no_interval_and_a_count_the_rule_of_three() -> None:
    """To draw nothings again bounds nothing: no underrun in 1.5 minutes may be 2 a minute."""
    assert ratio_of([0.0, 0.0], [4.0, 5.0]) == Estimate(0.0, None, None, 2, 0)
    assert count_per([0.0, 0.0], [0.5, 1.0]) == Estimate(0.0, 0.0, 2.0, 2, 0)
    assert count_per([3.0, 1.0], [1.0, 1.0]) == ratio_of([3.0, 1.0], [1.0, 1.0])


def test_a_pair_with_a_hole_in_it_is_missing() -> None:
    """Half a pair is no pair."""
    assert ratio_of([1.0, None, 3.0], [2.0, 2.0, None]).n_missing == 2
    assert difference_of([1.0, None], [2.0, 5.0], paired=True) == Estimate(-1.0, None, None, 1, 1)


def test_a_paired_difference_sees_what_an_unpaired_one_cannot() -> None:
    """Clips differ by hundreds of ms, the settings by 10 on each clip: paired it is certain, unpaired it drowns."""
    slower = [value + 10 for value in FORTY]
    paired, unpaired = difference_of(slower, FORTY, paired=True), difference_of(slower, FORTY, paired=False)
    assert (paired.value, paired.low, paired.high) == pytest.approx((10, 10, 10))
    assert paired.n == 40
    assert unpaired.value == pytest.approx(10)
    assert (unpaired.low or 0) < 0 < (unpaired.high or 0)
    assert unpaired.n == 80


def test_a_difference_can_be_of_medians() -> None:
    """One slow turn moves the mean and not the median; paired, it is the median of the differences."""
    a, b = [1.0, 2.0, 300.0], [0.0, 0.0, 0.0]
    assert difference_of(a, b, paired=False, statistic="median").value == 2.0
    assert difference_of(a, b, paired=False).value == 101.0
    assert difference_of([5.0, 1.0, 9.0], [4.0, 3.0, 2.0], paired=True, statistic="median").value == 1.0


def test_an_unpaired_difference_needs_values_on_both_sides() -> None:
    """Nothing minus something is nothing, and is counted."""
    assert difference_of([], [1.0, None], paired=False) == Estimate(None, None, None, 1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: median_of([float("nan")]),
        lambda: mean_of([float("inf")]),
        lambda: percentile_of([1.0], 101),
        lambda: rate_of(3, 2),
        lambda: rate_of(-1, 2),
        lambda: ratio_of([1.0], [1.0, 2.0]),
        lambda: difference_of([1.0], [1.0, 2.0], paired=True),
    ],
)
def test_what_is_no_number_is_refused(wrong) -> None:
    """A nan would spread to the whole table, a cut list would lie about n."""
    with pytest.raises(ConfigError):
        wrong()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_the_interval_lies_within_the_values(values: list[float]) -> None:
    """Whatever is drawn, no median is outside of what was measured, and the value is never far off its interval."""
    found = median_of(values)
    assert None not in (found.low, found.high)
    assert min(values) <= found.low <= found.high <= max(values)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilsons_interval_holds_the_rate(counts: tuple[int, int]) -> None:
    """For every k of n it lies in 0 to 1 and around the rate."""
    found = rate_of(*counts)
    assert None not in (found.low, found.high, found.value)
    assert 0 <= found.low <= found.value + 1e-12
    assert found.value <= found.high + 1e-12 <= 1 + 1e-9
    assert not math.isnan(found.low)
