"""The same facts as data frames, one function a table; `voicelab.measure.columns` says what each column means.

In: records, facts, turns, prices.  Out: Polars data frames, all with the same columns and types whatever is in them.
Does not know: files. Polars is imported when the first table is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from voicelab.measure.columns import METRIC_VERSION, TableName, schema_of
from voicelab.measure.facts import ConversationItem, Facts, ResponseFacts
from voicelab.measure.history import history_shares
from voicelab.measure.ledger import ledger_of
from voicelab.measure.metric import Metric
from voicelab.measure.prices import Price, charges, cost_usd, is_clamped, price_of
from voicelab.measure.speech import threshold_at
from voicelab.measure.turns import Turn
from voicelab.runlog.record import Record

if TYPE_CHECKING:
    import polars as pl

_PER_MS = 24


def events_table(records: Sequence[Record]) -> pl.DataFrame:
    """Return one row a record. The payloads differ from type to type, so they stay JSON text: nothing is inferred."""
    return _frame(
        "events",
        ((r.seq, r.t_ns / 1e6, r.wall, r.epoch, r.dir, r.type, r.native, r.bytes, json_text(r.event)) for r in records),
    )


def json_text(value: Any) -> str:
    """Return a value as compact JSON."""
    return msgspec.json.encode(value).decode()


def turns_table(turns: Sequence[Turn]) -> pl.DataFrame:
    """Return one row a user turn; the columns are the fields of `Turn`."""
    return _frame("turns", ({**vars(turn), "calls": list(turn.calls)} for turn in turns))


def responses_table(facts: Facts, price: Price | None) -> pl.DataFrame:
    """Return one row a response: when, how it ended, its ledger, its tokens by modality, its cost."""
    shares = history_shares(list(facts.responses.values()), price)
    return _frame(
        "responses",
        (
            {
                "response_id": response.response_id,
                "turn": response.turn,
                "epoch": response.epoch,
                "status": response.status,
                "reason": response.reason,
                "created_ms": _ms(response.created_ns),
                "first_output_ms": _ms(response.first_output_ns),
                "done_ms": _ms(response.done_ns),
                **_ledger(response, price, facts.plays),
                **_tokens(response.usage or {}),
                "history_tokens": share.history_tokens if share else None,
                "cost_usd": cost_usd(response.usage, price),
                "history_usd": share.history_usd if share else None,
                "clamped": is_clamped(response.usage),
                "text": response.text,
                "calls": list(response.calls),
            }
            for response in facts.responses.values()
            for share in (shares.get(response.response_id),)
        ),
    )


def _ledger(response: ResponseFacts, price: Price | None, plays: bool) -> dict[str, Any]:
    ledger = asdict(ledger_of(response, price, plays=plays))
    del ledger["billed_tokens"]  # ``output_audio_tokens`` says the same
    return ledger


def _tokens(usage: Mapping[str, Any]) -> dict[str, Any]:
    inputs = usage.get("input_token_details") or {}
    cached = inputs.get("cached_tokens_details") or {}
    outputs = usage.get("output_token_details") or {}
    return {
        **{f"input_{kind}_tokens": inputs.get(f"{kind}_tokens") for kind in ("text", "audio", "image")},
        **{f"cached_{kind}_tokens": cached.get(f"{kind}_tokens") for kind in ("text", "audio", "image")},
        **{f"output_{kind}_tokens": outputs.get(f"{kind}_tokens") for kind in ("text", "audio")},
    }


def items_table(facts: Facts) -> pl.DataFrame:
    """Return one row an item of the conversation, in the order in which the server told of them."""
    return _frame("items", (_item(item, facts) for item in facts.items.values()))


def _item(item: ConversationItem, facts: Facts) -> dict[str, Any]:
    response = facts.responses.get(item.response_id or "")
    sound = response.items.get(item.item_id) if response else None
    row: dict[str, Any] = {
        "item_id": item.item_id,
        "turn": item.turn,
        "epoch": item.epoch,
        "type": item.type,
        "role": item.role,
        "status": item.status,
        "response_id": item.response_id,
        "added_ms": _ms(item.added_ns),
        "text": item.text,
        "memory": item.memory,
    }
    if sound is not None and sound.n_samples:
        delivered_ms = sound.n_samples / _PER_MS
        remembered_ms = delivered_ms if sound.remembered_ms is None else float(sound.remembered_ms)
        heard_ms = sound.heard_ms if facts.plays else None
        return {**row, "audio_ms": delivered_ms, "heard_ms": heard_ms, "remembered_ms": remembered_ms}
    turn = facts.turns[item.turn - 1] if item.turn is not None and item.role == "user" else None
    if turn is not None and turn.item_id == item.item_id and turn.audio_end_ms is not None:
        # What the detector cut out, and what the model is given.
        audio_ms = turn.audio_end_ms - (turn.audio_start_ms or 0.0)
        return {**row, "audio_ms": audio_ms, "remembered_ms": 0.0 if item.memory == "deleted" else audio_ms}
    return row


def tools_table(facts: Facts, *, has_times: bool = True) -> pl.DataFrame:
    """Return one row a function call, with the silence that the listener sits through in its parts.

    Parameters
    ----------
    facts : Facts
    has_times : bool
        Whether the log has time stamps; without them the parts are null.
    """
    between = _between if has_times else _no_time
    return _frame(
        "tools",
        (
            {
                "call_id": tool.call_id,
                "name": tool.name,
                "arguments": tool.arguments,
                "output": tool.output,
                "response_id": tool.response_id,
                "turn": tool.turn,
                "epoch": tool.epoch,
                "called_ms": _ms(tool.called_ns),
                "answered_ms": _ms(tool.answered_ns),
                "next_audio_ms": _ms(tool.next_audio_ns),
                "run_ms": between(tool.called_ns, tool.answered_ns),
                "reply_ms": between(tool.answered_ns, tool.next_audio_ns),
                "gap_ms": between(tool.called_ns, tool.next_audio_ns),
            }
            for tool in facts.tools.values()
        ),
    )


def costs_table(facts: Facts, price: Price | None, model: str, prices: Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Return one row a response (or transcription) and meter; what has no price is null and never 0.

    Parameters
    ----------
    facts : Facts
    price : Price or None
        Of the model that answered.
    model : str
        Its name, also where its price is not known.
    prices : mapping or None
        Overrides, where the transcription's model is looked up first.
    """
    rows: list[dict[str, Any]] = []
    for response in facts.responses.values():
        about = {"source": "response", "response_id": response.response_id, "turn": response.turn, "model": model}
        rows += ({**about, **asdict(charge)} for charge in charges(response.usage, price))
    for turn in facts.turns:
        named = turn.transcription_model
        about = {"source": "transcription", "item_id": turn.item_id, "turn": turn.turn, "model": named}
        transcription = price_of(named, prices) if named else None
        rows += ({**about, **asdict(charge)} for charge in charges(turn.transcription_usage, transcription))
    return _frame("costs", rows)


def vad_table(records: Sequence[Record], facts: Facts) -> pl.DataFrame:
    """Return one row a scored window of the sent audio."""
    rows = []
    for record in records:
        event = record.event
        if record.type == "voicelab.vad" and record.seq not in facts.unreadable:
            threshold, window_ms = threshold_at(facts, record.t_ns), event["window_ms"]
            starts_ms = (event["start_ms"] + k * window_ms for k in range(len(event["p"])))
            rows += [
                (start_ms, start_ms + window_ms, p, threshold, event.get("detector"))
                for start_ms, p in zip(starts_ms, event["p"], strict=True)
            ]
    return _frame("vad", rows)


def metrics_table(metrics: Sequence[Metric]) -> pl.DataFrame:
    """Return one row a metric and basis; labelled, estimated and measured values stand apart."""
    return _frame("metrics", (asdict(metric) for metric in metrics))


def _frame(name: TableName, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> pl.DataFrame:
    """Return rows as a table, stamped with the version of the definitions; what a mapping does not have is null."""
    import polars as pl

    schema = schema_of(name)
    del schema["metric_version"]
    tuples = [tuple(row.get(key) for key in schema) if isinstance(row, Mapping) else row for row in rows]
    return pl.DataFrame(tuples, schema=schema, orient="row").with_columns(metric_version=pl.lit(METRIC_VERSION))


def _ms(t_ns: int | None) -> float | None:
    return None if t_ns is None else t_ns / 1e6


def _between(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / 1e6


def _no_time(_start_ns: int | None, _end_ns: int | None) -> None:
    return None
