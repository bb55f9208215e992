"""The newest minute as lanes."""

from __future__ import annotations

from voicelab.measure.run import Run
from voicelab.plots.live_lanes import LiveLanes
from voicelab.plots.timeline import lanes_of

from .conftest import Stage


def live(run: Run, window_ms: float = 1e9) -> LiveLanes:
    lanes = LiveLanes(window_ms=window_ms)
    for record in run.records():
        lanes.take([record])
    return lanes


def test_with_a_window_over_all_it_has_the_lanes_of_the_finished_run(run: Run) -> None:
    """Responses, playback, remarks and streams are the same to the millisecond."""
    mine, theirs = live(run).lanes(), lanes_of(run.records(), run.facts(), run.turn_list())
    assert list(mine) == list(theirs)
    assert sorted(mine["responses"], key=lambda span: span.start_ms) == theirs["responses"]
    assert sorted(mine["playback"], key=lambda span: span.start_ms) == theirs["playback"]
    assert mine["marks"] == theirs["marks"]
    assert [s for s in mine["sent"] if "append" in s.text] == [s for s in theirs["sent"] if "append" in s.text]


def test_speech_is_where_the_detector_put_it(run: Run) -> None:
    """On the run's time line, with the words that were heard."""
    spans = live(run).lanes()["user speech"]
    assert [(span.start_ms, span.end_ms) for span in spans] == [(200.0, 2000.0), (3700.0, 6000.0)]
    assert spans[1].text.startswith("set a timer: speech as the detector found it")


def test_speech_that_goes_on_reaches_to_now(stage: Stage) -> None:
    """Whoever talks is seen talking."""
    story = stage()
    story.send_audio(0, 2000)
    story.record("recv", "input_audio_buffer.speech_started", 1000, audio_start_ms=600, item_id="u")
    story.send_audio(2000, 3000)
    lanes = live(story.run())
    assert [(span.start_ms, span.end_ms) for span in lanes.lanes()["user speech"]] == [(600.0, lanes.now_ms)]


def test_what_has_left_the_window_is_gone(run: Run) -> None:
    """And what reaches into it stays whole."""
    lanes = live(run, window_ms=3000)
    from_ms = lanes.now_ms - 3000
    shown = lanes.lanes()
    assert all(span.end_ms >= from_ms for spans in shown.values() for span in spans)
    assert not shown["user speech"]
    assert shown["responses"]


def test_a_look_costs_what_the_window_holds_however_long_the_run_is(stage: Stage) -> None:
    """Ten minutes of frames and turns leave no more parts than one."""
    story = stage()
    for k in range(60):
        story.send_audio(k * 10_000, k * 10_000 + 200)
        story.reply(f"r{k}", k * 10_000 + 300, 600, "Yes.")
    lanes = live(story.run(), window_ms=60_000)
    shown = lanes.lanes()
    assert len(lanes._sent._spans) <= 10  # what has left the window is not kept either
    assert all(len(spans) <= 40 for spans in shown.values())
    assert 5 <= len(shown["responses"]) <= 7


def test_marks_that_would_lie_on_each_other_become_one_that_names_them(stage: Stage) -> None:
    """An error stays alone, so that it is seen."""
    story = stage()
    for k, kind in enumerate(("response.created", "rate_limits.updated", "response.content_part.added")):
        story.record("recv", kind, 1000 + k, response={"id": "resp"})
    story.record("recv", "error", 1004, error={"message": "no"})
    received = live(story.run()).lanes()["received"]
    assert [span.bad for span in received] == [False, True]
    assert received[0].text.startswith("3 events at 1,000 ms: response.created, rate_limits.updated")


def test_a_response_that_runs_reaches_to_now(stage: Stage) -> None:
    """It has no end yet."""
    story = stage()
    story.record("recv", "response.created", 1000, response={"id": "resp_1", "status": "in_progress"})
    story.send_audio(1000, 2000)
    lanes = live(story.run())
    assert [span.end_ms for span in lanes.lanes()["responses"]] == [lanes.now_ms]
