"""Numbers with their uncertainty: medians, percentiles, rates, ratios and differences, each with an interval and an n.

In: plain values, None where a turn has none.  Out: frozen `Estimate` values.
Does not know: runs, turns, or what is measured.

All intervals are 95 %. The rules are those of the project's metric definitions, section 5:

- percentile bootstrap, 1000 draws, fixed seed; what is drawn is the turn, clip or session, never the frame or the word;
- percentiles by linear interpolation; the 95th only from 20 values up, below that the maximum is what can be given;
- n and the number missing always: a missed turn has no latency and may not be dropped silently;
- rates by Wilson's interval; no event in n: from 0 to 3/n (the rule of three);
- a ratio is the ratio of the sums, not the mean of the ratios;
- two settings on the same clips: the bootstrap of the paired difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicelab.errors import ConfigError

DRAWS = 1000
#: Normal quantile of a 95 % interval.
Z = 1.959963984540054
#: As many drawn values at a time as fit a few megabytes.
_BLOCK = 1 << 20

Values: TypeAlias = Sequence[float | None]
Floats: TypeAlias = NDArray[np.float64]
#: Takes draws of shape (draws, n), returns one number for each draw; nan where there is none.
_Statistic: TypeAlias = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Estimate:
    """A number, its 95 % interval, and what it rests on.

    Parameters
    ----------
    value : float or None
        None: nothing to compute it from, or too little.
    low, high : float or None
        None where the value is, or where a single value says nothing of its spread.
    n : int
        Values that it is computed from.
    n_missing : int
        Turns that should have had a value and have none.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    n_missing: int = 0


def median_of(values: Values, n_missing: int = 0, seed: int = 0) -> Estimate:
    """Return the median.

    Parameters
    ----------
    values : sequence of float or None
        One for each turn (or clip, or session); None counts as missing.
    n_missing : int
        Missing ones that are not in ``values``.
    seed : int
        Of the bootstrap.

    Raises
    ------
    ConfigError
        A value is infinite or not a number.
    """
    return percentile_of(values, 50, n_missing, seed)


def mean_of(values: Values, n_missing: int = 0, seed: int = 0) -> Estimate:
    """Return the mean; parameters and errors as for `median_of`."""
    return _estimate(values, lambda draws: draws.mean(axis=1), n_missing, seed)


def percentile_of(values: Values, q: float, n_missing: int = 0, seed: int = 0) -> Estimate:
    """Return a percentile by linear interpolation.

    Where there are fewer than ``values_needed(q)`` values it is None: give the maximum (`maximum_of`) instead.

    Parameters
    ----------
    values, n_missing, seed
        As for `median_of`.
    q : float
        0 to 100.

    Raises
    ------
    ConfigError
        ``q`` is out of range, or a value is infinite or not a number.
    """
    if not 0 <= q <= 100:
        raise ConfigError(f"q={q} is no percentile: give a number from 0 to 100", param="q")
    found = _floats(values)
    n_missing += len(values) - len(found)
    if len(found) < values_needed(q):
        return Estimate(None, None, None, len(found), n_missing)
    return _estimate(list(found), lambda draws: np.percentile(draws, q, axis=1), n_missing, seed)


def values_needed(q: float) -> int:
    """Return how many values a percentile needs: 20 for the 95th, 100 for the 99th, 1 for the middle ones.

    A percentile further out than one value in n is no more than the greatest of them under another name.
    """
    beyond = min(q, 100 - q)
    return math.ceil(100 / beyond - 1e-9) if 0 < beyond <= 5 else 1


def maximum_of(values: Values, n_missing: int = 0) -> Estimate:
    """Return the greatest value; no interval, since a bootstrap never draws a greater one."""
    found = _floats(values)
    n_missing += len(values) - len(found)
    return Estimate(float(found.max()) if len(found) else None, None, None, len(found), n_missing)


def rate_of(k: int, n: int, n_missing: int = 0) -> Estimate:
    """Return the share ``k / n`` with Wilson's interval; for no event in n, from 0 to 3/n.

    Raises
    ------
    ConfigError
        ``k`` is not between 0 and ``n``.
    """
    if not 0 <= k <= n:
        raise ConfigError(f"{k} of {n} is no share: k must be between 0 and n", param="k")
    if n == 0:
        return Estimate(None, None, None, 0, n_missing)
    p = k / n
    if k == 0:
        return Estimate(0.0, 0.0, min(1.0, 3 / n), n, n_missing)
    middle = p + Z**2 / (2 * n)
    half = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    scale = 1 + Z**2 / n
    return Estimate(p, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale), n, n_missing)


def ratio_of(numerators: Values, denominators: Values, n_missing: int = 0, seed: int = 0) -> Estimate:
    """Return the ratio of the sums.

    Parameters
    ----------
    numerators, denominators : sequence of float or None
        One pair for each turn (or clip, or session), drawn together; a pair with a None in it counts as missing.
    n_missing, seed
        As for `median_of`.

    Returns
    -------
    Estimate
        None where the denominators add up to 0. Draws in which they do are left out of the interval. Where all
        numerators are 0 there is no interval: to draw nothings again and again bounds nothing.

    Raises
    ------
    ConfigError
        The two are not of one length, or a value is infinite or not a number.
    """
    above, below = _pairs(numerators, denominators)
    n, n_missing = len(above), n_missing + len(numerators) - len(above)
    if n == 0 or below.sum() == 0:
        return Estimate(None, None, None, n, n_missing)
    if not above.any():
        return Estimate(0.0, None, None, n, n_missing)

    def ratios(index: NDArray[np.int64]) -> Floats:
        sums = below[index].sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            quotients: Floats = above[index].sum(axis=1) / sums
        return quotients

    low, high = _interval(_drawn([n], lambda index: ratios(index[0]), seed), n)
    return Estimate(float(above.sum() / below.sum()), low, high, n, n_missing)


def count_per(counts: Values, exposures: Values, n_missing: int = 0, seed: int = 0) -> Estimate:
    """Return events for each unit of exposure, such as underruns for each minute of playout.

    It is `ratio_of` them, but for no event at all: then from 0 to 3 / exposure (the rule of three).
    """
    found = ratio_of(counts, exposures, n_missing, seed)
    if found.value != 0:
        return found
    return Estimate(0.0, 0.0, 3 / float(_pairs(counts, exposures)[1].sum()), found.n, found.n_missing)


def difference_of(
    a: Values,
    b: Values,
    paired: bool,
    *,
    statistic: Literal["mean", "median"] = "mean",
    n_missing: int = 0,
    seed: int = 0,
) -> Estimate:
    """Return how much more ``a`` is than ``b``; an interval without 0 in it is a difference.

    Parameters
    ----------
    a, b : sequence of float or None
        Of two settings; for a rate, 1 and 0.
    paired : bool
        Whether ``a[i]`` and ``b[i]`` are of the same clip. Then it is the statistic of the differences, pairs are
        drawn, and a pair with a None in it counts as missing. Otherwise it is the difference of the statistics, and
        each setting is drawn for itself.
    statistic : {"mean", "median"}
    n_missing, seed
        As for `median_of`.

    Returns
    -------
    Estimate
        Its n is the number of pairs, or of values in both.

    Raises
    ------
    ConfigError
        Pairs of two lengths, or a value is infinite or not a number.
    """
    middle: _Statistic = (lambda draws: draws.mean(axis=1)) if statistic == "mean" else _medians
    if paired:
        ours, theirs = _pairs(a, b)
        n_missing += len(a) - len(ours)
        return _estimate(list(ours - theirs), middle, n_missing, seed)
    ours, theirs = _floats(a), _floats(b)
    n = len(ours) + len(theirs)
    n_missing += len(a) + len(b) - n
    if not len(ours) or not len(theirs):
        return Estimate(None, None, None, n, n_missing)
    drawn = _drawn([len(ours), len(theirs)], lambda index: middle(ours[index[0]]) - middle(theirs[index[1]]), seed)
    low, high = _interval(drawn, min(len(ours), len(theirs)))
    return Estimate(float((middle(ours[None]) - middle(theirs[None]))[0]), low, high, n, n_missing)


def _medians(draws: Floats) -> Floats:
    medians: Floats = np.median(draws, axis=1)
    return medians


def _floats(values: Values) -> Floats:
    found = np.array([value for value in values if value is not None], float)
    if not np.isfinite(found).all():
        raise ConfigError("a value is infinite or not a number: give None where there is no value", param="values")
    return found


def _pairs(a: Values, b: Values) -> tuple[Floats, Floats]:
    if len(a) != len(b):
        raise ConfigError(f"{len(a)} and {len(b)} values are no pairs: give as many of each", param="values")
    both = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    return _floats([x for x, _ in both]), _floats([y for _, y in both])


def _estimate(values: Values, statistic: _Statistic, n_missing: int, seed: int) -> Estimate:
    found = _floats(values)
    n, n_missing = len(found), n_missing + len(values) - len(found)
    if n == 0:
        return Estimate(None, None, None, 0, n_missing)
    low, high = _interval(_drawn([n], lambda index: statistic(found[index[0]]), seed), n)
    return Estimate(float(statistic(found[None])[0]), low, high, n, n_missing)


def _drawn(sizes: list[int], statistic: Callable[[list[NDArray[np.int64]]], Floats], seed: int) -> Floats:
    """Return the statistic of each draw; ``statistic`` takes the drawn positions, one array a sample of that size."""
    return np.concatenate([statistic(index) for index in _draws(sizes, seed)])


def _draws(sizes: list[int], seed: int) -> Iterator[list[NDArray[np.int64]]]:
    generator = np.random.default_rng(seed)
    rows = max(1, _BLOCK // sum(sizes))
    for first in range(0, DRAWS, rows):
        n_rows = min(rows, DRAWS - first)
        yield [generator.integers(0, size, (n_rows, size)) for size in sizes]


def _interval(drawn: Floats, n: int) -> tuple[float | None, float | None]:
    drawn = drawn[np.isfinite(drawn)]
    if n < 2 or not len(drawn):
        return None, None
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)
