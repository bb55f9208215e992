"""What models charge: a dated, sourced table, and what a user puts in its place.

In: a model's name; a user's own prices, as a file or a mapping.  Out: a `Price`, in which unknown is None and never 0.
Does not know: usage, runs. The embedded server bills nothing: its manifest names a model to compare with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

from voicelab.errors import ConfigError

#: Whose prices are shown for the embedded server.
COMPARISON_MODEL = "gpt-realtime"
_EMBEDDED = "voicelab-"
_MODALITIES = ("text", "audio", "image")
_WAYS = ("in", "cached", "out")
_NUMBERS = ("usd_per_minute", "usd_per_million_characters")
_TEXTS = ("source", "date", "note", "same_as")
_GIVEN = "the given prices"


@dataclass(frozen=True)
class Rate:
    """US dollars per million tokens of one modality; None: unknown, or not sold."""

    fresh: float | None = None
    cached: float | None = None
    out: float | None = None


@dataclass(frozen=True)
class Price:
    """What one model charges, and how that is known.

    Parameters
    ----------
    model : str
        The name that was asked for; a dated name may have the price of another.
    text, audio, image : Rate
        For models that are billed by tokens.
    usd_per_minute : float or None
        For models that are billed by time: of audio that is transcribed, or of the session.
    usd_per_million_characters : float or None
        For synthesisers that are billed by text.
    source : str
    date : str
        When the source was right: a day, a month or a year.
    note : str
        What else has to be known.
    """

    model: str
    text: Rate = Rate()
    audio: Rate = Rate()
    image: Rate = Rate()
    usd_per_minute: float | None = None
    usd_per_million_characters: float | None = None
    source: str = ""
    date: str = ""
    note: str = ""


@lru_cache(maxsize=1)
def price_table() -> dict[str, Any]:
    """Return ``prices.json``."""
    table: dict[str, Any] = json.loads(resources.files("voicelab.measure").joinpath("prices.json").read_text("utf-8"))
    return table


def price_of(model: str, overrides: Mapping[str, Any] | None = None) -> Price | None:
    """Return a model's price, or None when nobody knows it.

    Parameters
    ----------
    model : str
    overrides : mapping, optional
        The user's own prices, see `read_prices`. What an entry leaves out is taken from the table.

    Raises
    ------
    ConfigError
        The user's entry cannot be meant.
    """
    known = _resolved(price_table()["models"].get(model), price_table()["models"])
    given = None if overrides is None else overrides.get(model)
    if given is None:
        return None if known is None else _price(model, known)
    _check_entry(_GIVEN, model, given)
    based_on = given.get("same_as")
    if based_on is not None:
        base = price_of(based_on, {name: entry for name, entry in (overrides or {}).items() if name != model})
        if base is None:
            raise _wrong(_GIVEN, model, "same_as", "must name a model whose price is known", based_on)
        known = _entry(base)
    return _price(model, _merged(given, known or {}))


def read_prices(source: str | PathLike[str] | Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return a user's own prices, checked.

    Parameters
    ----------
    source : path, mapping or None
        In the shape of the ``models`` of ``prices.json`` (the whole shape of that file will do): model names, and for
        each what differs: ``text``, ``audio``, ``image`` with ``in``, ``cached``, ``out`` in US dollars per million
        tokens, ``usd_per_minute``, ``usd_per_million_characters``, ``same_as`` (another model's name), ``source``,
        ``date``, ``note``. null says that a price is unknown.

    Returns
    -------
    mapping or None
        For `price_of`; None when there are none.

    Raises
    ------
    ConfigError
        The file cannot be read, or a price cannot be meant; it names the file, the model and the field.
    """
    if source is None:
        return None
    where = _GIVEN if isinstance(source, Mapping) else str(source)
    found: Any = source if isinstance(source, Mapping) else _read(Path(source))
    if isinstance(found, Mapping) and isinstance(found.get("models"), Mapping):
        found = found["models"]
    if not isinstance(found, Mapping):
        raise ConfigError(f"{where}: prices must be an object of model names, not {found!r:.60}.", param="prices")
    for model, entry in found.items():
        _check_entry(where, model, entry)
        target = entry.get("same_as")
        if target is not None and (target == model or price_of(target, _without(found, model)) is None):
            raise _wrong(where, model, "same_as", "must name another model whose price is known", target)
    return found


def price_note(model: str, *, embedded: bool, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what a manifest says of prices: whose they are, of when, and whether anything is billed.

    Parameters
    ----------
    model : str
        The model that the session asked for.
    embedded : bool
        Whether the embedded server answers, which bills nothing; its own model names have no price, so its tokens are
        shown at those of `COMPARISON_MODEL`.
    overrides : mapping, optional
        The user's own prices.
    """
    priced_as = COMPARISON_MODEL if model.startswith(_EMBEDDED) else model
    return {
        "model": priced_as,
        "billed": not embedded,
        "known": price_of(priced_as, overrides) is not None,
        "table": price_table()["version"],
    }


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: the prices cannot be read: {error.strerror}.", param="prices") from error
    except ValueError as error:
        raise ConfigError(f"{path}: the prices are no JSON: {error}.", param="prices") from error


def _without(models: Mapping[str, Any], model: str) -> dict[str, Any]:
    # Without the one that asks, so that two that name each other end as unknown and not in a circle.
    return {name: entry for name, entry in models.items() if name != model}


def _resolved(entry: Mapping[str, Any] | None, models: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return an entry of the table with the prices of the model that it names, if it names one."""
    if entry is None or "same_as" not in entry:
        return entry
    return {**models[entry["same_as"]], **entry}


def _merged(given: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry of the user's over what was known; the source says which is which."""
    merged: dict[str, Any] = {**known, **given}
    for modality in _MODALITIES:
        merged[modality] = {**(known.get(modality) or {}), **(given.get(modality) or {})}
    own = given.get("source") or "given by the user"
    merged["source"] = f"{own}; what is not given: {known['source']}" if known.get("source") else own
    merged["date"] = given.get("date") or "not stated"
    return merged


def _price(model: str, entry: Mapping[str, Any]) -> Price:
    text, audio, image = (Rate(*((entry.get(m) or {}).get(way) for way in _WAYS)) for m in _MODALITIES)
    minute, characters = (entry.get(name) for name in _NUMBERS)
    told = (entry.get("source") or "", entry.get("date") or "", entry.get("note") or "")
    return Price(model, text, audio, image, minute, characters, *told)


def _entry(price: Price) -> dict[str, Any]:
    rates = {m: getattr(price, m) for m in _MODALITIES}
    return {
        **{m: dict(zip(_WAYS, (rate.fresh, rate.cached, rate.out), strict=True)) for m, rate in rates.items()},
        **{name: getattr(price, name) for name in (*_NUMBERS, "source", "date", "note")},
    }


def _check_entry(where: str, model: Any, entry: Any) -> None:
    if not isinstance(entry, Mapping):
        raise _wrong(where, model, "the entry", "must be an object", entry)
    for field, value in _fields(where, model, entry):
        if field in _TEXTS:
            if value is not None and not isinstance(value, str):
                raise _wrong(where, model, field, "must be a text", value)
        elif value is not None and not _is_price(value):
            raise _wrong(where, model, field, "must be US dollars, 0 or more, or null for unknown", value)


def _fields(where: str, model: Any, entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every field that says something, by its path; raise for one that does not exist."""
    for name, value in entry.items():
        if name in _MODALITIES:
            if not isinstance(value, Mapping):
                raise _wrong(where, model, name, "must be an object with in, cached and out", value)
            for way, usd in value.items():
                if way not in _WAYS:
                    raise _wrong(where, model, f"{name}.{way}", "does not exist: there are in, cached and out", usd)
                yield f"{name}.{way}", usd
        elif name in (*_NUMBERS, *_TEXTS):
            yield name, value
        else:
            known = ", ".join((*_MODALITIES, *_NUMBERS, *_TEXTS))
            raise _wrong(where, model, name, f"does not exist: there are {known}", value)


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _wrong(where: str, model: Any, field: str, rule: str, value: Any) -> ConfigError:
    return ConfigError(f"{where}: {model}: {field} {rule} (found {value!r:.60}).", param=f"prices.{model}.{field}")
