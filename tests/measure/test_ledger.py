"""Promises of `voicelab.measure.ledger`."""

from __future__ import annotations

import pytest

from tests.measure.room import PRICE, Tape, loud, usage
from voicelab.measure.ledger import Ledger, added, ledger_of


def cut_reply(*, tokens_out: int = 60, status: str = "cancelled") -> Tape:
    """Return a reply of which 2 s arrived, 640 ms were heard, and that was then cut off."""
    tape = Tape()
    tape.local("session.opened", 0, epoch=0)
    tape.created("resp_1", 0)
    tape.sound("resp_1", "item_a1", 10, loud(2000))
    tape.played("item_a1", 20)
    tape.heard("item_a1", 20, loud(640))
    tape.stopped("item_a1", 660, 640.0, 2000.0, "interrupted")
    tape.done("resp_1", 665, usage(text=(9, 0, 1), audio=(0, 0, tokens_out)), status)
    tape.recv("conversation.item.truncated", 670, item_id="item_a1", content_index=0, audio_end_ms=640)
    return tape


def ledger(tape: Tape) -> Ledger:
    facts = tape.facts()
    return ledger_of(facts.responses["resp_1"], PRICE, plays=facts.plays)


def test_a_reply_that_was_cut_wastes_what_was_generated_and_not_heard() -> None:
    """60 tokens are 3 s, 640 ms were heard: 2.36 s are wasted, at the price of their tokens."""
    found = ledger(cut_reply())
    assert (found.generated_ms, found.delivered_ms, found.heard_ms, found.remembered_ms) == (3000, 2000, 640, 640)
    assert (found.wasted_ms, found.billed_tokens) == (2360, 60)
    assert found.wasted_usd == pytest.approx(47.2 * 64 / 1e6)


def test_a_reply_that_was_made_before_it_was_cut_wastes_as_well() -> None:
    """The response is complete, the listener was not: playback decides."""
    assert ledger(cut_reply(status="completed")).wasted_ms == 2360


def test_a_reply_that_was_heard_to_its_end_wastes_nothing() -> None:
    """Its tokens round its length up; what is left over is no waste."""
    tape = cut_reply(tokens_out=41, status="completed")
    tape.records = [record for record in tape.records if record.type != "voicelab.playback.stopped"]
    tape.stopped("item_a1", 2020, 2000.0, 2000.0)
    found = ledger(tape)
    assert (found.generated_ms, found.wasted_ms, found.wasted_usd) == (2050, 0, 0)


def test_more_heard_than_generated_is_no_negative_waste() -> None:
    """A server that counts too few tokens does not earn anybody money."""
    assert ledger(cut_reply(tokens_out=2)).wasted_ms == 0


def test_without_usage_what_was_delivered_counts_and_the_money_is_unknown() -> None:
    """Nothing generated is claimed; the length that was received is known all the same."""
    tape = cut_reply()
    tape.records = [record for record in tape.records if record.type != "response.done"]
    tape.done("resp_1", 665, None, "cancelled")
    found = ledger(tape)
    assert (found.generated_ms, found.made_ms, found.wasted_ms, found.wasted_usd) == (None, 2000, 1360, None)


def test_a_reply_that_is_still_spoken_has_wasted_nothing_yet() -> None:
    """Not heard yet is not unheard: null."""
    tape = Tape()
    tape.local("session.opened", 0, epoch=0)
    tape.created("resp_1", 0)
    tape.sound("resp_1", "item_a1", 10, loud(200))
    assert (ledger(tape).wasted_ms, ledger(tape).heard_ms) == (None, 0)


def test_a_sum_of_which_a_part_is_unknown_is_unknown() -> None:
    """Null is never counted as 0."""
    assert added([1.0, 2.0]) == 3.0
    assert added([1.0, None]) is None
    assert added([]) == 0
