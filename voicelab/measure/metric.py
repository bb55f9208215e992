"""One number about a run: its name, what it rests on, its interval, and the dictionary that says what it means.

Out: `Metric`, whose fields are the columns of the ``metrics`` table, and `METRICS`, the dictionary.
Does not know: how a number is computed.

A metric comes in up to three bases, which never share an average: ``labelled`` (ends and beginnings of speech from clip
labels and the user's own "true end" marks), ``estimated`` (from speech scores or the detector) and ``measured`` (there
is no beginning or end of the user's speech in it).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from voicelab.measure.intervals import Estimate, Values, maximum_of, median_of, percentile_of, values_needed

Basis: TypeAlias = Literal["labelled", "estimated", "measured"]


@dataclass(frozen=True)
class Metric:
    """One row of the ``metrics`` table; see `voicelab.measure.columns`."""

    metric: str
    basis: Basis
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_missing: int
    unit: str
    note: str


@dataclass(frozen=True)
class Meaning:
    """What a metric is.

    Parameters
    ----------
    unit : str
    text : str
    spread : bool
        Whether it comes as three rows: the median ``_p50``, the 95th percentile ``_p95`` and the greatest ``_max``.
    """

    unit: str
    text: str
    spread: bool = False


def _dictionary(text: str) -> dict[str, Meaning]:
    """Return the meanings written as ``name unit | meaning`` a line; a ``*`` behind the name: it comes as a spread."""
    meanings = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        head, _, meaning = line.partition("|")
        name, unit = head.split(maxsplit=1)
        meanings[name.rstrip("*")] = Meaning(unit.strip(), meaning.strip(), name.endswith("*"))
    return meanings


#: What stands behind the name of a metric that comes as three rows.
SPREAD = ("_p50", "_p95", "_max")

#: By the project's metric definitions: turn-taking section 2, latency section 3, word errors section 4.
METRICS: dict[str, Meaning] = _dictionary("""
    cut_off_rate share | turns of which an end was decided after the onset and over 100 ms before the true end
    cut_pauses share | pauses of 200 ms or more in which, or up to 100 ms after, an end was decided
    missed_turn_rate share | turns without an end decided from 100 ms before to 2.5 s after the true end
    endpoint_latency_audio* ms | true end to the decision on the input audio clock: no computing, no network
    endpoint_latency_wall* ms | true end to speech_stopped received
    onset_latency* ms | onset to speech_started received
    response_gap* ms | true end to the first sample of the answer as heard; negative: the agent overlaps the end
    response_overlap_rate share | answers that begin before the user's end
    voice_to_voice* ms | end of speech to the first audible sample heard, from the turn table; negative: overlap
    voice_to_voice_first ms | the same of the first spoken turn, which is a cold start
    takeover_after_turn share | turns after which the agent takes the floor (not: under 1 s and 3 words or less)
    takeover_in_pause share | pauses of 200 ms or more inside a turn in which the agent takes the floor
    takeover_after_interruption share | interruptions by the user after which the agent takes the floor
    takeover_after_backchannel share | the user's backchannels after which the agent begins to answer
    false_interruption_rate share | responses that the detector stopped, no user wanting the floor in the 1 s before
    false_interruptions_per_min per minute | the same, for each minute of agent speech heard
    missed_interruption_rate share | interruptions after whose onset the agent's audio goes on for more than 2 s
    barge_in_reaction* ms | onset of the interrupting speech to the last agent sample heard
    barge_in_detect* ms | part 1: onset to speech_started received
    barge_in_stop* ms | part 2: speech_started received to the last agent sample heard
    barge_in_truncate* ms | part 3: last agent sample heard to conversation.item.truncate sent
    barge_in_truncated* ms | part 4: conversation.item.truncate sent to truncated received
    over_play* ms | audio of an item played beyond the audio_end_ms of its truncate
    over_play_out_of_range share | truncates whose over-play is below 0 or above one player chunk of 20 ms
    resume_rate share | false interruptions after which a response came within 2 s without a new user message
    backchannel_kept_talking share | labelled user backchannels, the agent talking, through which it kept talking
    talk_ratio ratio | agent speech time as heard / user speech time
    overlap_share share | time in which both talk / session time
    agent_talk_share share | agent speech time as heard / session time
    delivery_spread* ms | of a reply: greatest less least (arrival - audio position) of its audio deltas
    delivery_lag* ms | of a reply: most by which a delta came too late for a player that began with the first
    generation_speed_up ratio | audio received / first to last delta, ratio of sums; below 1 the player must starve
    generation_speed_up_least ratio | the same of the slowest reply
    underrun_rate per minute | underruns for each minute of playout
    starved_share share | silence played while the item was not finished / samples due
    time_to_first_audio* ms | speech_stopped received (typed: response.create sent) to the first audio delta
    time_to_first_audible* ms | speech_stopped received to the first audible sample as heard
    request* ms | speech_stopped received to response.created received
    model* ms | response.created received to the first audio delta
    playout* ms | first audio delta to the first sample played
    leading_silence* ms | first sample played to the first audible one (-45 dBFS over 10 ms)
    transcript_delay* ms | end of speech to the finished transcript received
    tool_run* ms | function call done received to function_call_output sent
    tool_reply* ms | function_call_output sent to the first audio of the next response
    tool_gap* ms | the sum of both
    wer share | word errors / words said, over all labelled texts
    word_substitutions words | words understood as others
    word_deletions words | words not understood; those lost to a cut-off or a missed turn are among them
    word_insertions words | words understood that nobody said
    real_time_factor ratio | processing time / audio time
""")


def metric(name: str, basis: Basis, estimate: Estimate, note: str = "") -> Metric:
    """Return a row; its unit is the dictionary's."""
    return Metric(
        name,
        basis,
        estimate.value,
        estimate.low,
        estimate.high,
        estimate.n,
        estimate.n_missing,
        METRICS[name].unit,
        note,
    )


def nothing(names: Iterable[str], basis: Basis, why: str, n_missing: int = 0) -> list[Metric]:
    """Return rows without a value, and why there is none; a spread is one row, its median."""
    none = Estimate(None, None, None, 0, n_missing)
    return [row for name in names for row in _rows(name, basis, [none], why)]


def spread(
    name: str, basis: Basis, values: Values, note: str = "", *, n_missing: int = 0, why: str = ""
) -> list[Metric]:
    """Return a latency's median, 95th percentile and greatest value.

    Parameters
    ----------
    name, basis
    values : sequence of float or None
        One for each turn; None: it should have one.
    note : str
    n_missing : int
        Missing ones that are not in ``values``.
    why : str
        The note where there is no value at all.
    """
    greatest = maximum_of(values, n_missing)
    if greatest.value is None:
        return nothing([name], basis, why or note, greatest.n_missing)
    p95 = percentile_of(values, 95, n_missing)
    rows = _rows(name, basis, [median_of(values, n_missing), p95, greatest], note)
    if p95.value is None:
        few = f"p95 needs {values_needed(95)} values and there are {p95.n}: take the greatest, {greatest.value:.0f}"
        rows[1] = Metric(**{**vars(rows[1]), "note": "; ".join(filter(None, [few, note]))})
    return rows


def _rows(name: str, basis: Basis, estimates: list[Estimate], note: str) -> list[Metric]:
    endings = SPREAD if METRICS[name].spread else ("",)
    return [
        Metric(name + ending, basis, e.value, e.low, e.high, e.n, e.n_missing, METRICS[name].unit, note)
        for ending, e in zip(endings, estimates, strict=False)
    ]


def base_of(row: str) -> str:
    """Return a row's name in `METRICS`: without the ending of a spread, where it has one."""
    return next((row.removesuffix(end) for end in SPREAD if row.removesuffix(end) in METRICS), row)
