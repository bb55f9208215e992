"""The same facts as data frames, one function a table.

In: records, turns, responses.  Out: Polars data frames with documented columns.
Does not know: files. Polars is imported when the first table is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import msgspec

from voicelab.measure.facts import Facts
from voicelab.measure.prices import Price, cost_usd, tokens_by_meter, usd_per_million
from voicelab.measure.turns import Turn
from voicelab.runlog.record import Record

if TYPE_CHECKING:
    import polars as pl


def events_table(records: Sequence[Record]) -> pl.DataFrame:
    """One row a record.

    Columns: ``seq``, ``t_ms``, ``wall``, ``epoch``, ``dir``, ``type``, ``native``, ``bytes``, ``event`` (JSON text).
    The payloads differ from type to type, so they stay text; nothing is inferred from them.
    """
    import polars as pl

    schema = {
        "seq": pl.Int64,
        "t_ms": pl.Float64,
        "wall": pl.String,
        "epoch": pl.Int32,
        "dir": pl.String,
        "type": pl.String,
        "native": pl.String,
        "bytes": pl.Int64,
        "event": pl.String,
    }
    rows = [
        (r.seq, r.t_ns / 1e6, r.wall, r.epoch, r.dir, r.type, r.native, r.bytes, msgspec.json.encode(r.event).decode())
        for r in records
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def turns_table(turns: Sequence[Turn]) -> pl.DataFrame:
    """One row a user turn; the columns are the fields of `Turn`."""
    import polars as pl

    schema: dict[str, Any] = {}
    for column in fields(Turn):
        kind = str(column.type)
        schema[column.name] = (
            pl.List(pl.String)
            if kind.startswith("tuple")
            else pl.Float64
            if kind.startswith("float")
            else pl.Int64
            if kind == "int"
            else pl.Boolean
            if kind == "bool"
            else pl.String
        )
    return pl.DataFrame([{**asdict(turn), "calls": list(turn.calls)} for turn in turns], schema=schema)


def responses_table(facts: Facts, price: Price | None) -> pl.DataFrame:
    """One row a response: when, how it ended, its tokens by modality, its cost.

    Columns: ``response_id``, ``turn``, ``epoch``, ``status``, ``reason``, ``created_ms``, ``first_output_ms``,
    ``done_ms``, ``audio_ms`` (received), ``heard_ms``, ``input_text_tokens``, ``input_audio_tokens``,
    ``cached_text_tokens``, ``cached_audio_tokens``, ``output_text_tokens``, ``output_audio_tokens``, ``cost_usd``
    (null: price or usage unknown), ``text``, ``calls``.
    """
    import polars as pl

    rows = []
    for response in facts.responses.values():
        usage = response.usage or {}
        inputs = usage.get("input_token_details") or {}
        cached = inputs.get("cached_tokens_details") or {}
        outputs = usage.get("output_token_details") or {}
        rows.append(
            {
                "response_id": response.response_id,
                "turn": response.turn,
                "epoch": response.epoch,
                "status": response.status,
                "reason": response.reason,
                "created_ms": response.created_ns / 1e6,
                "first_output_ms": None if response.first_output_ns is None else response.first_output_ns / 1e6,
                "done_ms": None if response.done_ns is None else response.done_ns / 1e6,
                "audio_ms": sum(item.n_samples for item in response.items.values()) / 24,
                "heard_ms": float(sum(item.heard_ms for item in response.items.values())),
                "input_text_tokens": inputs.get("text_tokens"),
                "input_audio_tokens": inputs.get("audio_tokens"),
                "cached_text_tokens": cached.get("text_tokens"),
                "cached_audio_tokens": cached.get("audio_tokens"),
                "output_text_tokens": outputs.get("text_tokens"),
                "output_audio_tokens": outputs.get("audio_tokens"),
                "cost_usd": cost_usd(response.usage, price),
                "text": response.text,
                "calls": list(response.calls),
            }
        )
    schema: dict[str, Any] = {
        "response_id": pl.String,
        "turn": pl.Int64,
        "epoch": pl.Int64,
        "status": pl.String,
        "reason": pl.String,
        "created_ms": pl.Float64,
        "first_output_ms": pl.Float64,
        "done_ms": pl.Float64,
        "audio_ms": pl.Float64,
        "heard_ms": pl.Float64,
        **dict.fromkeys(
            (
                "input_text_tokens",
                "input_audio_tokens",
                "cached_text_tokens",
                "cached_audio_tokens",
                "output_text_tokens",
                "output_audio_tokens",
            ),
            pl.Int64,
        ),
        "cost_usd": pl.Float64,
        "text": pl.String,
        "calls": pl.List(pl.String),
    }
    return pl.DataFrame(rows, schema=schema)


def costs_table(facts: Facts, price: Price | None) -> pl.DataFrame:
    """One row a response and meter.

    Columns: ``response_id``, ``turn``, ``meter``, ``tokens``, ``usd_per_million``, ``cost_usd``; ``meter`` is
    ``text in``, ``text cached``, ``text out``, ``audio in``, ``audio cached`` or ``audio out``; an unknown price
    is null.
    """
    import polars as pl

    rows = []
    for response in facts.responses.values():
        for meter, tokens in tokens_by_meter(response.usage).items():
            usd = None if price is None else usd_per_million(meter, price)
            cost = None if usd is None else tokens * usd / 1e6
            rows.append((response.response_id, response.turn, meter, tokens, usd, cost))
    schema = {
        "response_id": pl.String,
        "turn": pl.Int64,
        "meter": pl.String,
        "tokens": pl.Int64,
        "usd_per_million": pl.Float64,
        "cost_usd": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def vad_table(records: Sequence[Record]) -> pl.DataFrame:
    """One row a scored window of the sent audio: ``start_ms``, ``end_ms`` (run), ``probability``, ``detector``."""
    import polars as pl

    rows = [
        (start, start + record.event["window_ms"], p, record.event.get("detector"))
        for record in records
        if record.type == "voicelab.vad"
        for k, p in enumerate(record.event["p"])
        for start in (record.event["start_ms"] + k * record.event["window_ms"],)
    ]
    schema = {"start_ms": pl.Float64, "end_ms": pl.Float64, "probability": pl.Float64, "detector": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
