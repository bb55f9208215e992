"""Undo goes back by moves of a hand, not by the steps of a slider."""

from __future__ import annotations

from dataclasses import replace

from voicelab.widgets.moves import MOVE_S, Moves
from voicelab.widgets.wishes import Wishes

FIRST = Wishes()


def test_steps_that_follow_each_other_are_one_move() -> None:
    """As long as they are of the same knob, without a rest."""
    moves, now_s, wishes = Moves(), 0.0, FIRST
    for ms in (520, 540, 560):
        after = replace(wishes, silence_ms=ms)
        moves.made(wishes, after, now_s)
        wishes, now_s = after, now_s + MOVE_S
    assert moves.back() == FIRST
    assert moves.back() is None


def test_a_rest_another_knob_and_an_undo_begin_another_move() -> None:
    """Each of the three."""
    one, two, three = (replace(FIRST, silence_ms=ms) for ms in (600, 700, 800))
    moves = Moves()
    moves.made(FIRST, one, 0.0)
    moves.made(one, two, MOVE_S + 0.1)
    moves.made(two, replace(two, threshold=0.7), MOVE_S + 0.2)
    assert moves.back() == two
    moves.made(two, three, MOVE_S + 0.3)
    assert [moves.back(), moves.back(), moves.back()] == [two, one, FIRST]
