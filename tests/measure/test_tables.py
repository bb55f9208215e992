"""Promises of `voicelab.measure.tables`."""

from __future__ import annotations

import json
from dataclasses import fields

import polars as pl
import pytest

from tests.measure.room import MODEL, PRICE, Tape, loud
from voicelab.measure.columns import METRIC_VERSION, TableName, schema_of
from voicelab.measure.gathering import gather
from voicelab.measure.metric import Metric
from voicelab.measure.tables import (
    costs_table,
    events_table,
    items_table,
    metrics_table,
    responses_table,
    tools_table,
    turns_table,
    vad_table,
)
from voicelab.measure.turns import Turn


def every_table(tape: Tape) -> dict[TableName, pl.DataFrame]:
    """Return all tables of a tape, but the metrics, which `voicelab.measure.interaction` makes."""
    facts = tape.facts()
    return {
        "events": events_table(tape.records),
        "turns": turns_table(tape.turns()),
        "responses": responses_table(facts, PRICE),
        "items": items_table(facts),
        "tools": tools_table(facts),
        "costs": costs_table(facts, PRICE, MODEL),
        "vad": vad_table(tape.records, facts),
    }


def test_the_columns_are_the_documented_ones_in_their_types(conversation: Tape) -> None:
    """What `voicelab.measure.columns` says is what every table has, in that order."""
    for name, table in every_table(conversation).items():
        assert dict(table.schema) == schema_of(name), name
    assert metrics_table([]).schema == schema_of("metrics")


def test_the_columns_of_turns_are_the_fields_of_a_turn(conversation: Tape) -> None:
    """All of them, in their order, then the stamp."""
    fields_and_stamp = [*(field.name for field in fields(Turn)), "metric_version"]
    assert every_table(conversation)["turns"].columns == fields_and_stamp
    assert [field.name for field in fields(Metric)] == metrics_table([]).columns[:-1]


def test_every_row_is_stamped_with_the_version_of_the_definitions(conversation: Tape) -> None:
    """So that numbers of two versions are never compared unmarked."""
    for name, table in every_table(conversation).items():
        assert table["metric_version"].to_list() == [METRIC_VERSION] * table.height, name


def test_an_empty_table_has_the_same_columns_and_types(conversation: Tape) -> None:
    """A run without turns can be put under one with turns: nothing is inferred from what happens to be there."""
    full, empty = every_table(conversation), every_table(Tape())
    for name, table in full.items():
        assert empty[name].height == 0
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
    tape.local("session.opened", 0, epoch=0)
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
        "generated_ms": 3000.0,
        "delivered_ms": 2000.0,
        "heard_ms": 640.0,
        "remembered_ms": 640.0,
        "wasted_ms": 2360.0,
        "input_text_tokens": 160,
        "input_audio_tokens": 36,
        "input_image_tokens": 0,
        "cached_text_tokens": 119,
        "cached_audio_tokens": 13,
        "cached_image_tokens": 0,
        "output_text_tokens": 40,
        "output_audio_tokens": 60,
        "history_tokens": 172,
        "cost_usd": pytest.approx(5432.8e-6),
        "history_usd": pytest.approx(492.8e-6),
        "wasted_usd": pytest.approx(3020.8e-6),
        "clamped": False,
        "text": "Once upon a time there was",
        "calls": [],
        "metric_version": METRIC_VERSION,
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
    assert (row["turn"], row["delivered_ms"], row["calls"]) == (None, 0.0, [])
    assert (row["generated_ms"], row["wasted_ms"], row["wasted_usd"]) == (None, None, None)


def test_items_are_what_the_conversation_remembers() -> None:
    """The user's words and length, the reply's ledger, and what became of each: whole, truncated or deleted."""
    tape = Tape()
    tape.opened(0)
    tape.frames(0, 1000)
    tape.spoke("item_u1", 0, 800, started_ms=200, stopped_ms=820)
    tape.recv(
        "conversation.item.added", 822, item={"id": "item_u1", "type": "message", "role": "user", "status": "completed"}
    )
    tape.recv("conversation.item.input_audio_transcription.completed", 830, item_id="item_u1", transcript="hi")
    tape.created("resp_1", 840)
    added = {"id": "item_a1", "type": "message", "role": "assistant", "status": "in_progress"}
    tape.recv("response.output_item.added", 845, response_id="resp_1", item=added)
    tape.said("resp_1", "item_a1", 850, "Well, ")
    tape.sound("resp_1", "item_a1", 860, loud(900))
    tape.played("item_a1", 870)
    tape.heard("item_a1", 870, loud(300))
    tape.recv("conversation.item.truncated", 1200, item_id="item_a1", content_index=0, audio_end_ms=300)
    tape.created("resp_2", 1300)
    gone = {"id": "item_a2", "type": "message", "role": "assistant"}
    tape.recv("response.output_item.added", 1310, response_id="resp_2", item=gone)
    tape.recv("conversation.item.deleted", 1320, item_id="item_a2")
    wanted = [
        "item_id",
        "turn",
        "role",
        "response_id",
        "added_ms",
        "text",
        "audio_ms",
        "heard_ms",
        "remembered_ms",
        "memory",
    ]
    assert items_table(tape.facts()).select(wanted).rows() == [
        ("item_u1", 1, "user", None, 822.0, "hi", 800.0, None, 800.0, "whole"),
        ("item_a1", 1, "assistant", "resp_1", 845.0, "Well, ", 900.0, 300.0, 300.0, "truncated"),
        ("item_a2", 1, "assistant", "resp_2", 1310.0, "", None, None, None, "deleted"),
    ]


def test_items_belong_to_the_turn_that_they_are_of_and_history_carried_over_to_none() -> None:
    """A typed message to the turn that it begins, a result to that of its call, replayed history to none."""
    tape = Tape()
    told = "conversation.item.added"
    tape.recv(told, 0, item={"id": "item_old", "type": "message", "role": "user"})
    tape.recv(told, 1, item={"id": "item_older", "type": "message", "role": "assistant"})
    tape.typed("What is 12 * 7?", 10)
    tape.recv(told, 20, item={"id": "item_u1", "type": "message", "role": "user"})
    tape.send("response.create", 30)
    tape.created("resp_1", 40)
    call = {"response_id": "resp_1", "item_id": "item_f1", "call_id": "call_1"}
    tape.recv("response.function_call_arguments.done", 50, **call, name="f", arguments="{}")
    tape.recv(told, 60, item={"id": "item_o1", "type": "function_call_output", "call_id": "call_1", "output": "84"})
    rows = items_table(tape.facts()).select("item_id", "turn", "type").rows()
    assert rows == [
        ("item_old", None, "message"),
        ("item_older", None, "message"),
        ("item_u1", 1, "message"),
        ("item_o1", 1, "function_call_output"),
    ]
    assert tape.turns()[0].item_id == "item_u1"


def test_tools_tell_the_silence_that_the_listener_sits_through(conversation: Tape) -> None:
    """From the finished arguments to the result sent, and on to the first sound of the response after it."""
    row = tools_table(conversation.facts()).row(0, named=True)
    assert (row["name"], row["arguments"], row["output"]) == ("get_weather", '{"city": "Rome"}', "sunny")
    assert (row["response_id"], row["turn"]) == ("resp_3", 3)
    assert (row["called_ms"], row["answered_ms"], row["next_audio_ms"]) == (5400.0, 5416.0, 5600.0)
    assert (row["run_ms"], row["reply_ms"], row["gap_ms"]) == (16.0, 184.0, 200.0)


def test_a_call_that_was_never_answered_has_no_gap() -> None:
    """And sound of a response that ran already is not taken for its answer."""
    tape = Tape()
    tape.created("resp_1", 0)
    call = {"response_id": "resp_1", "item_id": "item_f1", "call_id": "call_1"}
    tape.recv("response.function_call_arguments.done", 10, **call, name="f", arguments="{}")
    assert tools_table(tape.facts()).row(0, named=True)["gap_ms"] is None
    tape.send("conversation.item.create", 20, item={"type": "function_call_output", "call_id": "call_1", "output": "1"})
    tape.sound("resp_1", "item_a1", 30, loud(20))
    row = tools_table(tape.facts()).row(0, named=True)
    assert (row["run_ms"], row["reply_ms"], row["gap_ms"]) == (10.0, None, None)


def test_costs_are_one_row_a_meter(conversation: Tape) -> None:
    """Fresh and cached tokens apart: in, cached and out are what was billed, each at its own price."""
    table = costs_table(conversation.facts(), PRICE, MODEL)
    of_turn_2 = table.filter((pl.col("response_id") == "resp_2") & (pl.col("quantity") > 0))
    assert set(of_turn_2.select("source", "model", "unit", "price_per").rows()) == {("response", MODEL, "tokens", 1e6)}
    assert sorted(of_turn_2.select("turn", "meter", "quantity", "price_usd").rows()) == [
        (2, "audio cached", 13, 0.4),
        (2, "audio in", 23, 32.0),
        (2, "audio out", 60, 64.0),
        (2, "text cached", 119, 0.4),
        (2, "text in", 41, 4.0),
        (2, "text out", 40, 16.0),
    ]


def test_transcription_stands_apart_at_its_own_models_price() -> None:
    """Its rows name the user's message and another model; a turn's cost does not contain it."""
    tape = Tape()
    transcription = {"audio": {"input": {"transcription": {"model": "whisper-1"}, "turn_detection": None}}}
    tape.recv("session.updated", 0, session=transcription)
    tape.frames(0, 1000)
    tape.spoke("item_u1", 0, 800, started_ms=200, stopped_ms=820)
    used = {"type": "duration", "seconds": 90}
    tape.recv(
        "conversation.item.input_audio_transcription.completed", 830, item_id="item_u1", transcript="", usage=used
    )
    (row,) = costs_table(tape.facts(), PRICE, MODEL).rows(named=True)
    assert (row["source"], row["item_id"], row["turn"], row["model"]) == ("transcription", "item_u1", 1, "whisper-1")
    assert (row["unit"], row["quantity"], row["cost_usd"]) == ("seconds", 90.0, pytest.approx(0.009))
    turn = tape.turns()[0]
    assert (turn.cost_usd, turn.transcription_usd) == (None, pytest.approx(0.009))


def test_the_meters_add_up_to_the_responses_and_the_responses_to_the_turns(conversation: Tape) -> None:
    """Three tables, one sum."""
    tables = every_table(conversation)
    total = sum(turn.cost_usd or 0.0 for turn in conversation.turns())
    names: tuple[TableName, ...] = ("costs", "responses", "turns")
    for name in names:
        assert tables[name]["cost_usd"].sum() == pytest.approx(total)


def test_an_unknown_price_leaves_the_tokens_and_takes_the_money(conversation: Tape) -> None:
    """Null in price and cost, never 0."""
    table = costs_table(conversation.facts(), None, "unheard-of")
    assert table["quantity"].sum() == 132 + 40 + 196 + 100 + 530 + 32 + 298 + 9
    assert table["price_usd"].null_count() == table["cost_usd"].null_count() == table.height
    assert responses_table(conversation.facts(), None)["cost_usd"].null_count() == 5


def test_scores_are_one_row_a_window() -> None:
    """Each window with its own begin and end on the run's time line."""
    tape = Tape()
    tape.scores(96, 0.25, 0.75)
    tape.opened(300, threshold=0.3, kind="session.updated")
    tape.scores(160, 0.5, at_ms=400)
    assert vad_table(tape.records, tape.facts()).drop("metric_version").rows() == [
        (96.0, 128.0, 0.25, 0.5, "silero-v6"),
        (128.0, 160.0, 0.75, 0.5, "silero-v6"),
        (160.0, 192.0, 0.5, 0.3, "silero-v6"),
    ]
