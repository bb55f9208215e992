"""Whose wishes the desk shows: the hand on a knob is never fought, and somebody else's change is never missed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicelab.widgets.echo import PATIENCE, Echo
from voicelab.widgets.wishes import Wishes

A, B, C, D = (Wishes(silence_ms=ms) for ms in (300, 400, 500, 600))


def test_an_echo_moves_nothing() -> None:
    """What was asked for and now shows is no news, and neither is a desk that is a move behind."""
    echo = Echo(A)
    echo.asked(B)
    echo.asked(C)
    assert [echo.is_foreign(shown) for shown in (A, B, B, C, C)] == [False] * 5


def test_skipped_moves_are_not_waited_for() -> None:
    """The desk may show the last of several moves at once."""
    echo = Echo(A)
    for move in (B, C, D):
        echo.asked(move)
    assert not echo.is_foreign(D)
    assert echo.is_foreign(C)  # so this is somebody's undo


def test_somebody_elses_change_is_seen_once() -> None:
    """A preset or an undo moves the knobs, once."""
    echo = Echo(A)
    assert [echo.is_foreign(shown) for shown in (B, B, A)] == [True, False, True]


def test_somebody_else_wins_over_moves_on_their_way() -> None:
    """A change from elsewhere is shown even while own moves are coming, and those are forgotten."""
    echo = Echo(A)
    echo.asked(B)
    assert echo.is_foreign(C)
    assert echo.is_foreign(B)


def test_a_move_that_never_shows_is_given_up() -> None:
    """Undone before it was seen, or refused: after a while the knobs show what the desk shows."""
    echo = Echo(A)
    echo.asked(B)
    assert [echo.is_foreign(A) for _ in range(PATIENCE)] == [False] * (PATIENCE - 1) + [True]
    assert not echo.is_foreign(A)


def test_a_hand_that_goes_on_is_waited_for() -> None:
    """Patience begins anew with every move."""
    echo = Echo(A)
    for move in (B, C, D):
        echo.asked(move)
        assert not any(echo.is_foreign(A) for _ in range(PATIENCE - 1))


@given(st.lists(st.tuples(st.sampled_from("am"), st.sampled_from([A, B, C, D])), max_size=20), st.sampled_from([A, B]))
def test_in_the_end_the_knobs_stand_as_the_desk(moves: list[tuple[str, Wishes]], last: Wishes) -> None:
    """Whatever was asked and shown before, knobs that follow show the desk's wishes once it has rested."""
    echo = Echo(A)
    knobs = A
    for who, wishes in moves:
        if who == "a":
            echo.asked(wishes)
            knobs = wishes
        elif echo.is_foreign(wishes):
            knobs = wishes
    for _ in range(PATIENCE + len(moves)):
        if echo.is_foreign(last):
            knobs = last
    assert knobs == last
