"""What an imported run says of itself: what its clocks mean, what was understood of the file, and what was set right.

In: a survey, counts.  Out: the manifest's ``clocks`` and ``note``.
Does not know: how a file is read.  A clock that begins with ``unknown`` measures nothing: readers leave null what
would need it.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicelab.runlog.import_survey import Survey
from voicelab.runlog.import_times import TimeRule

MOST_BAD_NAMED = 10


@dataclass
class SetRight:
    """How much of a file was not as a run needs it.

    Parameters
    ----------
    n_without_time : int
        Events without a time stamp in a file that has them.
    n_backwards : int
        Time stamps before that of the event before.
    n_without_sound : int
        Pieces of audio that are no samples.
    """

    n_without_time: int = 0
    n_backwards: int = 0
    n_without_sound: int = 0


def clocks_of(rule: TimeRule | None, *, sent_ahead: bool = False) -> dict[str, str]:
    """Return what the time stamps of an imported run mean.

    Parameters
    ----------
    rule : TimeRule, optional
        None: the file has no time stamps.
    sent_ahead : bool
        Sound was sent faster than real time.
    """
    clocks = {
        "wall": "wall time of the imported file" if rule and rule.is_wall else "unknown: the imported file has none",
        "output": "output.wav is the received audio end to end, without gaps",
        "heard": "unknown: the imported file does not say what was heard; heard.wav is empty",
    }
    if rule is None:
        order = "t_ns is the input audio clock (audio appended so far), which gives an order and no latency"
        clocks["t_ns"] = f"unknown: the imported file has no time stamps; {order}"
        clocks["input"] = "input.wav is the appended audio end to end, without gaps"
        return clocks
    clocks["t_ns"] = f"nanoseconds since the first time stamp of the imported file; {rule.why}"
    clocks["input"] = (
        "unknown: sound was sent faster than real time; input.wav holds it end to end, and its samples have no t_ns"
        if sent_ahead
        else "sound ends where t_ns was when it was sent; pieces less than 250 ms apart are end to end"
    )
    return clocks


def note_of(name: str, survey: Survey, set_right: SetRight) -> str:
    """Return in one line what was understood of a file, and what was not."""
    parts = [
        f"imported from {name}: {survey.n_events:,} events" + (" in beta names" if survey.beta else ""),
        survey.rule.why if survey.rule else "no time stamps, so no latency can be measured",
    ]
    if set_right.n_without_time:
        parts.append(f"{set_right.n_without_time:,} events without a time stamp stand at the time of the one before")
    if set_right.n_backwards:
        parts.append(f"{set_right.n_backwards:,} time stamps went back and were held")
    if set_right.n_without_sound:
        parts.append(f"{set_right.n_without_sound:,} pieces of audio are no samples that are known and were left out")
    if survey.bad_lines:
        named = ", ".join(map(str, survey.bad_lines[:MOST_BAD_NAMED]))
        more = ", ..." if len(survey.bad_lines) > MOST_BAD_NAMED else ""
        parts.append(f"{len(survey.bad_lines):,} lines held no event and were set aside (line {named}{more})")
    return "; ".join(parts)
