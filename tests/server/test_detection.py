"""The turn rule that a session's turn_detection means, and its taking over of an open turn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.server.input_room import words_with_pause
from tests.server.room import Client, converse, spoken
from voicelab.audio.samples import Samples
from voicelab.audio.signals import silence, tone
from voicelab.protocol.settings import SemanticVAD, ServerVAD
from voicelab.server.detection import Detection, settings_of
from voicelab.turns.endpoint import Ended, EndpointSettings, Moment, Pausing, Started, find_turns
from voicelab.turns.scores import Score, score_clip
from voicelab.turns.semantic import SemanticSettings, find_semantic_turns


def scores_of(samples: Samples) -> list[Score]:
    """Score a clip by its loudness."""
    return score_clip(samples, detector="energy")


def feed(detection: Detection, samples: Samples, from_ms: float = 0.0) -> list[Moment]:
    """Give a rule audio and its scores, beginning at ``from_ms`` of the audio clock."""
    detection.hear(samples)
    scores = [Score(s.start_ms + from_ms, s.end_ms + from_ms, s.probability) for s in scores_of(samples)]
    return [moment for score in scores for moment in detection.feed(score)]


def kinds(moments: list[Moment]) -> list[type[Moment]]:
    """Return what happened, without the times."""
    return [type(moment) for moment in moments]


def test_wire_settings_are_the_rules_settings() -> None:
    """Every field of server_vad that decides a turn, and the eagerness of semantic_vad."""
    server = ServerVAD(threshold=0.7, prefix_padding_ms=123, silence_duration_ms=456)
    assert settings_of(server) == EndpointSettings(threshold=0.7, prefix_padding_ms=123, silence_ms=456)
    assert settings_of(SemanticVAD(eagerness="high")) == SemanticSettings(eagerness="high")


@pytest.mark.parametrize("start_ms", [0.0, 90_000.0])
def test_decides_as_the_rules_of_a_recording_do(start_ms: float) -> None:
    """Both kinds find the turns that `turns` finds, wherever on the clock the audio begins."""
    samples = words_with_pause(400, after_ms=6_000)
    scores = scores_of(samples)
    for wire, expected in (
        (ServerVAD(silence_duration_ms=300), find_turns(scores, EndpointSettings(silence_ms=300))),
        (SemanticVAD(eagerness="high"), find_semantic_turns(samples, scores, SemanticSettings("high"))),
    ):
        moments = feed(Detection(wire, start_ms), samples, start_ms)
        found = [(m.speech_start_ms, m.padded_start_ms) for m in moments if isinstance(m, Started)]
        assert found == [(t.speech_start_ms + start_ms, t.padded_start_ms + start_ms) for t in expected]
        ended = [(m.speech_end_ms, m.at_ms) for m in moments if isinstance(m, Ended)]
        assert ended == [(t.speech_end_ms + start_ms, t.decided_ms + start_ms) for t in expected if t.decided_ms]
        assert ended


def test_change_within_a_kind_keeps_the_turn_and_counts_the_silence() -> None:
    """400 ms of silence end a turn at once when 300 are enough from now on."""
    detection = Detection(ServerVAD(silence_duration_ms=900), 0.0)
    feed(detection, np.concatenate([tone(300, 500), silence(400)]))
    assert detection.speaking
    assert detection.paused
    assert detection.change(ServerVAD(silence_duration_ms=300))
    assert kinds(feed(detection, silence(20), 900.0)) == [Ended]
    assert not detection.paused


@pytest.mark.parametrize(
    ("old", "new"), [(ServerVAD(), SemanticVAD()), (SemanticVAD(), ServerVAD())], ids=["to semantic", "to server"]
)
def test_other_kind_is_not_a_change_but_another_rule(
    old: ServerVAD | SemanticVAD, new: ServerVAD | SemanticVAD
) -> None:
    """The one who holds the rule is told, and the rule stays as it was."""
    detection = Detection(old, 0.0)
    before = detection.threshold, detection.prefix_padding_ms
    assert not detection.change(new)
    assert (detection.threshold, detection.prefix_padding_ms) == before


@pytest.mark.parametrize("new", [ServerVAD(), SemanticVAD()])
def test_open_turn_is_taken_over_without_a_second_start(new: ServerVAD | SemanticVAD) -> None:
    """A fresh rule goes on inside the turn: the next moment is its pause, then its end."""
    samples = tone(300, 500)
    detection = Detection(new, 0.0)
    assert detection.resume(samples, scores_of(samples), "")
    assert detection.speaking
    assert kinds(feed(detection, silence(9_000), 500.0)) == [Pausing, Ended]


def test_pause_under_way_is_taken_over_and_its_silence_counts() -> None:
    """After 400 ms of silence heard before, 120 more make 500."""
    samples = np.concatenate([tone(300, 500), silence(400)])
    detection = Detection(ServerVAD(silence_duration_ms=500), 0.0)
    assert detection.resume(samples, scores_of(samples), "")
    assert detection.paused
    (ended,) = feed(detection, silence(200), 900.0)
    assert isinstance(ended, Ended)
    assert ended.at_ms == pytest.approx(1_000, abs=40)


def test_turn_that_the_new_rule_would_have_ended_is_over() -> None:
    """A second of silence is more than this rule waits."""
    samples = np.concatenate([tone(300, 500), silence(1_000)])
    detection = Detection(ServerVAD(silence_duration_ms=500), 0.0)
    assert not detection.resume(samples, scores_of(samples), "")


def test_inner_pause_does_not_split_a_turn_that_is_taken_over() -> None:
    """What the new rule would have made of an earlier pause does not matter: speech goes on, and so does the turn."""
    samples = np.concatenate([tone(300, 500), silence(1_000), tone(300, 40)])
    detection = Detection(ServerVAD(silence_duration_ms=200), 0.0)
    assert detection.resume(samples, scores_of(samples), "")


@pytest.mark.parametrize("threshold", [0.5, 0.99])
def test_shortest_turn_can_be_taken_over(threshold: float) -> None:
    """One window is enough, also one that the new threshold would not call speech."""
    score = Score(1_000.0, 1_032.0, 0.6)
    detection = Detection(ServerVAD(threshold=threshold), 0.0)
    assert detection.resume(tone(300, 32), [score], "")


def test_words_decide_when_semantic_detection_ends_a_turn() -> None:
    """A trailing "and" is waited for longer than a whole question."""

    def end_ms(words: str) -> float:
        detection = Detection(SemanticVAD(), 0.0)
        feed(detection, np.concatenate([silence(100), tone(300, 800)]))
        detection.read(words)
        (ended,) = (m for m in feed(detection, silence(9_000), 900.0) if isinstance(m, Ended))
        return ended.at_ms

    assert end_ms("what time is it") < end_ms("i would like some tea and")


def test_words_of_the_turn_are_taken_over_with_it() -> None:
    """Semantic detection that comes into a pause knows what was said before it."""

    def wait_ms(words: str) -> float:
        samples = np.concatenate([tone(300, 800), silence(200)])
        detection = Detection(SemanticVAD(), 0.0)
        assert detection.resume(samples, scores_of(samples), words)
        (ended,) = (m for m in feed(detection, silence(9_000), 1_000.0) if isinstance(m, Ended))
        return ended.at_ms

    assert wait_ms("what time is it") < wait_ms("i would like some tea and")


def test_restart_forgets_the_turn() -> None:
    """After a commit the next speech is another turn."""
    detection = Detection(ServerVAD(), 0.0)
    feed(detection, tone(300, 500))
    detection.restart(500.0)
    assert not detection.speaking
    assert kinds(feed(detection, tone(300, 200), 500.0)) == [Started]


def test_the_same_words_end_alike_before_and_after_an_answer() -> None:
    """What an answered turn was like says nothing of the next one, however soon it comes."""

    async def talk(client: Client) -> None:
        vad = {"type": "semantic_vad", "eagerness": "high"}
        session = {"type": "realtime", "output_modalities": ["text"], "audio": {"input": {"turn_detection": vad}}}
        await client.send("session.update", session=session)
        for n in (1, 2):
            await client.append(spoken("sum"))
            await client.until("response.done", n=n)

    client = converse(talk)
    begun, ended = client.of("input_audio_buffer.speech_started"), client.of("input_audio_buffer.speech_stopped")
    first_ms, second_ms = (
        end["audio_end_ms"] - start["audio_start_ms"] for start, end in zip(begun, ended, strict=True)
    )
    assert abs(first_ms - second_ms) <= 64
