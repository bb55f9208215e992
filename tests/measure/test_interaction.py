"""Interaction metrics: each definition on a hand-written run whose numbers can be counted on the fingers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.measure.room import Talk, Tape, loud
from voicelab.measure.columns import TABLES
from voicelab.measure.interaction import interaction
from voicelab.measure.metric import METRICS, Metric, base_of, spread
from voicelab.runlog.manifest import Manifest

MANIFEST = Manifest(voicelab_server={"modelled_cost": {"hear_finish_ms": 3.0}})


def metrics(tape: Tape, duration_ms: float = 10_000.0, manifest: Manifest = MANIFEST) -> dict[tuple[str, str], Metric]:
    """Return the metrics of a tape by name and basis."""
    found = interaction(tape.facts(), tape.turns(), duration_ms, manifest, tape.records)
    by_name = {(row.metric, row.basis): row for row in found}
    assert len(by_name) == len(found)
    return by_name


def counts(row: Metric) -> tuple[float | None, int, int]:
    return row.value, row.n, row.n_missing


def three_turns() -> Talk:
    """One turn whose end is found 500 ms late, one that is cut off at 5000 and closed at 6300, one that is missed."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.until(2600)
    talk.found("item_1", 1060, 2500)
    talk.speaks(4000, 6000, pauses_ms=[[4600, 4900], [5200, 5350], [5400, 5660]])
    talk.until(6400)
    talk.found("item_2", 4100, 5000, late_ms=10)
    talk.found("item_3", 5400, 6300, late_ms=10)
    talk.speaks(8000, 9000)
    talk.until(12_000)
    return talk


# --- ends of turns -----------------------------------------------------------------------------------------------


def test_every_labelled_turn_is_judged_whether_it_was_found_or_not() -> None:
    """One of three is cut off, one missed; a missed turn has no latency and is counted as missing, not dropped."""
    found = metrics(three_turns(), 12_000)
    assert counts(found["cut_off_rate", "labelled"]) == (pytest.approx(1 / 3), 3, 0)
    assert counts(found["missed_turn_rate", "labelled"]) == (pytest.approx(1 / 3), 3, 0)
    assert counts(found["endpoint_latency_audio_p50", "labelled"]) == (400.0, 2, 1)
    assert counts(found["endpoint_latency_audio_max", "labelled"]) == (500.0, 2, 1)
    assert counts(found["endpoint_latency_wall_p50", "labelled"]) == (415.0, 2, 1)
    assert counts(found["onset_latency_p50", "labelled"]) == (95.0, 2, 1)


def test_pauses_are_counted_one_by_one_and_short_ones_are_none() -> None:
    """The decision at 5000 lies up to 100 ms behind the first pause; the second is too short, the third is not cut."""
    assert counts(metrics(three_turns(), 12_000)["cut_pauses", "labelled"]) == (0.5, 2, 0)


@pytest.mark.parametrize(("decided_ms", "cut", "missed"), [(1880, 1, 1), (1900, 0, 0), (4500, 0, 0), (4520, 0, 1)])
def test_a_decision_counts_from_100_ms_before_to_2500_after_the_end(decided_ms: int, cut: int, missed: int) -> None:
    """Those are the tolerances of the definition, to the frame."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.until(5000)
    talk.found("item_1", 1060, decided_ms)
    found = metrics(talk)
    assert (found["cut_off_rate", "labelled"].value, found["missed_turn_rate", "labelled"].value) == (cut, missed)


def test_the_first_decision_after_the_end_closes_the_turn() -> None:
    """A second one, of a cough a second later, is not waited for."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.until(4500)
    talk.found("item_2", 3400, 3900)
    talk.found("item_1", 1060, 2200)
    assert metrics(talk)["endpoint_latency_audio_max", "labelled"].value == 200.0


def test_the_input_clock_stands_still_while_nothing_is_sent() -> None:
    """Half a second without sound lies between the end and the decision: on the audio clock it did not happen."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.frames(2600, 3000)
    talk.found("item_1", 1060, 2300, late_ms=700)  # position 2300 of the clock is 2800 on the run's time line
    found = metrics(talk)
    assert found["endpoint_latency_audio_p50", "labelled"].value == pytest.approx(300.0)
    assert found["endpoint_latency_wall_p50", "labelled"].value == pytest.approx(1000.0)


def test_a_true_end_mark_is_a_label() -> None:
    """What the scores estimate becomes known where the user says when they were done; estimates are left without it."""
    talk = Talk()
    talk.clip(0, 3000)
    talk.scores(992, *[0.9] * 20)  # voiced from 992 to 1632
    talk.found("item_1", 900, 2140)
    assert metrics(talk)["endpoint_latency_audio_p50", "estimated"].value == pytest.approx(508.0)
    talk.local_about("mark", 3000, 1540.0, text="True end")
    found = metrics(talk)
    assert counts(found["endpoint_latency_audio_p50", "labelled"]) == (pytest.approx(600.0), 1, 0)
    assert counts(found["endpoint_latency_audio_p50", "estimated"]) == (None, 0, 0)


def test_estimates_are_never_made_where_there_are_labels() -> None:
    """Both bases of one run: the labelled clip is not also guessed at."""
    talk = three_turns()
    talk.scores(992, *[0.9] * 32)
    talk.scores(10_016, *[0.9] * 10)
    found = metrics(talk, 12_000)
    assert found["missed_turn_rate", "labelled"].n == 3
    assert counts(found["missed_turn_rate", "estimated"]) == (1.0, 1, 0)


def test_an_estimated_turn_goes_on_over_pauses_and_a_blip_is_none() -> None:
    """Stretches of scores under a second apart are one turn, so the decision between them cut it; 96 ms are no turn."""
    talk = Talk()
    talk.clip(0, 6000)
    talk.scores(992, *[0.9] * 10)
    talk.found("item_1", 900, 1800)
    talk.scores(2016, *[0.9] * 10)
    talk.found("item_2", 1950, 2800)
    talk.scores(4992, *[0.9] * 3)
    found = metrics(talk)
    assert counts(found["cut_off_rate", "estimated"]) == (1.0, 1, 0)
    assert "estimate" in found["cut_off_rate", "estimated"].note


def test_without_detection_nothing_is_missed() -> None:
    """Who commits by hand has no detector to be judged."""
    talk = Talk(threshold=None)
    talk.speaks(1000, 2000)
    row = metrics(talk)["missed_turn_rate", "labelled"]
    assert counts(row) == (None, 0, 0)
    assert "off" in row.note


# --- gaps and takeovers ------------------------------------------------------------------------------------------


def test_a_gap_is_negative_where_the_agent_overlaps_the_end() -> None:
    """Kept as it is, and counted: one of two answers begins 100 ms before its user's end."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 1980)
    talk.reply("r1", 1900, 1500)
    talk.speaks(5000, 6000)
    talk.found("item_2", 5060, 6500)
    talk.reply("r2", 6550, 1000)
    found = metrics(talk)
    assert counts(found["response_gap_max", "labelled"]) == (550.0, 2, 0)
    assert found["response_gap_p50", "labelled"].value == 225.0
    assert counts(found["response_overlap_rate", "labelled"]) == (0.5, 2, 0)


def test_a_reply_broken_off_inside_the_turn_does_not_answer_it() -> None:
    """The agent fell into a pause and gave way: the gap is to what it said after the end."""
    talk = Talk()
    talk.speaks(1000, 3000)
    talk.found("item_1", 1060, 1700)
    talk.reply("r1", 1720, 1500, heard_ms=400)
    talk.found("item_2", 2080, 3500)
    talk.reply("r2", 3550, 1500)
    assert counts(metrics(talk)["response_gap_p50", "labelled"]) == (550.0, 1, 0)


def test_a_turn_without_an_answer_is_missing() -> None:
    """Before the user's next turn nothing was said."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500)
    talk.speaks(4000, 5000)
    talk.found("item_2", 4060, 5500)
    talk.reply("r1", 5600, 1000)
    found = metrics(talk)
    assert counts(found["response_gap_p50", "labelled"]) == (600.0, 1, 1)
    assert counts(found["takeover_after_turn", "labelled"]) == (0.5, 2, 0)


@pytest.mark.parametrize(
    ("length_ms", "words", "taken"),
    [(900, "a b c", 0), (900, "a b c d", 1), (1000, "a", 1), (5000, "", 1)],
)
def test_the_floor_is_taken_by_a_second_or_by_more_than_three_words(length_ms: int, words: str, taken: int) -> None:
    """Not taken only where both are short: the rule of Full-Duplex-Bench."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500)
    talk.reply("r1", 2600, length_ms, words)
    assert metrics(talk)["takeover_after_turn", "labelled"].value == taken


def test_words_count_as_far_as_they_were_heard() -> None:
    """Of eight words in 4 s only the first quarter was heard: 2 words in 0.9 s do not take the floor."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500)
    talk.reply("r1", 2600, 3600, "a b c d e f g h", heard_ms=900)
    assert metrics(talk)["takeover_after_turn", "labelled"].value == 0


def test_a_pause_in_which_the_agent_answers_is_taken() -> None:
    """It began inside the pause and talked for more than a second."""
    talk = Talk()
    talk.speaks(1000, 4000, pauses_ms=[[1500, 2300], [3000, 3300]])
    talk.found("item_1", 1060, 2000)
    talk.reply("r1", 2100, 3000, heard_ms=1200)
    assert counts(metrics(talk)["takeover_in_pause", "labelled"]) == (0.5, 2, 0)


# --- interruptions -----------------------------------------------------------------------------------------------


def interrupted(*, heard_ms: float = 1140, length_ms: float = 5000, **labels: object) -> Talk:
    """The agent talks from 4500 on and is cut off; the detector heard something at 5500 and said so at 5620."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500, text="tell me")
    talk.reply("r1", 4500, length_ms, heard_ms=heard_ms)
    talk.clip(5400, 1200, **labels)
    talk.until(7000)
    talk.recv("input_audio_buffer.speech_started", 5620, item_id="item_2", audio_start_ms=5500)
    return talk


def test_a_barge_in_is_told_in_its_parts() -> None:
    """Onset 5500, told 5620, silent 5640, truncate 5650, confirmed 5700."""
    talk = interrupted(speech_start_ms=5500, speech_end_ms=6500)
    talk.send("conversation.item.truncate", 5650, item_id="item_r1", content_index=0, audio_end_ms=1139)
    talk.recv("conversation.item.truncated", 5700, item_id="item_r1", audio_end_ms=1139)
    found = metrics(talk)
    parts = ("reaction", "detect", "stop", "truncate", "truncated")
    assert [found[f"barge_in_{part}_p50", "labelled"].value for part in parts] == pytest.approx([140, 120, 20, 10, 50])
    assert counts(found["over_play_p50", "measured"]) == (1.0, 1, 0)
    assert found["over_play_out_of_range", "measured"].value == 0
    assert counts(found["missed_interruption_rate", "labelled"]) == (0.0, 1, 0)
    assert counts(found["takeover_after_interruption", "labelled"]) == (0.0, 1, 0)


def test_a_truncate_beyond_what_was_played_is_out_of_range() -> None:
    """The server would remember what nobody heard."""
    talk = interrupted(speech_start_ms=5500, speech_end_ms=6500)
    talk.send("conversation.item.truncate", 5650, item_id="item_r1", content_index=0, audio_end_ms=1300)
    assert metrics(talk)["over_play_out_of_range", "measured"].value == 1


@pytest.mark.parametrize(("heard_ms", "missed"), [(3000, 0), (3020, 1)])
def test_an_agent_that_goes_on_for_more_than_two_seconds_missed_the_interruption(heard_ms: int, missed: int) -> None:
    """From the onset at 5500: to 7500 it may talk."""
    talk = interrupted(speech_start_ms=5500, speech_end_ms=6500, heard_ms=heard_ms)
    assert metrics(talk)["missed_interruption_rate", "labelled"].value == missed


def test_an_agent_that_was_not_stopped_has_no_reaction_and_is_counted() -> None:
    """It talked to its end: no reaction time, one missing."""
    talk = interrupted(speech_start_ms=5500, speech_end_ms=6500, heard_ms=3000, length_ms=3000)
    assert counts(metrics(talk)["barge_in_reaction_p50", "labelled"]) == (None, 0, 1)


@pytest.mark.parametrize(
    ("labels", "false"),
    [
        ({"speech_start_ms": 5500, "speech_end_ms": 6500}, 0),
        ({"kind": "noise"}, 1),
        ({"kind": "backchannel", "speech_start_ms": 5500, "speech_end_ms": 5800}, 1),
    ],
)
def test_a_stop_is_false_where_the_labels_show_no_user_turn(labels: dict[str, object], false: int) -> None:
    """Noise and a backchannel do not want the floor; per minute of the 1.14 s that were heard."""
    found = metrics(interrupted(**labels))
    assert counts(found["false_interruption_rate", "labelled"]) == (false, 1, 0)
    assert found["false_interruptions_per_min", "labelled"].value == pytest.approx(false * 60 / 1.14)
    assert counts(found["false_interruption_rate", "estimated"]) == (None, 0, 0)


def test_a_user_turn_explains_a_stop_for_one_second() -> None:
    """It ended 1.1 s before the stop: what stopped the agent now is something else."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500)
    talk.reply("r1", 2600, 4000, heard_ms=500)
    talk.clip(2600, 1000, kind="noise")
    talk.recv("input_audio_buffer.speech_started", 3100, item_id="item_2", audio_start_ms=3000)
    assert metrics(talk)["false_interruption_rate", "labelled"].value == 1


@pytest.mark.parametrize(("text", "false"), [("", 1), ("stop", 0)])
def test_without_labels_a_stop_is_false_where_nothing_was_understood(text: str, false: int) -> None:
    """An estimate, under its own basis."""
    talk = interrupted()
    talk.found("item_2", 5500, 6300, late_ms=120, text=text)
    row = metrics(talk)["false_interruption_rate", "estimated"]
    assert counts(row) == (false, 1, 0)
    assert "estimate" in row.note


@pytest.mark.parametrize(("n_windows", "false"), [(15, 1), (16, 0)])
def test_without_a_transcript_half_a_second_of_voice_is_an_interruption(n_windows: int, false: int) -> None:
    """480 ms of voice are too short for one, 512 are not."""
    talk = interrupted()
    talk.scores(5472, *[0.9] * n_windows)
    talk.found("item_2", 5500, 6300, late_ms=120)
    assert metrics(talk)["false_interruption_rate", "estimated"].value == false


@pytest.mark.parametrize(("created_ms", "committed_ms", "resumed"), [(7600, None, 1), (7700, None, 0), (7600, 7000, 0)])
def test_resuming_is_a_response_within_two_seconds_that_nobody_asked_for(
    created_ms: int, committed_ms: int | None, resumed: int
) -> None:
    """The stop is at 5640; a new user message in between makes it an answer."""
    talk = interrupted(kind="noise")
    if committed_ms is not None:
        talk.recv("input_audio_buffer.committed", committed_ms, item_id="item_2")
    talk.created("r2", created_ms)
    assert metrics(talk)["resume_rate", "labelled"].value == resumed


def test_a_stop_that_no_detector_caused_is_no_false_interruption() -> None:
    """The client cut its reply by itself: a button, a new connection."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500)
    talk.reply("r1", 4500, 4000, heard_ms=500)
    talk.until(6000)
    assert counts(metrics(talk)["false_interruption_rate", "labelled"]) == (0.0, 1, 0)


@pytest.mark.parametrize(("heard_ms", "kept"), [(1140, 0), (5000, 1), (4000, 1)])
def test_through_a_backchannel_the_agent_keeps_talking(heard_ms: int, kept: int) -> None:
    """Stopped within 2 s of it: wrong. Stopped later it was by something else."""
    talk = interrupted(kind="backchannel", speech_start_ms=5500, speech_end_ms=5800, heard_ms=heard_ms)
    assert metrics(talk)["backchannel_kept_talking", "labelled"].value == kept


# --- delivery ----------------------------------------------------------------------------------------------------


def test_the_pace_of_delivery_is_measured_against_the_audio() -> None:
    """1 s at 1000, 1 s at 1500, 1 s at 3200: 3 s of audio in 2.2 s; the last comes 200 ms after it was needed."""
    tape = Tape()
    tape.created("r1", 990)
    for at_ms in (1000, 1500, 3200):
        tape.sound("r1", "item_1", at_ms, loud(1000))
    found = metrics(tape)
    assert counts(found["generation_speed_up", "measured"]) == (pytest.approx(3000 / 2200), 1, 0)
    assert found["delivery_spread_p50", "measured"].value == pytest.approx(700.0)  # 1000, 500, 1200
    assert found["delivery_lag_p50", "measured"].value == pytest.approx(200.0)


def test_a_reply_in_one_piece_has_no_pace_and_is_counted() -> None:
    """There is no time between its first and its last delta."""
    tape = Tape()
    tape.created("r1", 990)
    tape.sound("r1", "item_1", 1000, loud(1000))
    assert counts(metrics(tape)["generation_speed_up", "measured"]) == (None, 0, 1)


def test_starving_is_silence_inside_an_item() -> None:
    """0.9 s heard, 0.1 s of silence in between: a tenth of what was due, and one underrun in 0.9 s."""
    tape = Talk()
    tape.created("r1", 990)
    tape.sound("r1", "item_1", 1000, loud(900))
    tape.played("item_1", 1000)
    tape.heard("item_1", 1000, loud(400))
    tape.local_about("playback.underrun", 1400, 400, item_id="item_1")
    tape.heard("item_1", 1500, loud(500))
    tape.stopped("item_1", 2000, 900, 900)
    found = metrics(tape)
    assert found["starved_share", "measured"].value == pytest.approx(0.1)
    assert found["underrun_rate", "measured"].value == pytest.approx(60 / 0.9)


def test_a_function_call_is_told_in_its_parts() -> None:
    """Called 3000, answered 3400, heard of again 4000."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500)
    talk.created("r1", 2600)
    talk.recv("response.function_call_arguments.done", 3000, response_id="r1", call_id="c1", name="f", arguments="{}")
    talk.done("r1", 3000, None)
    talk.send("conversation.item.create", 3400, item={"type": "function_call_output", "call_id": "c1", "output": "ok"})
    talk.reply("r2", 4010, 1000)
    found = metrics(talk)
    assert [found[f"tool_{part}_p50", "measured"].value for part in ("run", "reply", "gap")] == [400, 600, 1000]


def test_no_processing_time_is_made_up() -> None:
    """The log holds none: null, and the modelled cost is named as what it is."""
    row = metrics(Talk())["real_time_factor", "measured"]
    assert counts(row) == (None, 0, 0)
    assert "modelled" in row.note
    assert "hosted" in metrics(Talk(), manifest=Manifest())["real_time_factor", "measured"].note


# --- talk and words ----------------------------------------------------------------------------------------------


def test_talk_and_overlap_are_shares_of_time() -> None:
    """The user 1 s, the agent 2 s from 1800 on: ratio 2, both together 0.2 s of 10; without labels none of it."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 1780)
    talk.reply("r1", 1800, 2000)
    found = metrics(talk)
    assert found["talk_ratio", "labelled"].value == pytest.approx(2.0)
    assert found["overlap_share", "labelled"].value == pytest.approx(0.02)
    assert found["agent_talk_share", "measured"].value == pytest.approx(0.2)
    talk.clip(6000, 1000)
    assert metrics(talk)["talk_ratio", "labelled"].value is None


def test_noise_is_nobodys_speech() -> None:
    """A labelled noise of a second is sent; the user's second stays one."""
    talk = Talk()
    talk.speaks(1000, 2000)
    talk.found("item_1", 1060, 2500)
    talk.speaks(4000, 5000, kind="noise")
    talk.reply("r1", 5600, 2000)
    assert metrics(talk)["talk_ratio", "labelled"].value == pytest.approx(2.0)


def test_labelled_pauses_are_not_speech() -> None:
    """2 s from onset to end with 1 s of pause in it: 1 s of speech."""
    talk = Talk()
    talk.speaks(1000, 3000, pauses_ms=[[1500, 2500]])
    talk.found("item_1", 1060, 3500)
    talk.reply("r1", 3600, 2000)
    assert metrics(talk)["talk_ratio", "labelled"].value == pytest.approx(2.0)


def test_words_are_counted_over_the_whole_run_and_a_cut_turn_as_one() -> None:
    """A turn in two pieces is one text; a turn that was missed is all deletions."""
    talk = Talk()
    talk.speaks(1000, 3000, text="set a timer for five minutes")
    talk.scores(992, *[0.9] * 10)
    talk.found("item_1", 960, 1780, text="set a time")
    talk.scores(2016, *[0.9] * 30)
    talk.found("item_2", 1980, 3480, text="for five minutes please")
    talk.speaks(6000, 7000, text="thank you")
    talk.until(10_000)
    found = metrics(talk)
    words = ("word_substitutions", "word_deletions", "word_insertions")
    assert [found[name, "labelled"].value for name in words] == [1, 2, 1]
    assert counts(found["wer", "labelled"]) == (pytest.approx(4 / 8), 2, 0)


def test_two_clips_that_the_detector_took_for_one_turn_are_one_text() -> None:
    """Both were understood: no word of the second is lost, none was added to the first."""
    talk = Talk()
    talk.speaks(1000, 2000, text="set a timer")
    talk.speaks(2400, 3400, text="for five minutes")
    talk.scores(992, *[0.9] * 75)  # no gap long enough for the detector
    talk.until(5000)
    talk.found("item_1", 960, 3860, text="set a timer for five minutes")
    assert counts(metrics(talk)["wer", "labelled"]) == (0.0, 1, 0)


def test_without_a_transcript_there_is_no_word_error() -> None:
    """Nothing was written down: that is not all wrong, it is unknown, also of a turn that was not even found."""
    talk = Talk()
    talk.speaks(1000, 2000, text="hello")
    talk.found("item_1", 1060, 2500)
    talk.speaks(4000, 5000, text="hello")
    assert counts(metrics(talk)["wer", "labelled"]) == (None, 0, 2)


def test_a_turn_whose_transcript_did_not_come_is_missing() -> None:
    """Others of the run were written down: its words are unknown, not lost."""
    talk = Talk()
    talk.speaks(1000, 2000, text="hello")
    talk.found("item_1", 1060, 2500, text="hello")
    talk.speaks(4000, 5000, text="thank you")
    talk.found("item_2", 4060, 5500)
    assert counts(metrics(talk)["wer", "labelled"]) == (0.0, 1, 1)


def test_words_in_another_language_are_missing() -> None:
    """The measure would tear them apart; what was understood in place of English is an error all the same."""
    talk = Talk()
    talk.speaks(1000, 2000, text="für dich")
    talk.found("item_1", 1060, 2500, text="for dish")
    talk.speaks(4000, 5000, text="hello")
    talk.found("item_2", 4060, 5500, text="Café")
    assert counts(metrics(talk)["wer", "labelled"]) == (1.0, 1, 1)


# --- the table ---------------------------------------------------------------------------------------------------


def test_latencies_of_the_turn_table_keep_their_bases_apart(conversation: Tape) -> None:
    """One turn is known by its label, the others by scores or the detector: two rows, each with its own n."""
    turns = [turn for turn in conversation.turns() if turn.kind == "spoken"]
    labelled = [turn.voice_to_voice_ms for turn in turns if turn.speech_end_from == "label"]
    found = metrics(conversation)
    assert found["voice_to_voice_p50", "labelled"].n == len(labelled) == 1
    assert found["voice_to_voice_max", "labelled"].value == labelled[0]
    row = found["voice_to_voice_p50", "estimated"]
    assert row.n + row.n_missing == len(turns) - 1
    assert "estimate" in row.note


def test_negative_latencies_of_the_turn_table_stay() -> None:
    """An overlap set to 0 would hide the agent that falls into the user's word."""
    talk = three_turns()
    first, *others = talk.turns()
    turns = [replace(first, voice_to_voice_ms=-250.0), *others]
    rows = interaction(talk.facts(), turns, 12_000, MANIFEST, talk.records)
    assert next(row.value for row in rows if (row.metric, row.basis) == ("voice_to_voice_p50", "labelled")) == -250.0


def test_an_estimated_end_is_the_turn_tables() -> None:
    """Scores end late; where the table has looked at the sound, all latencies are from the same end."""
    talk = Talk()
    talk.clip(0, 3000)
    talk.scores(992, *[0.9] * 20)  # voiced from 992 to 1632
    talk.found("item_1", 900, 2140)
    turns = [replace(turn, speech_end_ms=1540.0) for turn in talk.turns()]
    rows = interaction(talk.facts(), turns, 10_000, MANIFEST, talk.records)
    found = {(row.metric, row.basis): row.value for row in rows}
    assert found["endpoint_latency_audio_p50", "estimated"] == pytest.approx(600.0)


def test_a_95th_percentile_waits_for_twenty_turns() -> None:
    """Below that the row says what the greatest was; it is a row of its own as well."""
    few = spread("voice_to_voice", "labelled", [float(n) for n in range(19)], n_missing=2)
    assert [(row.n, row.n_missing) for row in few] == [(19, 2)] * 3
    assert (few[1].metric, few[1].value) == ("voice_to_voice_p95", None)
    assert "18" in few[1].note
    assert (few[2].metric, few[2].value) == ("voice_to_voice_max", 18.0)
    assert spread("voice_to_voice", "labelled", [float(n) for n in range(20)])[1].value == pytest.approx(18.05)


@pytest.mark.parametrize("build", [Tape, Talk, three_turns, interrupted])
def test_a_metric_without_a_value_says_why(build: Callable[[], Tape]) -> None:
    """Whatever the run holds, each metric is there in each of its bases; null is never without a reason."""
    found = metrics(build(), 12_000)
    for row in found.values():
        assert row.unit == METRICS[base_of(row.metric)].unit
        assert row.value is not None or row.note, row
        assert row.value is not None or (row.low, row.high) == (None, None)
    assert {row.metric.removesuffix("_p50").removesuffix("_p95").removesuffix("_max") for row in found.values()} == {
        name for name in METRICS
    }


def test_without_records_the_rest_is_there() -> None:
    """A caller who has only the facts gets what needs no more, and is told."""
    talk = three_turns()
    rows = interaction(talk.facts(), talk.turns(), 12_000, MANIFEST)
    by_name = {(row.metric, row.basis): row for row in rows}
    assert by_name["missed_turn_rate", "labelled"].note == "the run's records were not given"
    assert by_name["endpoint_latency_audio_p50", "labelled"].value is None


def test_a_row_has_the_columns_of_the_table() -> None:
    """The dataclass is the table's row."""
    columns = [column.name for column in TABLES["metrics"]]
    assert [*Metric.__dataclass_fields__, "metric_version"] == columns
