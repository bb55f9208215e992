"""Promises of `voicelab.measure.turns`: every column, counted by hand (the conversation is in ``conftest``)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.measure.room import Tape, loud, silent, usage
from voicelab.measure.turns import Turn, turns_of

PARTS = ("endpoint_ms", "request_ms", "model_ms", "playout_ms", "leading_silence_ms")


def expect(found: Turn, /, **columns: Any) -> None:
    """Compare every column of a turn."""
    got = asdict(found)
    assert got.keys() == columns.keys()
    for key, counted in columns.items():
        assert got[key] == (pytest.approx(counted) if isinstance(counted, float) else counted), key


# --- the four turns ------------------------------------------------------------------------------------------


def test_every_column_of_a_labelled_turn(conversation: Tape) -> None:
    """The end of speech is the label's 1100; sound is audible at 1657, 7 ms later than the parts explain."""
    expect(
        conversation.turns()[0],
        turn=1,
        kind="spoken",
        epoch=0,
        transcript="hello there",
        reply="General greetings.",
        calls=(),
        status="completed",
        interrupted=False,
        speech_start_ms=300.0,
        speech_end_ms=1100.0,
        speech_end_from="label",
        stopped_ms=1425.0,
        first_played_ms=1600.0,
        endpoint_ms=325.0,
        request_ms=15.0,
        model_ms=150.0,
        playout_ms=10.0,
        leading_silence_ms=50.0,
        voice_to_voice_ms=557.0,
        residual_ms=7.0,
        first_audio_ms=165.0,
        generated_ms=500.0,
        delivered_ms=500.0,
        heard_ms=500.0,
        remembered_ms=500.0,
        input_tokens=132,
        cached_tokens=64,
        output_tokens=40,
        audio_tokens_out=10,
        cost_usd=(55 * 4 + 64 * 0.4 + 30 * 16 + 13 * 32 + 10 * 64) / 1e6,
        item_id="item_u1",
        first_audible_ms=1657.0,
        from_stopped_ms=232.0,
        transcript_delay_ms=330.0,
        wasted_ms=0.0,
        history_tokens=0,
        history_usd=0.0,
        wasted_usd=0.0,
        transcription_usd=None,
        clamped=False,
    )


def test_every_column_of_an_interrupted_turn(conversation: Tape) -> None:
    """Generated 3 s (60 tokens of 50 ms), delivered 2 s, heard and remembered 640 ms, billed whole."""
    expect(
        conversation.turns()[1],
        turn=2,
        kind="spoken",
        epoch=0,
        transcript=None,
        reply="Once upon a time there was",
        calls=(),
        status="cancelled",
        interrupted=True,
        speech_start_ms=2496.0,
        speech_end_ms=3040.0,
        speech_end_from="speech scores",
        stopped_ms=3560.0,
        first_played_ms=3710.0,
        endpoint_ms=520.0,
        request_ms=20.0,
        model_ms=120.0,
        playout_ms=10.0,
        leading_silence_ms=0.0,
        voice_to_voice_ms=670.0,
        residual_ms=0.0,
        first_audio_ms=140.0,
        generated_ms=3000.0,
        delivered_ms=2000.0,
        heard_ms=640.0,
        remembered_ms=640.0,
        input_tokens=196,
        cached_tokens=132,
        output_tokens=100,
        audio_tokens_out=60,
        cost_usd=(41 * 4 + 119 * 0.4 + 40 * 16 + 23 * 32 + 13 * 0.4 + 60 * 64) / 1e6,
        item_id="item_u2",
        first_audible_ms=3710.0,
        from_stopped_ms=150.0,
        transcript_delay_ms=None,
        wasted_ms=2360.0,
        history_tokens=119 + 30 + 13 + 10,  # all that was sent and said in turn 1
        history_usd=(30 * 4 + 119 * 0.4 + 10 * 32 + 13 * 0.4) / 1e6,
        wasted_usd=2360 / 50 * 64 / 1e6,
        transcription_usd=None,
        clamped=False,
    )


def test_every_column_of_a_turn_with_a_tool(conversation: Tape) -> None:
    """Two responses are one turn: the wait for the function is model time, tokens and money are those of both."""
    call_usd = (40 * 4 + 160 * 0.4 + 20 * 16 + 20 * 32 + 30 * 0.4) / 1e6
    reply_usd = (10 * 4 + 220 * 0.4 + 4 * 16 + 50 * 0.4 + 8 * 64) / 1e6
    expect(
        conversation.turns()[2],
        turn=3,
        kind="spoken",
        epoch=0,
        transcript=None,
        reply="Sunny.",
        calls=('get_weather({"city": "Rome"})',),
        status="completed",
        interrupted=False,
        speech_start_ms=4000.0,
        speech_end_ms=5290.0,
        speech_end_from="detector",
        stopped_ms=5300.0,
        first_played_ms=5620.0,
        endpoint_ms=10.0,
        request_ms=10.0,
        model_ms=290.0,
        playout_ms=20.0,
        leading_silence_ms=0.0,
        voice_to_voice_ms=330.0,
        residual_ms=0.0,
        first_audio_ms=300.0,
        generated_ms=400.0,
        delivered_ms=400.0,
        heard_ms=400.0,
        remembered_ms=400.0,
        input_tokens=530,
        cached_tokens=460,
        output_tokens=32,
        audio_tokens_out=8,
        cost_usd=call_usd + reply_usd,
        item_id="item_u3",
        first_audible_ms=5620.0,
        from_stopped_ms=320.0,
        transcript_delay_ms=None,
        wasted_ms=0.0,
        # Of the reply before, 640 ms are remembered: 13 tokens; then the same again for the answer to the function.
        history_tokens=(200 + 36 + 13) + (220 + 50),
        history_usd=((40 * 4 + 160 * 0.4 + 19 * 32 + 30 * 0.4) + (220 * 0.4 + 50 * 0.4)) / 1e6,
        wasted_usd=0.0,
        transcription_usd=None,
        clamped=False,
    )


def test_every_column_of_a_typed_turn(conversation: Tape) -> None:
    """What was never spoken has no end of speech, so no endpoint and no voice-to-voice: null, not 0."""
    expect(
        conversation.turns()[3],
        turn=4,
        kind="typed",
        epoch=0,
        transcript="And tomorrow?",
        reply="Rain.",
        calls=(),
        status="completed",
        interrupted=False,
        speech_start_ms=None,
        speech_end_ms=None,
        speech_end_from=None,
        stopped_ms=None,
        first_played_ms=7110.0,
        endpoint_ms=None,
        request_ms=None,
        model_ms=70.0,
        playout_ms=10.0,
        leading_silence_ms=30.0,
        voice_to_voice_ms=None,
        residual_ms=None,
        first_audio_ms=90.0,
        generated_ms=300.0,
        delivered_ms=300.0,
        heard_ms=300.0,
        remembered_ms=300.0,
        input_tokens=298,
        cached_tokens=284,
        output_tokens=9,
        audio_tokens_out=6,
        cost_usd=(6 * 4 + 234 * 0.4 + 3 * 16 + 8 * 32 + 50 * 0.4 + 6 * 64) / 1e6,
        item_id="typed-317",
        first_audible_ms=7140.0,
        from_stopped_ms=None,
        transcript_delay_ms=None,
        wasted_ms=0.0,
        history_tokens=292,
        history_usd=(234 * 0.4 + 8 * 32 + 50 * 0.4) / 1e6,
        wasted_usd=0.0,
        transcription_usd=None,
        clamped=False,
    )


# --- the latency stack ---------------------------------------------------------------------------------------


def a_turn(**instants: Any) -> Tape:
    """Write one spoken turn whose speech ends at 1000 by the label; the reply plays from ``played`` on."""
    at = {"stopped": 1300, "created": 1310, "delta": 1400, "played": 1410, "heard": 1410, "silence": 0, **instants}
    tape = Tape()
    tape.opened(0)
    tape.local("source.started", 0, clip="a.wav", labels={"speech_start_ms": 200, "speech_end_ms": 1000})
    tape.frames(0, 2000)
    tape.spoke("item_u", 100, 1200, started_ms=500, stopped_ms=at["stopped"])
    tape.created("resp", at["created"])
    samples = np.concatenate([silent(at["silence"]), loud(200)])
    tape.sound("resp", "item_a", at["delta"], samples)
    tape.played("item_a", at["played"])
    tape.heard("item_a", at["heard"], samples)
    tape.stopped("item_a", at["heard"] + 200 + at["silence"], 200.0 + at["silence"], 200.0 + at["silence"])
    return tape


WAIT_MS = st.integers(0, 700)


@given(st.tuples(WAIT_MS, WAIT_MS, WAIT_MS, WAIT_MS), st.integers(0, 300), st.integers(0, 19))
def test_the_parts_sum_to_the_whole_within_a_frame(waits: tuple[int, ...], silence: int, late: int) -> None:
    """Whatever the waits: voice to voice is the five parts and a residual, which is how late the sink really began."""
    stopped = 1200 + waits[0]
    created, delta, played = (stopped + sum(waits[1:k]) for k in (2, 3, 4))
    tape = a_turn(stopped=stopped, created=created, delta=delta, played=played, heard=played + late, silence=silence)
    turn = tape.turns()[0]
    parts = [getattr(turn, part) for part in PARTS]
    assert parts == pytest.approx([stopped - 1000, *waits[1:], silence])
    assert turn.voice_to_voice_ms == pytest.approx(sum(parts) + late)
    assert turn.residual_ms == pytest.approx(late)


def test_an_answer_before_the_end_is_a_negative_gap() -> None:
    """The agent that overlaps the user's end has an endpoint and a voice-to-voice below zero; nothing is clamped."""
    turn = a_turn(stopped=900, created=910, delta=920, played=930, heard=930).turns()[0]
    assert (turn.endpoint_ms, turn.voice_to_voice_ms, turn.residual_ms) == (-100, -70, 0)


def test_without_sound_the_parts_that_need_it_are_unknown() -> None:
    """A run without its tracks keeps what its records say."""
    tape = a_turn()
    turn = turns_of(tape.facts(), tape.records, None, lambda track, start, n: silent(0))[0]
    assert (turn.leading_silence_ms, turn.voice_to_voice_ms, turn.residual_ms) == (None, None, None)
    assert (turn.endpoint_ms, turn.request_ms, turn.model_ms, turn.playout_ms) == (300, 10, 90, 10)


def test_a_reply_that_was_never_audible_has_no_voice_to_voice() -> None:
    """Silence is no answer."""
    tape = a_turn()
    turn = turns_of(tape.facts(), tape.records, None, lambda track, start, n: silent(n / 24))[0]
    assert (turn.leading_silence_ms, turn.voice_to_voice_ms, turn.residual_ms) == (None, None, None)


def test_a_reply_that_was_not_heard_yet_has_no_playout() -> None:
    """The run goes on: what has not happened is null."""
    tape = a_turn()
    tape.records = [record for record in tape.records if not record.type.startswith("voicelab.playback")]
    tape.local("session.opened", 0, epoch=0)
    turn = tape.turns()[0]
    assert (turn.first_played_ms, turn.playout_ms, turn.voice_to_voice_ms, turn.residual_ms) == (None,) * 4
    assert (turn.model_ms, turn.heard_ms, turn.delivered_ms) == (90, 0, 200)


def test_what_was_heard_is_unknown_where_nobody_played() -> None:
    """The log of a client that told nothing of its player: null, not 0, and no waste either."""
    tape = a_turn()
    tape.records = [record for record in tape.records if not record.type.startswith("voicelab.playback")]
    response_id = next(iter(tape.facts().responses))
    tape.done(response_id, 9000, usage(text=(9, 0, 1), audio=(0, 0, 6)), "cancelled", reason="turn_detected")
    turn = tape.turns()[0]
    assert (turn.heard_ms, turn.wasted_ms, turn.wasted_usd, turn.generated_ms) == (None, None, None, 300)


def test_only_the_first_seconds_of_a_reply_are_searched_for_sound() -> None:
    """A reply that begins with six silent seconds has no first audible sample: it is broken, not slow."""
    tape = Tape()
    tape.typed("Hello?", 0)
    tape.send("response.create", 10)
    tape.created("resp_1", 20)
    tape.sound("resp_1", "item_a1", 30, np.concatenate([silent(6000), loud(200)]))
    tape.played("item_a1", 40)
    for n in range(31):
        tape.heard("item_a1", 40 + n * 200, silent(200) if n < 30 else loud(200))
    assert tape.turns()[0].leading_silence_ms is None


def test_sound_whose_place_is_not_in_the_log_is_not_guessed() -> None:
    """A first delta without a reference into the track is output, but nobody can say what it sounded like."""
    tape = Tape()
    tape.typed("Hello?", 0)
    tape.send("response.create", 10)
    tape.created("resp_1", 20)
    tape.recv("response.output_audio.delta", 30, response_id="resp_1", item_id="item_a1", delta={})
    tape.sound("resp_1", "item_a1", 40, loud(200))
    turn = tape.turns()[0]
    assert (turn.model_ms, turn.leading_silence_ms, turn.delivered_ms) == (10, None, 200)


# --- where speech ended --------------------------------------------------------------------------------------


def test_a_label_that_ends_after_the_turn_is_not_the_turns_label() -> None:
    """Who was cut off early spoke on: the end of that turn's speech is estimated, and says so."""
    tape = Tape()
    tape.opened(0)
    tape.local("source.started", 0, clip="a.wav", labels={"speech_start_ms": 200, "speech_end_ms": 1900})
    tape.frames(0, 3000)
    tape.scores(480, *[0.9] * 10)
    tape.scores(1280, *[0.9] * 20)
    tape.spoke("item_u1", 100, 1200, started_ms=500, stopped_ms=1210)
    tape.spoke("item_u2", 1201, 2400, started_ms=1500, stopped_ms=2410)
    one, two = tape.turns()
    assert (one.speech_end_ms, one.speech_end_from) == (800.0, "speech scores")
    assert (two.speech_start_ms, two.speech_end_ms, two.speech_end_from) == (1201.0, 1900.0, "label")


def test_scores_are_read_with_the_threshold_that_was_in_force() -> None:
    """The same score is speech under a lower threshold, and was none under the one before."""
    tape = Tape()
    tape.opened(0, threshold=0.5)
    tape.frames(0, 4000)
    tape.scores(0, *[0.9] * 10, *[0.4] * 10, at_ms=640)
    tape.spoke("item_u1", 0, 1000, started_ms=100, stopped_ms=1000)
    tape.opened(1500, threshold=0.3, kind="session.updated")
    tape.scores(1600, *[0.9] * 10, *[0.4] * 10, at_ms=2240)
    tape.spoke("item_u2", 1500, 3000, started_ms=1700, stopped_ms=3000)
    assert [turn.speech_end_ms for turn in tape.turns()] == [320.0, 2240.0]


def test_without_a_threshold_the_documented_one_is_taken() -> None:
    """Semantic detection names none: half is speech."""
    tape = Tape()
    tape.opened(0, threshold=None)
    tape.frames(0, 1000)
    tape.scores(0, 0.9, 0.5, 0.49)
    tape.spoke("item_u1", 0, 900, started_ms=100, stopped_ms=900)
    assert tape.turns()[0].speech_end_ms == 64.0


def test_a_turn_of_a_second_connection_lies_where_it_was_spoken() -> None:
    """The server's clock began anew, the run's did not."""
    tape = Tape()
    tape.opened(0)
    tape.frames(0, 1000)
    tape.epoch = 1
    tape.opened(5000)
    tape.frames(5000, 6000)
    tape.spoke("item_u1", 100, 900, started_ms=5300, stopped_ms=5910)
    turn = tape.turns()[0]
    assert (turn.epoch, turn.speech_start_ms, turn.speech_end_ms, turn.endpoint_ms) == (1, 5100.0, 5900.0, 10.0)


def test_a_turn_that_was_committed_by_hand_has_no_detected_end() -> None:
    """Push-to-talk is spoken, but nobody said where speech began or ended; latency counts from the request."""
    tape = Tape()
    tape.opened(0, threshold=None)
    tape.frames(0, 1000)
    tape.recv("input_audio_buffer.committed", 1010, item_id="item_u1")
    tape.send("response.create", 1020)
    tape.created("resp_1", 1030)
    tape.sound("resp_1", "item_a1", 1100, loud(100))
    turn = tape.turns()[0]
    assert (turn.kind, turn.speech_end_ms, turn.speech_end_from, turn.endpoint_ms) == ("spoken", None, None, None)
    assert (turn.model_ms, turn.first_audio_ms) == (70, 80)


def test_positions_without_sent_audio_are_unknown() -> None:
    """A log whose appends are gone cannot say where speech was."""
    tape = Tape()
    tape.spoke("item_u1", 0, 900, started_ms=100, stopped_ms=900)
    turn = tape.turns()[0]
    assert (turn.speech_start_ms, turn.speech_end_ms, turn.speech_end_from) == (None, None, None)


# --- the ledger and the money --------------------------------------------------------------------------------


def test_a_turn_without_an_answer_says_so() -> None:
    """Nothing was said, played or billed; the cost is unknown, not 0."""
    tape = Tape()
    tape.frames(0, 1000)
    tape.spoke("item_u1", 0, 900, started_ms=100, stopped_ms=900)
    turn = tape.turns()[0]
    assert (turn.status, turn.reply, turn.calls, turn.interrupted) == ("no response", "", (), False)
    assert (turn.generated_ms, turn.delivered_ms, turn.heard_ms, turn.remembered_ms) == (0, 0, 0, 0)
    assert (turn.input_tokens, turn.output_tokens, turn.cost_usd) == (0, 0, None)


def test_without_a_usage_as_much_was_generated_as_arrived() -> None:
    """A server that counts nothing: the ledger goes by the sound, the cost is unknown."""
    tape = a_turn()
    tape.done("resp", 1700, None)
    turn = tape.turns()[0]
    assert (turn.status, turn.generated_ms, turn.delivered_ms, turn.cost_usd) == ("completed", 200, 200, None)


def test_a_reply_that_was_cut_before_its_first_sample_is_forgotten() -> None:
    """It was made and delivered; nothing of it was heard, and the server was told to delete it."""
    tape = Tape()
    tape.local("session.opened", 0, epoch=0)
    tape.typed("Hello?", 0)
    tape.send("response.create", 10)
    tape.created("resp_1", 20)
    tape.sound("resp_1", "item_a1", 30, loud(200))
    tape.recv("conversation.item.deleted", 60, item_id="item_a1")
    tape.done("resp_1", 70, usage(text=(9, 0, 1), audio=(0, 0, 6)), "cancelled", reason="turn_detected")
    turn = tape.turns()[0]
    assert (turn.interrupted, turn.status) == (True, "cancelled")
    assert (turn.generated_ms, turn.delivered_ms, turn.heard_ms, turn.remembered_ms) == (300, 200, 0, 0)


def test_a_reply_that_was_interrupted_after_it_was_made_counts_as_interrupted() -> None:
    """The response is complete, the listener was not: playback decides."""
    tape = a_turn()
    tape.done("resp", 1420, usage(text=(9, 0, 1), audio=(0, 0, 4)))
    tape.records = [record for record in tape.records if record.type != "voicelab.playback.stopped"]
    tape.stopped("item_a", 1460, 50.0, 200.0, "interrupted")
    turn = tape.turns()[0]
    assert (turn.status, turn.interrupted, turn.heard_ms) == ("completed", True, 50.0)


def test_an_unknown_price_is_null(conversation: Tape) -> None:
    """Every turn has its tokens and no cost: unknown is never 0."""
    assert [turn.cost_usd for turn in conversation.turns(price=None)] == [None] * 4
    assert [turn.input_tokens for turn in conversation.turns(price=None)] == [132, 196, 530, 298]


def test_a_reply_that_begins_silently_is_heard_through_as_many_pieces_as_it_came_in() -> None:
    """The first audible sample may be pieces away, whether they follow each other or not."""
    tape = Tape()
    tape.opened(0)
    labelled_turn_until_answered(tape)
    tape.sound("resp_1", "item_a1", 1500, np.concatenate([silent(300), loud(100)]))
    tape.played("item_a1", 1600)
    for start_ms, piece in ((1600, silent(100)), (1700, silent(100)), (1900, silent(100)), (2000, loud(100))):
        tape.heard("item_a1", start_ms, piece)
    (turn,) = tape.turns()
    # The pieces are put together without the pause that was between them, as the sink played them.
    assert turn.voice_to_voice_ms == pytest.approx(1600 + 300 - 1000, abs=1)


def labelled_turn_until_answered(tape: Tape) -> None:
    tape.local("source.started", 0, clip="a.wav", labels={"speech_end_ms": 1000})
    tape.frames(0, 1400)
    tape.spoke("item_u1", 0, 1400, started_ms=300, stopped_ms=1400)
    tape.created("resp_1", 1450)
