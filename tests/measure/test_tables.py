"""Promises of `voicelab.measure.tables`."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import polars as pl
import pytest

from tests.measure.room import PRICE, Tape
from voicelab.measure.facts import gather
from voicelab.measure.tables import costs_table, events_table, responses_table, turns_table, vad_table
from voicelab.measure.turns import Turn


def every_table(tape: Tape) -> dict[str, pl.DataFrame]:
    """Return all tables of a tape."""
    return {
        "events_table": events_table(tape.records),
        "turns_table": turns_table(tape.turns()),
        "responses_table": responses_table(tape.facts(), PRICE),
        "costs_table": costs_table(tape.facts(), PRICE),
        "vad_table": vad_table(tape.records),
    }


@pytest.mark.parametrize("make", [events_table, responses_table, costs_table, vad_table])
def test_the_columns_are_the_documented_ones(make: object, conversation: Tape) -> None:
    """What the docstring names in double backticks is what the table has, in that order."""
    name, text = make.__name__, make.__doc__ or ""  # type: ignore[attr-defined]
    assert every_table(conversation)[name].columns == re.findall(r"``(\w+)``", text.replace("``meter`` is", ""))


def test_the_columns_of_turns_are_the_fields_of_a_turn(conversation: Tape) -> None:
    """All of them, in their order."""
    assert every_table(conversation)["turns_table"].columns == [column.name for column in fields(Turn)]


def test_an_empty_table_has_the_same_columns_and_types(conversation: Tape) -> None:
    """A run without turns can be put under one with turns: nothing is inferred from what happens to be there."""
    full, empty = every_table(conversation), every_table(Tape())
    for name, table in full.items():
        assert empty[name].height == 0
        assert table.height > 0
        assert empty[name].schema == table.schema
        assert pl.concat([empty[name], table]).equals(table)


def test_turns_are_one_row_each_with_their_values(conversation: Tape) -> None:
    """Numbers are numbers, lists are lists, null stays null."""
    table = turns_table(conversation.turns())
    assert table["turn"].to_list() == [1, 2, 3, 4]
    assert table["speech_end_from"].to_list() == ["label", "speech scores", "detector", None]
    assert table["voice_to_voice_ms"].to_list() == [557.0, 670.0, 330.0, None]
    assert table["interrupted"].to_list() == [False, True, False, False]
    assert table["calls"].to_list() == [[], [], ['get_weather({"city": "Rome"})'], []]
    assert (table.schema["turn"], table.schema["interrupted"]) == (pl.Int64, pl.Boolean)
    assert (table.schema["voice_to_voice_ms"], table.schema["heard_ms"]) == (pl.Float64, pl.Float64)
    assert (table.schema["calls"], table.schema["transcript"]) == (pl.List(pl.String), pl.String)


def test_a_turn_without_any_sound_has_floating_zeros() -> None:
    """The ledger of a written answer is 0.0 ms of sound, in the same type as any other."""
    tape = Tape()
    tape.typed("Hello?", 0)
    tape.send("response.create", 10)
    table = turns_table(tape.turns())
    assert table.select("generated_ms", "delivered_ms", "heard_ms", "remembered_ms").row(0) == (0.0, 0.0, 0.0, 0.0)


def test_events_are_one_row_a_record_with_the_payload_as_json(conversation: Tape) -> None:
    """Payloads differ from type to type, so they stay text that can be read again."""
    table = events_table(conversation.records)
    assert table.height == len(conversation.records)
    assert table["seq"].to_list() == list(range(table.height))
    row = table.filter(pl.col("type") == "response.function_call_arguments.done").row(0, named=True)
    assert (row["t_ms"], row["dir"], row["epoch"]) == (5400.0, "recv", 0)
    assert json.loads(row["event"])["name"] == "get_weather"


def test_responses_are_one_row_each_with_tokens_and_cost(conversation: Tape) -> None:
    """The interrupted one: when, how it ended, what arrived and was heard, every meter."""
    table = responses_table(conversation.facts(), PRICE)
    assert table["turn"].to_list() == [1, 2, 3, 3, 4]
    assert table.row(1, named=True) == {
        "response_id": "resp_2",
        "turn": 2,
        "epoch": 0,
        "status": "cancelled",
        "reason": "turn_detected",
        "created_ms": 3580.0,
        "first_output_ms": 3700.0,
        "done_ms": 4352.0,
        "audio_ms": 2000.0,
        "heard_ms": 640.0,
        "input_text_tokens": 160,
        "input_audio_tokens": 36,
        "cached_text_tokens": 119,
        "cached_audio_tokens": 13,
        "output_text_tokens": 40,
        "output_audio_tokens": 60,
        "cost_usd": pytest.approx(5432.8e-6),
        "text": "Once upon a time there was",
        "calls": [],
    }


def test_a_running_response_has_nulls_where_nothing_is_known() -> None:
    """No end, no tokens, no cost yet; and no turn, when it came before the first."""
    tape = Tape()
    tape.created("resp_1", 20)
    row = responses_table(gather(tape.records), PRICE).row(0, named=True)
    assert (row["status"], row["done_ms"], row["input_text_tokens"], row["cost_usd"]) == (
        "in_progress",
        None,
        None,
        None,
    )
    assert (row["turn"], row["audio_ms"], row["calls"]) == (None, 0.0, [])


def test_costs_are_one_row_a_meter(conversation: Tape) -> None:
    """Fresh and cached tokens apart: in, cached and out are what was billed, each at its own price."""
    table = costs_table(conversation.facts(), PRICE)
    rows = table.filter(pl.col("response_id") == "resp_2").select("turn", "meter", "tokens", "usd_per_million").rows()
    assert rows == [
        (2, "text in", 41, 4.0),
        (2, "text cached", 119, 0.4),
        (2, "text out", 40, 16.0),
        (2, "audio in", 23, 32.0),
        (2, "audio cached", 13, 0.4),
        (2, "audio out", 60, 64.0),
    ]


def test_the_meters_add_up_to_the_responses_and_the_responses_to_the_turns(conversation: Tape) -> None:
    """Three tables, one sum."""
    tables = every_table(conversation)
    total = sum(turn.cost_usd or 0.0 for turn in conversation.turns())
    for name in ("costs_table", "responses_table", "turns_table"):
        assert tables[name]["cost_usd"].sum() == pytest.approx(total)


def test_an_unknown_price_leaves_the_tokens_and_takes_the_money(conversation: Tape) -> None:
    """Null in price and cost, never 0."""
    table = costs_table(conversation.facts(), None)
    assert table["tokens"].sum() == 132 + 40 + 196 + 100 + 530 + 32 + 298 + 9
    assert table["usd_per_million"].null_count() == table["cost_usd"].null_count() == table.height
    assert responses_table(conversation.facts(), None)["cost_usd"].null_count() == 5


def test_scores_are_one_row_a_window() -> None:
    """Each window with its own begin and end on the run's time line."""
    tape = Tape()
    tape.scores(96, 0.25, 0.75)
    assert vad_table(tape.records).rows() == [(96.0, 128.0, 0.25, "silero-v6"), (128.0, 160.0, 0.75, "silero-v6")]
