"""What the scope's page is told: rows on one clock, only what is new, and the turns of another threshold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.plots.conftest import Story, manifest
from voicelab.experiments.demo import run_demo
from voicelab.measure.run import Run, open_run
from voicelab.runlog.afterwards import add_mark
from voicelab.runlog.record import Record, Track
from voicelab.turns.endpoint import EndpointSettings
from voicelab.widgets.scope.feed import Feed, News, no_sound
from voicelab.widgets.scope.scores import Scores
from voicelab.widgets.scope.tiers import Tiers
from voicelab.widgets.scope.what_if import Spoken, WhatIf, what_if


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("scope") / "demo"
    return run_demo(folder, fast=True, wall_start=datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def story(tmp_path: Path) -> Run:
    """Two turns, the second one's reply interrupted, an error and a mark: numbers chosen by hand."""
    made = Story(tmp_path / "story", manifest())
    detection = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}
    made.record("recv", "session.created", 0, session={"audio": {"input": {"turn_detection": detection}}})
    made.send_audio(0, 2000, speech=(500, 1500))
    made.spoken("item_u1", 200, 2000, "hello")
    made.reply("a1", 2000, 1200, "Hello there.")
    made.send_audio(2000, 6000, speech=(4000, 5500))
    made.spoken("item_u2", 3700, 6000, "go on")
    made.reply("a2", 6020, 3000, "On and on.", heard_ms=800)
    made.record("recv", "error", 8000, error={"message": "no such voice"})
    made.run()
    add_mark(made.folder, "true end", 5488.0)
    return open_run(made.folder)


def rows(run: Run, kind: str) -> list[dict[str, Any]]:
    tiers = Tiers()
    tiers.take(run.records())
    return [row for row in tiers.rows.values() if row["kind"] == kind]


def test_a_turn_has_padding_speech_wait_and_reply(story: Run) -> None:
    """Begin and end of the speech come from the scores inside what the server counted as the turn."""
    first, second = rows(story, "turn")
    assert (first["from"], first["speech"], first["to"], first["decided"]) == (200, 512, 1472, 2000)
    assert (second["from"], second["speech"], second["to"], second["decided"]) == (3700, 4016, 5488, 6000)
    assert (first["n"], first["replied"], second["n"], second["replied"]) == (1, 2012, 2, 6032)


def test_a_reply_that_was_cut_says_how_much_was_not_heard(story: Run) -> None:
    """What was generated, less what was heard; a reply that was heard whole lacks nothing."""
    whole, cut = rows(story, "reply")
    assert (whole["cut"], whole["unheard"], whole["to"] - whole["from"]) == (False, 0.0, 1200)
    assert (cut["cut"], cut["heard"], cut["unheard"], cut["to"], cut["turn"]) == (True, 800, 2200, 6832, 2)


def test_marks_and_errors_lie_where_they_belong(story: Run) -> None:
    """A mark that is about an instant lies there, not where it was written."""
    assert [(row["from"], row["text"]) for row in rows(story, "mark")] == [(5488.0, "true end")]
    assert [(row["from"], row["text"]) for row in rows(story, "error")] == [(8000, "no such voice")]


def test_the_rows_agree_with_the_turns_that_are_measured(demo: Run) -> None:
    """Of the demo: as many spoken turns, cut replies, and the same ends of turn and of speech (without labels)."""
    measured = [turn for turn in demo.turn_list() if turn.kind == "spoken"]
    found = rows(demo, "turn")
    assert [row["decided"] for row in found] == pytest.approx([turn.stopped_ms for turn in measured])
    assert [row["replied"] for row in found] == pytest.approx([turn.first_played_ms for turn in measured])
    for row, turn in zip(found, measured, strict=True):
        # A label that begins before the turn does is measured from the turn's begin.
        if turn.speech_start_ms != row["from"]:
            assert row["speech"] == pytest.approx(turn.speech_start_ms, abs=150)
        assert row["to"] == pytest.approx(turn.speech_end_ms, abs=150)
    cut = [row for row in rows(demo, "reply") if row["cut"]]
    lost = [turn.delivered_ms - turn.heard_ms for turn in measured if turn.delivered_ms - turn.heard_ms > 1]
    assert [row["unheard"] for row in cut] == pytest.approx(lost, abs=1)


def test_thresholds_are_told_with_the_time_from_which_they_hold(demo: Run) -> None:
    """As the facts of the run have them."""
    found = [(row["from"] * 1e6, row["value"]) for row in rows(demo, "threshold")]
    assert np.array(found) == pytest.approx(np.array(demo.facts().thresholds))


def test_an_open_turn_has_no_end_yet(story: Run) -> None:
    """While somebody speaks the row is there, from the first voiced window on."""
    tiers = Tiers()
    tiers.take(one for one in story.records() if one.t_ns < 5e9 and one.type != "input_audio_buffer.speech_stopped")
    assert tiers.rows["turn item_u1"]["to"] is None
    assert tiers.rows["turn item_u1"]["speech"] == 512


@pytest.mark.parametrize("kind", sorted({"session.created", "voicelab.vad", "input_audio_buffer.speech_started"}))
def test_a_record_of_another_shape_is_passed_over(story: Run, kind: str) -> None:
    """Somebody else's server, or a damaged line: the rest is drawn."""
    odd = Record(seq=999, t_ns=0, wall="", dir="recv", type=kind, event={"p": 3, "session": "x"})
    tiers = Tiers()
    tiers.take([odd, *story.records()])
    assert len([row for row in tiers.rows.values() if row["kind"] == "turn"]) == 2


def test_the_clients_own_commit_is_a_turn_of_an_instant() -> None:
    """Without detection nobody hears a turn begin."""
    tiers = Tiers()
    committed = "input_audio_buffer.committed"
    tiers.take([Record(seq=0, t_ns=5_000_000, wall="", dir="recv", type=committed, event={"item_id": "i"})])
    assert tiers.rows["turn i"]["decided"] == 5.0


# --- only what is new ---------------------------------------------------------------------------------------------


def arrays(news: News) -> tuple[NDArray[np.generic], ...]:
    kinds = ("<i2", "<i2", "<f4", "<f4", "u1")
    return tuple(np.frombuffer(buffer, kind) for buffer, kind in zip(news.buffers, kinds, strict=True))


def test_pieces_add_up_to_the_whole(demo: Run) -> None:
    """A page that heard every news holds what a page does that opened at the end."""
    records, feed = demo.records(), Feed()
    loud: dict[str, dict[int, tuple[int, int]]] = {"user": {}, "agent": {}}
    known, n_scores = {}, 0

    def so_far(track: Track, first: int) -> tuple[int, NDArray[np.int16]]:
        begin, found = demo.loudness(track, first)
        return begin, found[: max(0, int(feed.now_ms // 10) - begin)]

    for k in range(0, len(records), 700):
        feed.take(records[k : k + 700])
        news = feed.news(so_far, reset=k == 0, over=False)
        user, agent, starts, _, _ = arrays(news)
        for side, outline in (("user", user), ("agent", agent)):
            pairs = outline.reshape(-1, 2).tolist()
            loud[side] |= {news.content[side] + n: tuple(pair) for n, pair in enumerate(pairs)}
        known |= {row["id"]: row for row in news.content["rows"]}
        n_scores += len(starts)
    whole = Feed()
    whole.take(records)
    news = whole.news(so_far, reset=True, over=True)
    assert known == {row["id"]: row for row in news.content["rows"]}
    assert n_scores == len(arrays(news)[2])
    for side, outline in zip(("user", "agent"), arrays(news), strict=False):
        assert loud[side] == dict(enumerate(tuple(pair) for pair in outline.reshape(-1, 2).tolist()))


def test_nothing_new_is_next_to_nothing(demo: Run) -> None:
    """No row, no score, and a third of a second of sound again, since its end may have been half made."""
    feed = Feed()
    feed.take(demo.records())
    feed.news(demo.loudness, reset=True, over=False)
    again = feed.news(demo.loudness, reset=False, over=False)
    assert again.content["rows"] == []
    assert [len(array) for array in arrays(again)] == [66, 66, 0, 0, 0]


def test_a_page_that_opens_late_gets_two_minutes_of_a_run_that_goes_on() -> None:
    """And all of a run that is over."""
    feed = Feed()
    p = [0.5] * 10
    feed.take(
        Record(
            seq=k, t_ns=k * 10**9, wall="", dir="local", type="voicelab.vad",
            event={"start_ms": k * 1000.0, "window_ms": 32.0, "p": p},
        )
        for k in range(300)
    )  # fmt: skip
    late = feed.news(no_sound, reset=True, over=False)
    assert (late.content["user"], arrays(late)[2][0]) == (17_900, 179_000)
    assert len(arrays(feed.news(no_sound, reset=True, over=True))[2]) == 3000


def test_scores_keep_their_time_and_value(story: Run) -> None:
    """Times to a quarter of a millisecond, probabilities to 1 in 255."""
    feed = Feed()
    feed.take(story.records())
    _, _, starts, ends, p = arrays(feed.news(story.loudness, reset=True, over=True))
    assert (starts[16], ends[16], p[16], p[15]) == (512, 544, 242, 5)


# --- what if ------------------------------------------------------------------------------------------------------


def scores_of(p: str, start_ms: float = 0.0, epoch: int = 0, scores: Scores | None = None) -> Scores:
    """Return scores of 100 ms windows; a digit is ten times the probability."""
    scores = scores or Scores()
    scores.take({"start_ms": start_ms, "window_ms": 100.0, "p": [int(one) / 10 for one in p]}, epoch)
    return scores


def tried(scores: Scores, threshold: float, *actual: tuple[float, float], silence_ms: float = 300) -> WhatIf:
    spoken = [Spoken(k + 1, *span) for k, span in enumerate(actual)]
    return what_if(scores, EndpointSettings(threshold, silence_ms), spoken, 0, 10_000)


def test_the_threshold_in_force_gives_the_turns_that_were(demo: Run) -> None:
    """The rule is the server's own: what it decided comes out again, to the window, from 5 to 20 s."""
    feed = Feed()
    feed.take(one for one in demo.records() if one.t_ns < 22e9)
    found = feed.what_if(0.5, 5_000, 20_000)
    measured = [turn for turn in demo.turn_list() if turn.kind == "spoken" and 5_000 < (turn.stopped_ms or 0) < 20_000]
    assert [turn.likeness for turn in found.turns] == ["same"] * len(measured)
    decided = [turn.stopped_ms for turn in measured]
    assert [turn.decided_ms for turn in found.turns] == pytest.approx(decided, abs=25)
    assert found.missed == ()


def test_a_what_if_says_which_rule_was_in_force() -> None:
    """The turns are those of server_vad at any rate: with another rule the silence is the one it begins with."""
    found = {}
    for detection in ({"type": "server_vad", "silence_duration_ms": 900}, {"type": "semantic_vad"}, None):
        feed = Feed()
        session = {"session": {"audio": {"input": {"turn_detection": detection}}}}
        feed.take([Record(seq=1, t_ns=0, wall="", dir="recv", type="session.created", event=session)])
        message = feed.what_if(0.4, 0, 5_000).to_message()
        found[message["in_force"]] = message["settings"]["silence_ms"]
    assert found == {"server_vad": 900, "semantic_vad": 500, "none": 500}
    assert Feed().what_if(0.4, 0, 5_000).in_force == "server_vad"


def test_a_high_threshold_cuts_a_turn_in_its_soft_middle() -> None:
    """The first half ends before the speech did; the second is there as well."""
    found = tried(scores_of("0099944449990000"), 0.8, (200, 1200))
    assert [(turn.likeness, turn.decided_ms) for turn in found.turns] == [("cut", 800), ("same", 1500)]


def test_a_low_threshold_merges_two_turns() -> None:
    """What was silence is speech, so both are one."""
    found = tried(scores_of("099444499900000"), 0.3, (100, 300), (700, 1000))
    assert [turn.likeness for turn in found.turns] == ["merged"]


def test_a_soft_turn_is_missed_and_noise_is_new() -> None:
    """Above its best score a turn is not found; below the noise something is found where nobody spoke."""
    assert tried(scores_of("0666000000"), 0.9, (100, 400)).missed == (1,)
    assert tried(scores_of("0222000000"), 0.2).turns[0].likeness == "new"


def test_time_in_which_nothing_was_sent_does_not_count_as_silence() -> None:
    """As for the server, whose clock is the audio's: 100 ms, a gap of 5 s, and 100 ms do not end a turn at 300 ms."""
    found = tried(scores_of("0999000", 5_500, scores=scores_of("09990")), 0.5)
    assert [(turn.start_ms, turn.decided_ms) for turn in found.turns] == [(100, 6_200)]


def test_a_new_connection_begins_anew() -> None:
    """A turn that was open when the connection ended is not continued on the next."""
    found = tried(scores_of("9990000", 400, epoch=1, scores=scores_of("0999")), 0.5)
    assert [(turn.start_ms, turn.decided_ms) for turn in found.turns] == [(100, None), (400, 1000)]
