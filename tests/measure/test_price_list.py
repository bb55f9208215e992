"""Promises of `voicelab.measure.price_list`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from voicelab.errors import ConfigError
from voicelab.measure.price_list import COMPARISON_MODEL, Rate, price_note, price_of, price_table, read_prices

MODELS = sorted(price_table()["models"])


@pytest.mark.parametrize(
    ("model", "text", "audio", "image"),
    [
        ("gpt-realtime", Rate(4, 0.4, 16), Rate(32, 0.4, 64), Rate(5, 0.5, None)),
        ("gpt-realtime-2.1", Rate(4, 0.4, 24), Rate(32, 0.4, 64), Rate(5, 0.5, None)),
        ("gpt-realtime-2.1-mini", Rate(0.6, 0.06, 2.4), Rate(10, 0.3, 20), Rate(0.8, 0.08, None)),
        ("gpt-4o-realtime-preview-2024-10-01", Rate(5, 2.5, 20), Rate(100, 20, 200), Rate()),
        ("gpt-4o-transcribe", Rate(2.5, None, 10), Rate(6, None, None), Rate()),
        ("gemini-3.8-live", Rate(0.75, None, 4.5), Rate(3, None, 12), Rate(1, None, None)),
    ],
)
def test_published_prices_are_in_the_table(model: str, text: Rate, audio: Rate, image: Rate) -> None:
    """Dollars a million tokens: fresh in, cached in, out; what is not published is None."""
    price = price_of(model)
    assert price is not None
    assert (price.model, price.text, price.audio, price.image) == (model, text, audio, image)


@pytest.mark.parametrize(
    ("model", "usd"),
    [
        ("gpt-live-1", 0.05),
        ("grok-voice-latest", 0.05),
        ("gpt-realtime-whisper", 0.017),
        ("gpt-realtime-translate", 0.034),
        ("whisper-1", 0.006),
    ],
)
def test_models_that_are_billed_by_time_have_a_price_a_minute(model: str, usd: float) -> None:
    """And none for tokens."""
    price = price_of(model)
    assert price is not None
    assert (price.usd_per_minute, price.text, price.audio) == (usd, Rate(), Rate())


@pytest.mark.parametrize(
    ("dated", "as_"),
    [
        ("gpt-realtime-2025-08-28", "gpt-realtime"),
        ("gpt-realtime-mini-2025-12-15", "gpt-realtime-mini"),
        ("gpt-4o-realtime-preview-2025-06-03", "gpt-4o-realtime-preview-2024-12-17"),
        ("gpt-4o-realtime-preview", "gpt-4o-realtime-preview-2024-12-17"),
        ("gpt-4o-mini-transcribe-2025-12-15", "gpt-4o-mini-transcribe"),
    ],
)
def test_dated_names_have_the_price_of_their_model(dated: str, as_: str) -> None:
    """Under their own name, with a source of their own."""
    price, other = price_of(dated), price_of(as_)
    assert price is not None
    assert other is not None
    assert price.model == dated
    assert (price.text, price.audio, price.image) == (other.text, other.audio, other.image)
    assert price.source != other.source


@pytest.mark.parametrize("model", MODELS)
def test_every_price_has_a_source_and_a_date(model: str) -> None:
    """And at least one meter; where several are known, cached costs no more than fresh and fresh no more than out."""
    price = price_of(model)
    assert price is not None
    assert price.source
    assert price.date
    rates = (price.text, price.audio, price.image)
    meters = [price.usd_per_minute, price.usd_per_million_characters, *(rate.fresh for rate in rates)]
    assert any(meters)
    for rate in rates:
        known = [usd for usd in (rate.cached, rate.fresh, rate.out) if usd is not None]
        assert known == sorted(known)
        assert 0 not in known


def test_the_file_says_null_where_a_price_is_unknown() -> None:
    """Every entry that is no other name of a model has every meter, known or null."""
    for entry in price_table()["models"].values():
        if "same_as" not in entry:
            assert {"text", "audio", "image", "usd_per_minute", "usd_per_million_characters"} <= set(entry)
            assert all(set(entry[m]) == {"in", "cached", "out"} for m in ("text", "audio", "image"))
        else:
            assert "same_as" not in price_table()["models"][entry["same_as"]]


def test_a_model_that_nobody_knows_has_no_price() -> None:
    """None, never a price of 0."""
    assert price_of("somebodys-model") is None


def test_a_user_gives_a_model_that_the_table_does_not_know() -> None:
    """In the shape of the table; what is not said stays unknown."""
    price = price_of("mine", {"mine": {"audio": {"in": 1, "out": 2}, "usd_per_minute": 0.5, "date": "2026-11"}})
    assert price is not None
    assert (price.audio, price.text, price.usd_per_minute) == (Rate(1, None, 2), Rate(), 0.5)
    assert (price.source, price.date) == ("given by the user", "2026-11")


def test_a_user_changes_one_number_and_the_rest_stays() -> None:
    """The source says which is whose."""
    table, own = price_of("gpt-realtime"), price_of("gpt-realtime", {"gpt-realtime": {"audio": {"cached": 1.5}}})
    assert table is not None
    assert own is not None
    assert own.audio == Rate(32, 1.5, 64)
    assert own.text == table.text
    assert own.source.startswith("given by the user; what is not given: ")
    assert table.source in own.source


def test_a_user_says_that_a_price_is_unknown() -> None:
    """null takes the table's number away."""
    price = price_of("gpt-realtime", {"gpt-realtime": {"audio": {"cached": None}}})
    assert price is not None
    assert price.audio == Rate(32, None, 64)


def test_a_user_names_a_deployment_after_its_model() -> None:
    """Another name with the price of a model of the table, and of one of the user's own."""
    given = {"desk": {"same_as": "gpt-realtime-2.1"}, "chair": {"same_as": "mine"}, "mine": {"text": {"in": 7}}}
    desk, chair = price_of("desk", read_prices(given)), price_of("chair", read_prices(given))
    assert desk is not None
    assert chair is not None
    assert (desk.model, desk.text) == ("desk", Rate(4, 0.4, 24))
    assert chair.text == Rate(7, None, None)


def test_prices_are_read_from_a_file(tmp_path: Path) -> None:
    """The models alone, or the whole shape of prices.json."""
    path, entry = tmp_path / "own.json", {"mine": {"text": {"in": 3}}}
    for written in (entry, {"version": "mine", "models": entry}):
        path.write_text(json.dumps(written), "utf-8")
        assert read_prices(path) == entry
        assert read_prices(str(path)) == entry
    assert read_prices(entry) == entry
    assert read_prices(None) is None


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"audio": {"in": "free"}}, "audio.in"),
        ({"audio": {"in": -1}}, "audio.in"),
        ({"audio": {"in": True}}, "audio.in"),
        ({"audio": {"in": float("nan")}}, "audio.in"),
        ({"audio": {"fresh": 1}}, "audio.fresh"),
        ({"audio": 4}, "audio"),
        ({"sound": {"in": 1}}, "sound"),
        ({"usd_per_minute": "0.05"}, "usd_per_minute"),
        ({"usd_per_million_characters": -50}, "usd_per_million_characters"),
        ({"source": 5}, "source"),
        ({"same_as": "somebodys-model"}, "same_as"),
        ({"same_as": "my-model"}, "same_as"),
        (12, "the entry"),
    ],
)
def test_a_price_that_cannot_be_meant_is_one_clear_error(tmp_path: Path, entry: Any, field: str) -> None:
    """It names the file, the model and the field."""
    path = tmp_path / "own.json"
    path.write_text(json.dumps({"my-model": entry}), "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_prices(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: my-model: {field} ")
    assert "\n" not in told
    assert caught.value.param == f"prices.my-model.{field}"


def test_two_names_that_stand_for_each_other_are_an_error_and_no_circle() -> None:
    """Neither has a price."""
    with pytest.raises(ConfigError, match="same_as"):
        read_prices({"a": {"same_as": "b"}, "b": {"same_as": "a"}})


def test_a_mapping_that_was_not_read_is_checked_all_the_same() -> None:
    """Prices given in code are checked when they are used."""
    with pytest.raises(ConfigError, match="the given prices: gpt-realtime: text.in"):
        price_of("gpt-realtime", {"gpt-realtime": {"text": {"in": "4"}}})


@pytest.mark.parametrize("text", ["{", "[1]", '"gpt-realtime"'])
def test_a_file_that_holds_no_prices_is_named(tmp_path: Path, text: str) -> None:
    """No JSON, or not an object of models."""
    path = tmp_path / "own.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="own.json"):
        read_prices(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(ConfigError, match="nowhere.json: the prices cannot be read: No such file"):
        read_prices(tmp_path / "nowhere.json")


def test_the_embedded_server_is_priced_as_a_named_model_and_never_billed() -> None:
    """Its manifest says whose prices these are, and that nothing was paid."""
    note = price_note("voicelab-guide", embedded=True)
    assert note == {
        "model": COMPARISON_MODEL,
        "billed": False,
        "known": True,
        "table": price_table()["version"],
    }


def test_a_hosted_model_is_billed_at_its_own_price() -> None:
    """Also when the table does not know it: then the note says so, unless the user does."""
    known, unknown = price_note("gpt-realtime-2", embedded=False), price_note("somebodys-model", embedded=False)
    assert (known["model"], known["billed"], known["known"]) == ("gpt-realtime-2", True, True)
    assert (unknown["model"], unknown["billed"], unknown["known"]) == ("somebodys-model", True, False)
    given = {"somebodys-model": {"usd_per_minute": 1}}
    assert price_note("somebodys-model", embedded=False, overrides=given)["known"] is True


def test_embedded_server_bills_nothing_whatever_model_was_asked_for() -> None:
    """A hosted model's name given to the embedded server is whose prices are shown, not who is paid."""
    note = price_note("gpt-realtime-2", embedded=True)
    assert (note["model"], note["billed"]) == ("gpt-realtime-2", False)
