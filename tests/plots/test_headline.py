"""The sentence and the table of turns."""

from __future__ import annotations

from dataclasses import replace

from voicelab.measure.prices import price_note
from voicelab.measure.run import Run
from voicelab.plots.headline import headline, median_replies, render_table, turn_rows

from .conftest import USAGE_USD, Stage


def test_the_sentence_tells_turns_replies_cuts_refusals_and_cost(run: Run) -> None:
    """Everything a colleague asks first, each number with what it needs to be understood."""
    assert headline(run) == (
        "3 turns (1 typed); median reply 512 ms, n=1 (labelled) and 544 ms, n=1 (estimated); one reply cut off at "
        "0.8 s; one request refused; about $0.02 at gpt-realtime prices, nothing billed"
    )


def test_labelled_and_estimated_replies_never_share_a_median(run: Run) -> None:
    """Two ways of knowing the end of speech are two medians."""
    medians = median_replies(run.turn_list())
    assert {known: n for known, (_, n) in medians.items()} == {"labelled": 1, "estimated": 1}


def test_an_end_that_somebody_marked_counts_as_labelled(run: Run) -> None:
    """Both were given by a person: one median, whose name tells of both; alone it is called marked."""
    labelled, estimated, typed = run.turn_list()
    marked = replace(estimated, speech_end_from="mark")
    assert {known: n for known, (_, n) in median_replies([labelled, marked, typed]).items()} == {
        "labelled or marked": 2
    }
    assert list(median_replies([marked])) == ["marked"]


def test_a_cut_of_which_nobody_knows_what_was_heard_is_told(stage: Stage) -> None:
    """A run of one who did not play has cut replies, and no instant of the cut."""
    story = stage()
    story.spoken("item_u1", 200, 2000, "hi")
    story.record("recv", "response.created", 2000, response={"id": "resp_a", "status": "in_progress"})
    story.done("a", 2500, "cancelled")
    assert "one reply cut off, heard to nobody knows where" in headline(story.run())


def test_an_empty_run_has_a_sentence(stage: Stage) -> None:
    """No turns, no cost, no crash."""
    assert headline(stage().run()) == "no turns"


def test_a_run_that_was_never_closed_says_so(stage: Stage) -> None:
    """A folder alone cannot tell a running process from a killed one."""
    assert headline(stage(state="running").run()) == "no turns; not closed: still running, or its process was killed"


def test_an_interrupted_run_gives_its_reason(stage: Stage) -> None:
    """What the manifest knows of the end stands in the sentence."""
    told = headline(stage(state="interrupted", reason="interrupted from the keyboard").run())
    assert told.endswith("; interrupted: interrupted from the keyboard")


def test_an_unknown_price_is_unknown_and_not_zero(stage: Stage) -> None:
    """A model without a price gives no dollars."""
    story = stage(model="other", prices=price_note("other", embedded=False))
    story.reply("a", 100, 300, "Hi.")
    assert "cost unknown: no price is known for other" in headline(story.run())


def test_a_response_without_usage_is_named_beside_the_cost(stage: Stage) -> None:
    """A sum that misses something says what it misses."""
    story = stage()
    story.reply("a", 100, 300, "Hi.")
    story.reply("b", 900, 300, "Hi.", usage=False)
    assert "nothing billed, without one response that reported no usage" in headline(story.run())


def test_virtual_time_is_said_before_any_latency(stage: Stage) -> None:
    """Latencies of modelled engines must not pass for measured ones."""
    assert headline(stage(time="virtual").run()) == "no turns in virtual time"


def test_a_row_holds_what_a_turn_was(run: Run) -> None:
    """Words, times, tokens and cost of each turn, with what is not words in brackets."""
    first, second, third = turn_rows(run)
    assert (first.speech_end_from, second.speech_end_from, third.voice_to_voice_ms) == ("label", "speech scores", None)
    assert second.said == '[calls set_timer({"minutes": 5})] The timer is set. [cut off at 0.8 s]'
    assert third.heard == "[typed] And 12 * 7?"
    assert (second.input_tokens, second.output_tokens) == (200, 100)
    assert second.cost_usd is not None
    assert abs(second.cost_usd - 2 * USAGE_USD) < 1e-12


def test_the_table_fits_the_terminal_and_loses_no_word(run: Run) -> None:
    """Long words are wrapped inside their columns."""
    rows = turn_rows(run)
    for width in (70, 80, 120):
        text = render_table(rows, width)
        assert max(map(len, text.splitlines())) <= width
        letters = "".join(text.split())
        assert all(word in letters for row in rows for word in row.heard.split() if len(word) < 8)


def test_estimated_replies_are_marked_in_the_table(run: Run) -> None:
    """A tilde and its meaning; labelled values stand alone."""
    text = render_table(turn_rows(run), 100)
    assert "~544" in text
    assert "~512" not in text
    assert "~ end of speech estimated" in text.splitlines()[-1]


def test_an_empty_table_says_so() -> None:
    """No rows, no frame."""
    assert render_table([], 80) == "no turns"
