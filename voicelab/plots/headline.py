"""A run in one sentence, and its turns as a table for the terminal.

In: a `Run`.  Out: text; nothing in it that the log does not say.
Does not know: figures, HTML, colours.

The median is taken only over turns whose end of speech is known in the same way; labelled, estimated and
detector-made ends stand apart, each with its n.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from voicelab.measure.prices import cost_usd
from voicelab.measure.run import Run
from voicelab.measure.speech import EndFrom
from voicelab.measure.turns import Turn
from voicelab.plots.wording import (
    ANCHOR_MARKS,
    ANCHOR_PHRASES,
    by_anchor,
    count,
    count_in_words,
    heard_words,
    money,
    price_phrase,
    printable,
    said_words,
    seconds,
)

_MOST_CUTS_NAMED = 2
_LEAST_TEXT_WIDTH = 10


def headline(run: Run) -> str:
    """Return the sentence that opens a report: turns, median reply, what was cut or failed, cost, state.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        Such as ``8 turns; median reply 612 ms, n=7 (labelled); one spoken turn without a measured reply; one
        reply cut off at 3.2 s; about $0.03 at gpt-realtime prices, nothing billed``.
    """
    turns = run.turn_list()
    parts = [_turns_phrase(turns, run), *_reply_phrases(turns), *_cut_phrases(turns)]
    parts += [*_failure_phrases(turns, run), *_cost_phrases(run), *_state_phrases(run)]
    return "; ".join(parts)


def _turns_phrase(turns: Sequence[Turn], run: Run) -> str:
    n_typed = sum(turn.kind == "typed" for turn in turns)
    phrase = count(len(turns), "turn") if turns else "no turns"
    if n_typed:
        phrase += f" ({n_typed} typed)" if n_typed < len(turns) else " (typed)"
    # In virtual time the engines' work has a modelled cost, so no latency may be read without this.
    return f"{phrase} in virtual time" if run.manifest.time == "virtual" else phrase


def _reply_phrases(turns: Sequence[Turn]) -> list[str]:
    medians = median_replies(turns)
    if not medians:
        return []
    texts = [f"{ms:,.0f} ms, n={n} ({known})" for known, (ms, n) in medians.items()]
    n_missing = sum(turn.kind == "spoken" and turn.voice_to_voice_ms is None for turn in turns)
    missing = [f"{count_in_words(n_missing, 'spoken turn')} without a measured reply"] if n_missing else []
    return [f"median reply {' and '.join(texts)}", *missing]


def median_replies(turns: Sequence[Turn]) -> dict[str, tuple[float, int]]:
    """Return the median voice-to-voice time and its n for each way in which ends of speech are known.

    Returns
    -------
    dict of str to (float, int)
        By the word for it, ``labelled`` (with ends that somebody marked) first; milliseconds, number of turns. Ways
        that do not occur are absent.
    """
    medians = {}
    for known, alike in by_anchor(turns).items():
        known_ms = [turn.voice_to_voice_ms for turn in alike if turn.voice_to_voice_ms is not None]
        if known_ms:
            medians[known] = (median(known_ms), len(known_ms))
    return medians


def _cut_phrases(turns: Sequence[Turn]) -> list[str]:
    heard_ms = [turn.heard_ms for turn in turns if turn.interrupted and turn.heard_ms is not None]
    cut_ms = sorted(ms for ms in heard_ms if ms > 0)
    n_unheard = len(heard_ms) - len(cut_ms)
    phrases = []
    if cut_ms:
        where = f"at {' and '.join(map(seconds, cut_ms))}"
        if len(cut_ms) > _MOST_CUTS_NAMED:
            where = f"between {seconds(cut_ms[0])} and {seconds(cut_ms[-1])}"
        phrases.append(f"{count_in_words(len(cut_ms), 'reply', 'replies')} cut off {where}")
    n_unknown = sum(turn.interrupted and turn.heard_ms is None for turn in turns)
    if n_unknown:
        phrases.append(f"{count_in_words(n_unknown, 'reply', 'replies')} cut off, heard to nobody knows where")
    if n_unheard:
        phrases.append(f"{count_in_words(n_unheard, 'reply', 'replies')} stopped before any of it was heard")
    return phrases


def _failure_phrases(turns: Sequence[Turn], run: Run) -> list[str]:
    facts = run.facts()
    n_refused = sum(error.get("type") == "invalid_request_error" for _, error in facts.errors)
    statuses = [response.status for response in facts.responses.values()]
    counted = (
        (n_refused, "request refused", "requests refused"),
        (len(facts.errors) - n_refused, "server error", "server errors"),
        (statuses.count("failed"), "response failed", "responses failed"),
        (statuses.count("incomplete"), "response incomplete", "responses incomplete"),
        (
            sum(turn.status == "no response" for turn in turns),
            "turn without a response",
            "turns without a response",
        ),
    )
    return [count_in_words(n, one, many) for n, one, many in counted if n]


def _cost_phrases(run: Run) -> list[str]:
    """Say the cost; what has no price, or sent no usage, is said and never counted as 0."""
    usages = [response.usage for response in run.facts().responses.values()]
    if not usages:
        return []
    prices = run.manifest.prices
    if run.price is None:
        model = prices.get("model") or run.manifest.model or "this model"
        return [f"cost unknown: no price is known for {model}"]
    costs = [cost for usage in usages if (cost := cost_usd(usage, run.price)) is not None]
    if not costs:
        return ["cost unknown: no usage was reported"]
    n_missing = len(usages) - len(costs)
    gap = f", without {count_in_words(n_missing, 'response')} that reported no usage" if n_missing else ""
    return [f"about {money(sum(costs))} {price_phrase(prices)}{gap}"]


def _state_phrases(run: Run) -> list[str]:
    manifest = run.manifest
    reason = f": {printable(manifest.reason)}" if manifest.reason else ""
    phrases = {
        "running": ["not closed: still running, or its process was killed"],
        "interrupted": [f"interrupted{reason}"],
        "failed": [f"ended by a failure{reason}"],
    }.get(manifest.state, [])
    if run.bad_lines:
        phrases = [*phrases, f"{count(run.bad_lines, 'damaged line')} of the log set aside"]
    if manifest.dropped:
        phrases = [*phrases, f"{count(manifest.dropped, 'record')} lost to a full queue"]
    return phrases


# --- the table of turns ------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TurnRow:
    """One turn as people read it; None where a number does not exist or is not known.

    ``heard`` and ``said`` stand on one line and are safe to print; the rest is as in `Turn`.
    """

    turn: int
    kind: Literal["spoken", "typed"]
    heard: str
    said: str
    voice_to_voice_ms: float | None
    speech_end_from: EndFrom | None
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


def turn_rows(run: Run) -> list[TurnRow]:
    """Return one `TurnRow` for each user turn."""
    return [
        TurnRow(
            turn=turn.turn,
            kind=turn.kind,
            heard=heard_words(turn),
            said=said_words(turn),
            voice_to_voice_ms=turn.voice_to_voice_ms,
            speech_end_from=turn.speech_end_from,
            input_tokens=turn.input_tokens,
            output_tokens=turn.output_tokens,
            cost_usd=turn.cost_usd,
        )
        for turn in run.turn_list()
    ]


_HEADS = ("turn", "heard", "said", "reply ms", "tokens in/out", "cost")
_HEARD, _SAID = 1, 2


def render_table(rows: Sequence[TurnRow], width: int) -> str:
    """Return the turns as aligned plain text, words wrapped inside their columns, marks explained below.

    Parameters
    ----------
    rows : sequence of TurnRow
    width : int
        Of the terminal, in characters; a very narrow one is overrun rather than made unreadable.
    """
    if not rows:
        return "no turns"
    cells = [_cells(row) for row in rows]
    widths = _widths(cells, width)
    lines = [_line(_HEADS, widths), "  ".join("-" * column for column in widths)]
    for row in cells:
        wrapped = [textwrap.wrap(cell, column) for cell, column in zip(row, widths, strict=True)]
        lines += [
            _line([column[k] if k < len(column) else "" for column in wrapped], widths)
            for k in range(max(map(len, wrapped)))
        ]
    return "\n".join([*lines, *_legend(rows, width)])


def _cells(row: TurnRow) -> tuple[str, ...]:
    mark = ANCHOR_MARKS.get(row.speech_end_from or "", "")
    reply = "" if row.voice_to_voice_ms is None else f"{mark}{row.voice_to_voice_ms:,.0f}"
    cost = "unknown" if row.cost_usd is None else money(row.cost_usd)
    return str(row.turn), row.heard, row.said, reply, f"{row.input_tokens:,}/{row.output_tokens:,}", cost


def _widths(cells: Sequence[tuple[str, ...]], width: int) -> list[int]:
    """Give the numbers what they need, and share the rest between what was heard and what was said."""
    widths = [max(len(head), *(len(row[k]) for row in cells)) for k, head in enumerate(_HEADS)]
    gaps = 2 * (len(widths) - 1)
    room = width - gaps - (sum(widths) - widths[_HEARD] - widths[_SAID])
    room = max(room, 2 * _LEAST_TEXT_WIDTH)
    # What is said is longer as a rule: it gets what is heard leaves over, and three fifths in any case.
    widths[_HEARD] = min(widths[_HEARD], max(room * 2 // 5, room - widths[_SAID]))
    widths[_SAID] = min(widths[_SAID], room - widths[_HEARD])
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    columns = enumerate(zip(cells, widths, strict=True))
    return "  ".join(c.ljust(w) if k in (_HEARD, _SAID) else c.rjust(w) for k, (c, w) in columns).rstrip()


def _legend(rows: Sequence[TurnRow], width: int) -> list[str]:
    used = {row.speech_end_from for row in rows if row.voice_to_voice_ms is not None}
    notes = [f"{mark} {ANCHOR_PHRASES[of]}" for of, mark in ANCHOR_MARKS.items() if mark and of in used]
    return textwrap.wrap("reply ms: " + "; ".join(notes), max(width, 40)) if notes else []
