"""The report's tables."""

from __future__ import annotations

from voicelab.measure.run import Run
from voicelab.plots.report_tables import provenance_tables, trouble_table, turns_table

from .conftest import Stage


def test_the_ledger_of_an_interrupted_reply_is_in_its_row(run: Run) -> None:
    """Generated, delivered, heard, remembered and billed differ after a barge-in."""
    row = turns_table(run, "run-1").split('id="run-1-turn-2"')[1].split("</tr>")[0]
    told = [cell.split(">")[-1].replace("\u00a0", " ") for cell in row.split("</td>")][-6:-1]
    assert told == ["4.0 s", "3.0 s", "0.8 s (cut off)", "0.8 s", "80 tokens"]


def test_what_nobody_billed_is_not_called_billed(run: Run, stage: Stage) -> None:
    """The head of the column depends on who was on the other side."""
    assert ">would be billed<" in turns_table(run, "run-1")
    hosted = stage(prices={"model": "gpt-realtime", "billed": True})
    hosted.send_audio(0, 2000, speech=(500, 1500))
    hosted.spoken("item_u1", 200, 2000, "hi")
    assert ">billed<" in turns_table(hosted.run(), "run-1")


def test_an_estimated_reply_time_says_so(run: Run) -> None:
    """Only labelled times stand alone."""
    written = turns_table(run, "run-1").replace("\u00a0", " ")
    assert "544 ms (estimated)" in written
    assert "512 ms<" in written


def test_each_turn_can_be_played_and_found(run: Run) -> None:
    """One player a turn, and a button that knows where the turn begins."""
    written = turns_table(run, "run-1")
    assert written.count("data:audio/flac;base64,") == 3
    assert 'data-seconds="0.200"' in written


def test_of_very_many_turns_only_the_chosen_ones_carry_sound(run: Run) -> None:
    """All rows are there; a player stands in one, and no button plays a sound that is not in the page."""
    written = turns_table(run, "run-1", {2})
    assert written.count("<audio") == 1
    assert "<audio" in written.split('id="run-1-turn-2"')[1].split("</tr>")[0]
    assert written.count("<tr id=") == 3
    assert "seek" not in written


def test_words_that_were_heard_are_escaped(run: Run) -> None:
    """A transcript is text, whatever stands in it."""
    assert "<script" not in turns_table(run, "run-1")
    assert "<script" not in trouble_table(run)


def test_refused_requests_come_with_setting_and_message(run: Run) -> None:
    """When, what kind, which setting, and the server's own words."""
    written = trouble_table(run)
    assert "<td>8.00 s</td><td>invalid_request_error</td><td>invalid_value</td><td>session.voice</td>" in written


def test_a_lost_connection_is_trouble_too(stage: Stage) -> None:
    """Not every failure is an error event."""
    story = stage()
    assert "Nothing was refused" in trouble_table(story.run())
    lost = stage("lost")
    lost.record("local", "voicelab.session.closed", 5000, message="the other side went away", code=1006)
    assert "<td>connection</td><td>1006</td><td></td><td>the other side went away</td>" in trouble_table(lost.run())


def test_differences_of_settings_are_told_by_word_and_not_by_colour_alone(run: Run) -> None:
    """A marked row also says that it differs."""
    written = provenance_tables(run)
    assert written.count("<td>differs</td>") == 1
    assert written.count('<tr class="differs">') == 1
