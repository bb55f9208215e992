"""Bytes sent once on the wire, against tokens billed again every turn.

In: the responses of a run, its records.  Out: one `SentAndBilled` a turn, running sums.
Does not know: prices, figures.
The wire is a WebSocket frame's payload as the log has it, in the client's direction: the user's sound as base64, typed
words, settings. History is what `voicelab.measure.history` finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voicelab.measure.facts import ResponseFacts
from voicelab.measure.history import history_shares
from voicelab.measure.prices import tokens_by_meter
from voicelab.runlog.manifest import Side
from voicelab.runlog.record import Record


@dataclass(frozen=True)
class SentAndBilled:
    """From the beginning of the run to the end of one turn.

    Parameters
    ----------
    turn : int or None
        None: before turn 1, or outside the conversation; what was sent by the end of it.
    sent_bytes : int or None
        Sent by the client; None: the log does not say how long its frames were.
    new_tokens, history_tokens, out_tokens : int
        Billed: input for the first time, input again, output.
    """

    turn: int | None
    sent_bytes: int | None
    new_tokens: int
    history_tokens: int
    out_tokens: int

    @property
    def billed_tokens(self) -> int:
        """All of them."""
        return self.new_tokens + self.history_tokens + self.out_tokens


def sent_and_billed(
    responses: Sequence[ResponseFacts], records: Iterable[Record], side: Side = "client"
) -> list[SentAndBilled]:
    """Return running sums at the end of each turn, in order.

    Parameters
    ----------
    responses : sequence of ResponseFacts
        In the order in which they were created; a turn without a response that told its usage is left out.
    records : iterable of Record
        Of the same run, in order.
    side : {"client", "server"}
        Who wrote the run: what a server received is what its client sent.
    """
    shares = history_shares(responses, None)
    told = [r for r in responses if r.response_id in shares and r.done_ns is not None]
    by_turn: dict[int, list[ResponseFacts]] = {}
    for response in told:
        by_turn.setdefault(-1 if response.turn is None else response.turn, []).append(response)
    frames = _sent(records, side)
    rows, new, history, out, sent, k = [], 0, 0, 0, 0, 0
    for turn, own in sorted(by_turn.items()):
        end_ns = max(response.done_ns or 0 for response in own)
        while k < len(frames) and frames[k][0] <= end_ns:
            sent += frames[k][1]
            k += 1
        for response in own:
            new += shares[response.response_id].new_tokens
            history += shares[response.response_id].history_tokens
            out += sum(n for meter, n in tokens_by_meter(response.usage).items() if meter.endswith(" out"))
        rows.append(SentAndBilled(None if turn < 0 else turn, sent if frames else None, new, history, out))
    return rows


def _sent(records: Iterable[Record], side: Side) -> list[tuple[int, int]]:
    direction = "send" if side == "client" else "recv"
    return [(r.t_ns, r.bytes) for r in records if r.dir == direction and r.bytes]
