"""Both sides on one clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from voicelab.measure.run import Run
from voicelab.plots import theme, waveform

from .conftest import Stage, tone


@pytest.fixture(scope="module")
def traces(run: Run) -> dict[str, Any]:
    return {trace.name: trace for trace in waveform(run).data}


def test_the_user_is_above_the_axis_and_the_agent_below(traces: dict[str, Any]) -> None:
    """Side and colour tell the same, so neither stands alone."""
    assert min(traces["user"].y) >= 0 > min(traces["agent"].y)
    assert max(traces["agent"].y) <= 0 < max(traces["user"].y)
    assert min(traces["user speech"].y) > 0 > max(traces["reply"].y)
    assert (traces["user"].line.color, traces["agent"].line.color) == (theme.USER, theme.AGENT)


def test_sound_stands_where_it_was_on_the_clock(traces: dict[str, Any]) -> None:
    """The tone of turn 1 was sent from 0.5 to 1.5 s, and its reply heard from 2.012 s on."""
    user, agent = traces["user"], traces["agent"]
    loud = np.asarray(user.x)[np.asarray(user.y) > 0.1]
    assert loud[0] == pytest.approx(0.5, abs=0.01)
    assert loud[loud < 3][-1] == pytest.approx(1.5, abs=0.01)
    assert np.asarray(agent.x)[np.asarray(agent.y) < -0.1][0] == pytest.approx(2.012, abs=0.01)


def test_a_side_never_has_more_points_than_a_screen_can_show(traces: dict[str, Any]) -> None:
    """An hour costs no more than a minute."""
    assert len(traces["user"].x) <= 4_000


def test_speech_is_shaded_from_its_first_to_its_last_instant(traces: dict[str, Any]) -> None:
    """Labelled speech exactly, estimated speech by the scored windows, and the estimate is marked."""
    speech = traces["user speech"]
    start = speech.x[0] - speech.width[0] / 2
    assert (start, start + speech.width[0]) == pytest.approx((0.5, 1.5))
    assert list(speech.text) == ["1", "2~"]


def test_words_are_in_the_hover_texts_and_harmless(traces: dict[str, Any]) -> None:
    """What was heard is there, escaped."""
    assert "&lt;/script&gt;" in traces["user speech"].hovertext[0].replace("<br>", " ")
    assert "<script" not in traces["user speech"].hovertext[0]
    assert "The timer is set." in traces["reply"].hovertext[1].replace("<br>", " ")


def test_what_was_cut_off_is_hatched_where_it_would_have_been(traces: dict[str, Any]) -> None:
    """The reply of turn 2 began at 6.032 s, was heard for 0.8 of 3 s; the rest follows at once."""
    rest = traces["not heard"]
    at = [x for x in rest.x if x is not None]
    assert (at[0], at[-1]) == pytest.approx((6.832, 9.032), abs=0.02)
    assert rest.fillpattern.shape == "/"


def test_the_hatched_part_is_the_sound_that_was_not_heard(stage: Stage) -> None:
    """Loud while it was heard, quiet afterwards: what is hatched is quiet."""
    story = stage()
    story.send_audio(0, 2000, speech=(500, 1500))
    story.spoken("item_u1", 200, 2000, "hello")
    loud_then_quiet = np.concatenate([tone(600), tone(600) // 10])
    story.reply("a", 2000, 1200, "Well.", heard_ms=600, samples=loud_then_quiet)
    rest = next(trace for trace in waveform(story.run()).data if trace.name == "not heard")
    assert min(y for y in rest.y if y is not None) == pytest.approx(-900 / 32768, rel=0.01)


def test_the_decision_and_the_wait_for_it_are_shown(traces: dict[str, Any]) -> None:
    """From the end of the speech to the moment at which the end of the turn was known."""
    ends = traces["end of turn"]
    assert list(ends.x[:3]) == pytest.approx([1.5, 2.0, 2.0])
    assert "500 ms after the speech" in ends.text[0]


def test_padding_reaches_from_the_turns_begin_to_the_speech(traces: dict[str, Any]) -> None:
    """The detector's begin lies before the first word."""
    padding = traces["prefix padding"]
    assert list(padding.x[:2]) == pytest.approx([0.2, 0.5])
    # Estimated speech begins with the first window scored as speech, not with the padding.
    assert list(padding.x[3:5]) == pytest.approx([3.7, 4.016])


def test_scores_have_their_own_row_on_the_same_clock(traces: dict[str, Any]) -> None:
    """Probability and the dashed threshold share the x axis with the sound."""
    probability, threshold = traces["speech probability"], traces["threshold"]
    assert probability.yaxis == threshold.yaxis == "y2"
    assert threshold.line.dash == "dash"
    assert set(threshold.y) == {0.5}
    voiced = np.asarray(probability.x)[np.asarray(probability.y) > 0.5]
    assert (voiced[0], voiced[-1]) == pytest.approx((0.53, 5.47), abs=0.05)


def test_marks_and_errors_have_different_shapes(traces: dict[str, Any]) -> None:
    """A remark is a diamond, an error a cross."""
    assert list(traces["marks"].marker.symbol) == ["diamond", "x"]


def test_a_run_without_sound_says_what_to_do(stage: Stage) -> None:
    """An empty figure is a hint, not an error."""
    made = waveform(stage().run())
    assert len(made.data) == 0
    assert "session.play" in made.layout.annotations[0].text


def test_sound_without_turns_says_how_far_the_threshold_was(stage: Stage) -> None:
    """The highest score and the threshold are what one needs to mend it."""
    story = stage()
    story.record("recv", "session.created", 0, session={"audio": {"input": {"turn_detection": {"threshold": 0.99}}}})
    story.send_audio(0, 1000, speech=(200, 800))
    text = waveform(story.run()).layout.annotations[0].text
    assert "0.95" in text
    assert "0.99" in text


def test_dark_changes_the_paper_only(run: Run) -> None:
    """The same traces on a dark ground."""
    light, dark = waveform(run), waveform(run, dark=True)
    assert light.layout.template.layout.paper_bgcolor != dark.layout.template.layout.paper_bgcolor
    assert [t.name for t in light.data] == [t.name for t in dark.data]
