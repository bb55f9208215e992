"""Promises of `voicelab.runlog.import_note`."""

from __future__ import annotations

from voicelab.runlog.import_note import SetRight, clocks_of, note_of
from voicelab.runlog.import_survey import Survey
from voicelab.runlog.import_times import TimeRule
from voicelab.runlog.manifest import CLOCKS

RULE = TimeRule("ts", "ms", True, "ts: milliseconds")


def test_every_clock_of_a_run_is_explained() -> None:
    """And one that measures nothing says so with its first word."""
    unknown = {
        (None, False): {"t_ns", "wall", "heard"},
        (RULE, False): {"heard"},
        (RULE, True): {"heard", "input"},
        (TimeRule("t", "s", False, "t: seconds"), False): {"heard", "wall"},
    }
    for (rule, ahead), expected in unknown.items():
        clocks = clocks_of(rule, sent_ahead=ahead)
        assert clocks.keys() == CLOCKS.keys()
        assert {name for name, meaning in clocks.items() if meaning.startswith("unknown")} == expected


def test_a_note_says_only_what_there_was() -> None:
    """One line; lines that were set aside are named, the first ten of them."""
    assert note_of("a.jsonl", Survey(n_events=1_200, rule=RULE), SetRight()) == (
        "imported from a.jsonl: 1,200 events; ts: milliseconds"
    )
    told = note_of("a", Survey(1, list(range(1, 13)), beta=True), SetRight(2, 3, 4))
    assert told == (
        "imported from a: 1 events in beta names; no time stamps, so no latency can be measured; "
        "2 events without a time stamp stand at the time of the one before; 3 time stamps went back and were held; "
        "4 pieces of audio are no samples that are known and were left out; "
        "12 lines held no event and were set aside (line 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...)"
    )
