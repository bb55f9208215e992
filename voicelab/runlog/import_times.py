"""Time stamps in logs of other code: which field they stand in, in which unit, and on whose clock.

In: what stands under names that are usual for a time, line by line.  Out: a `TimeRule` for the whole file, or none.
Does not know: events, runs.

The rule is one for the file, never guessed line by line:

1. The field is the one of `TIME_FIELDS` that most lines have; fewer than half of them: there are no time stamps.
2. A text is RFC 3339 (without a zone: UTC) or a number.
3. A number's unit is told by the end of the field's name (``_ns``, ``_us``, ``_ms``, ``_s``); else by its size, where
   it is a date between 2015 and 2100 in one of the four units; else, on a clock that begins anywhere, by the sound: the
   unit in which the file lasts about as long as its audio; else by its form: with decimals seconds, without them
   milliseconds, or nanoseconds where the file would last more than a day.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

TIME_FIELDS = (
    *("timestamp_wall", "timestamp", "time", "ts", "t", "created_at", "received_at", "sent_at", "datetime", "wall"),
    *(f"{name}_{unit}" for name in ("timestamp", "time", "ts", "t") for unit in ("ns", "us", "ms", "s")),
)
_UNITS_NS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_UNIT_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_2015_S, _2100_S = 1_420_070_400, 4_102_444_800
_LEAST_SOUND_MS = 1_000.0
_DAY_MS = 86_400_000.0
# 146 years: what differs by no more than twice that fits into 64 bits.
_MOST_NS = 2**62


@dataclass(frozen=True)
class TimeRule:
    """How the time stamps of a file are read.

    Parameters
    ----------
    field : str
    unit : {"s", "ms", "us", "ns"}, optional
        Of its numbers; None: texts in RFC 3339.
    is_wall : bool
        Whether it is wall time; otherwise a clock that began anywhere.
    why : str
        In words: what the unit is and how that is known.
    """

    field: str
    unit: str | None
    is_wall: bool
    why: str

    def ns(self, stamps: Mapping[str, Any]) -> int | None:
        """Return a line's time in nanoseconds, since 1970 where it is wall time; None: it has none."""
        value = stamps.get(self.field)
        if self.unit is None:
            return _text_ns(value)
        if _number(value) is None:
            return None
        # As it is written: seconds since 1970 with decimals lose their nanoseconds in a float.
        return _possible(round(Decimal(str(value).strip()) * _UNITS_NS[self.unit]))


class TimeSurvey:
    """What the stamps of a file look like, line by line."""

    def __init__(self) -> None:
        self.n_lines = 0
        self._fields: Counter[str] = Counter()
        self._texts: Counter[str] = Counter()
        self._whole: dict[str, bool] = {}
        self._range: dict[str, tuple[float, float]] = {}
        self._first: dict[str, dict[str, Any]] = {}

    def take(self, stamps: Mapping[str, Any]) -> None:
        """Take the stamps of the next line."""
        self.n_lines += 1
        for name, value in stamps.items():
            number = _number(value)
            if number is not None:
                low, high = self._range.get(name, (number, number))
                self._range[name] = (min(low, number), max(high, number))
                self._whole[name] = self._whole.get(name, True) and float(number).is_integer()
            elif _text_ns(value) is not None:
                self._texts[name] += 1
            else:
                continue
            self._fields[name] += 1
            # A number among texts, or the other way round, is no stamp of the kind that the file has.
            form = "text" if number is None else "number"
            self._first.setdefault(name, {}).setdefault(form, value)

    def first_ns(self, rule: TimeRule | None) -> int:
        """Return the first time stamp of the file by its rule; 0 where it has none."""
        if rule is None:
            return 0
        first = self._first[rule.field]["text" if rule.unit is None else "number"]
        return rule.ns({rule.field: first}) or 0

    def settle(self, sound_ms: float) -> TimeRule | None:
        """Return the rule for the file.

        Parameters
        ----------
        sound_ms : float
            How long the longer of its two sides of audio is, roughly.
        """
        if not self._fields:
            return None
        name = max(self._fields, key=lambda field: (self._fields[field], -TIME_FIELDS.index(field)))
        if self._fields[name] * 2 < self.n_lines:
            return None
        if self._texts[name] * 2 >= self._fields[name]:
            return TimeRule(name, None, True, f"{name}: RFC 3339 wall time")
        return self._settle_number(name, sound_ms)

    def _settle_number(self, name: str, sound_ms: float) -> TimeRule:
        low, high = self._range[name]
        named = name.rpartition("_")[2] if "_" in name else ""
        if named in _UNITS_NS:
            unit, how = named, "as its name says"
        elif (dated := next((unit for unit in _UNITS_NS if _is_date(high, unit)), None)) is not None:
            unit, how = dated, "since 1970, as its size says"
        elif sound_ms >= _LEAST_SOUND_MS and high > low:
            unit = min(_UNITS_NS, key=lambda unit: abs(math.log(_ms(high - low, unit) / sound_ms)))
            how = "the unit in which the file lasts about as long as its audio"
        else:
            unit = "s" if not self._whole[name] else "ns" if high - low > _DAY_MS else "ms"
            how = "taken from the form of the numbers, which is a guess"
        is_wall = _is_date(low, unit)
        clock = "wall time" if is_wall else "a clock of its own"
        return TimeRule(name, unit, is_wall, f"{name}: {_UNIT_WORDS[unit]} ({how}) on {clock}")


def _is_date(value: float, unit: str) -> bool:
    return _2015_S <= value * _UNITS_NS[unit] / 1e9 < _2100_S


def _ms(value: float, unit: str) -> float:
    return value * _UNITS_NS[unit] / 1e6


def _number(value: Any) -> float | None:
    """Return a finite number, also one in a text."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST_NS:
        return None
    return value


def _text_ns(value: Any) -> int | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _possible((moment - _1970) // timedelta(microseconds=1) * 1_000)


def _possible(ns: int) -> int | None:
    return ns if abs(ns) <= _MOST_NS else None
