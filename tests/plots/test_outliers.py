"""Which turns stand out, and why."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from voicelab.measure.run import Run
from voicelab.plots.outliers import Finding, fence_of, findings

from .conftest import Stage


def answered(stage: Stage, name: str, stopped_ms: int = 2000, **changes: object) -> Run:
    """A run of one turn whose speech ended at 1500 ms, decided at ``stopped_ms``, by scores."""
    story = stage(name, **changes)
    story.send_audio(0, stopped_ms, speech=(500, 1500))
    story.spoken("item_u1", 200, stopped_ms, "hi")
    story.reply("a", stopped_ms, 600, "Hello.")
    return story.run()


def of(found: Sequence[Finding], beginning: str) -> Finding:
    return next(finding for finding in found if finding.title.startswith(beginning))


def test_the_fence_is_tukeys() -> None:
    """Q3 + 1.5 (Q3 - Q1), quartiles by linear interpolation."""
    assert fence_of([1, 2, 3, 4, 5]) == pytest.approx(4 + 1.5 * 2)


def test_a_turn_past_the_fence_is_told_by_that_rule(stage: Stage) -> None:
    """One slow reply among five alike; only it stands out, with the fence and the n."""
    runs = [answered(stage, f"r{k}", 2020 + 20 * k) for k in range(5)] + [answered(stage, "slow", 4000)]
    slow = of(findings(runs), "longest voice-to-voice")
    assert [(one.place, one.turn.turn) for one in slow.outliers] == [(6, 1)]
    assert slow.rule.startswith("above Q3 + 1.5 IQR of the 6 comparable turns (")


def test_without_one_past_the_fence_the_greatest_five_are_named_as_such(stage: Stage) -> None:
    """There is always something to listen to, and never under a false rule."""
    runs = [answered(stage, f"r{k}", 2000 + 40 * k) for k in range(7)]
    slow = of(findings(runs), "longest voice-to-voice")
    assert [one.place for one in slow.outliers] == [7, 6, 5, 4, 3]
    assert slow.rule.startswith("the greatest 5 of the 7 comparable turns; none is above Q3 + 1.5 IQR (")


def test_turns_are_comparable_only_within_their_condition(stage: Stage) -> None:
    """The slow condition is slow as a whole: only the turn that is slow for a quick one stands out."""
    slow = [answered(stage, f"s{k}", 3000 + 20 * k, tags={"condition": "slow"}) for k in range(5)]
    quick = [answered(stage, f"q{k}", 2000 + 20 * k, tags={"condition": "quick"}) for k in range(5)]
    runs = [*slow, *quick, answered(stage, "odd", 2600, tags={"condition": "quick"})]
    apart, together = of(findings(runs, "condition"), "longest voice"), of(findings(runs), "longest voice")
    assert [one.place for one in apart.outliers] == [11]
    assert "of the same condition (slow: " in apart.rule
    assert next(one.place for one in together.outliers) != 11


def test_labelled_and_estimated_replies_are_found_apart(run: Run) -> None:
    """Each among its own."""
    titles = [finding.title for finding in findings([run])]
    assert titles[:2] == [
        "longest voice-to-voice, end of speech labelled",
        "longest voice-to-voice, end of speech estimated",
    ]


def test_only_a_turn_that_wasted_something_stands_out_by_it(run: Run) -> None:
    """Where most wasted nothing, nothing is no outlier."""
    wasted = of(findings([run]), "most wasted")
    assert [(one.turn.turn, one.value) for one in wasted.outliers] == [(2, "1.2 s")]


def test_a_residual_under_a_millisecond_is_no_outlier(run: Run) -> None:
    """The parts explain the whole here: there is nothing to look at."""
    assert not [finding for finding in findings([run]) if "residual" in finding.title]


def test_a_user_who_was_cut_off_is_found_by_the_label(stage: Stage) -> None:
    """The clip's speech goes on to 1500 ms, and an end was decided at 1100."""
    story = stage()
    detection = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
    story.record("recv", "session.created", 0, session={"audio": {"input": {"turn_detection": detection}}})
    labels = {"speech_start_ms": 500.0, "speech_end_ms": 1500.0, "text": "Hello."}
    story.record("local", "voicelab.source.started", 0, clip="hello", labels=labels)
    story.send_audio(0, 2000, speech=(500, 1500))
    story.spoken("item_u1", 200, 1100, "hel")
    story.spoken("item_u2", 1200, 2000, "lo")
    cut = of(findings([story.run()]), "users cut off")
    assert [(one.turn.turn, one.value) for one in cut.outliers] == [(1, "400 ms early")]
    assert "of 1 labelled turn" in cut.rule
