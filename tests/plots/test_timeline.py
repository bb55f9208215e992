"""Lanes."""

from __future__ import annotations

from voicelab.measure.run import Run
from voicelab.plots import timeline
from voicelab.plots.timeline import lanes_of, merged

from .conftest import Stage


def test_each_lane_is_one_trace_with_gaps(run: Run) -> None:
    """Thousands of events cost a handful of traces."""
    made = timeline(run)
    assert [t.name for t in made.data] == ["user speech", "sent", "received", "responses", "playback", "marks"]
    assert all(None in trace.x and set(trace.y) == {trace.name, None} for trace in made.data)


def test_a_stream_of_appends_is_one_bar(run: Run) -> None:
    """300 frames, one bar, with count and milliseconds in its text."""
    bars = [span for span in merged(run.records(), "send") if "append" in span.text]
    assert [(bar.start_ms, bar.end_ms) for bar in bars] == [(20.0, 6000.0)]
    assert bars[0].text == "300 input_audio_buffer.append, 20 to 6,000 ms"


def test_a_pause_splits_a_bar(stage: Stage) -> None:
    """What stops and starts again is two bars."""
    story = stage()
    story.send_audio(0, 200)
    story.send_audio(1000, 1200)
    assert len([span for span in merged(story.run().records(), "send")]) == 2


def test_deltas_of_two_items_are_two_bars(run: Run) -> None:
    """One bar for the audio of each reply."""
    bars = [span for span in merged(run.records(), "recv") if "output_audio.delta" in span.text]
    assert len(bars) == 3


def test_an_interrupted_reply_is_marked_bad_and_says_what_was_heard(run: Run) -> None:
    """A cross at the end, and the ledger in the text."""
    lanes = lanes_of(run.records(), run.facts(), run.turn_list())
    cut = [span for span in lanes["playback"] if span.bad]
    assert [span.text for span in cut] == ["cut off: heard 0.8 s of 3.0 s, from 6,032 ms"]
    assert any(span.bad and "turn_detected" in span.text for span in lanes["responses"])


def test_an_error_is_a_cross_with_its_message(run: Run) -> None:
    """A refused request is seen without reading the log."""
    (error,) = [span for span in merged(run.records(), "recv") if span.bad]
    assert error.text.startswith("error: </script>")
    received = next(trace for trace in timeline(run).data if trace.name == "received")
    assert "x" in received.marker.symbol
    assert not any("<script" in text for text in received.text)


def test_an_empty_run_says_what_to_do(stage: Stage) -> None:
    """No records, no axes."""
    made = timeline(stage().run())
    assert len(made.data) == 0
    assert "open a session" in made.layout.annotations[0].text
