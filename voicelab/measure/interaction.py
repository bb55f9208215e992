"""The interaction metrics of one run: turn-taking, interruptions, delivery, understanding, each with interval and n.

In: facts, turns, records.  Out: a list of `Metric`, the rows of the ``metrics`` table.
Does not know: files, tables, plots, or how a single metric is computed.

Definitions are those of the project's metric definitions (sections 2 to 5); the dictionary is
`voicelab.measure.metric.METRICS`. What is known from labels and true-end marks and what is estimated are two rows that
never share an average. A metric that there is nothing to compute from is there all the same: null, and why.
"""

from __future__ import annotations

from collections.abc import Sequence

from voicelab.measure.delivery import delivery, real_time_factor, waiting
from voicelab.measure.facts import Facts
from voicelab.measure.floor import Floor, floor_of
from voicelab.measure.interruptions import interruptions
from voicelab.measure.intervals import Estimate
from voicelab.measure.metric import Basis, Metric, metric, nothing, spread
from voicelab.measure.scene import scene_of
from voicelab.measure.speech import EndFrom
from voicelab.measure.turn_taking import turn_taking
from voicelab.measure.turns import Turn
from voicelab.measure.understanding import talk, understood
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import Record

__all__ = ["Metric", "interaction"]

_FROM: dict[Basis, tuple[EndFrom, ...]] = {"labelled": ("label", "mark"), "estimated": ("speech scores", "detector")}


def interaction(
    facts: Facts,
    turns: Sequence[Turn],
    duration_ms: float,
    manifest: Manifest,
    records: Sequence[Record] | None = None,
) -> list[Metric]:
    """Return the interaction metrics of one run.

    Parameters
    ----------
    facts : Facts
    turns : sequence of Turn
        Of the same run: latencies that stand in the turn table are taken from there.
    duration_ms : float
        Of the session.
    manifest : Manifest
    records : sequence of Record, optional
        All of the run. Without them there is nothing to judge the detector or an interruption by, and those metrics
        are null.
    """
    floor = floor_of(records, facts) if records is not None else Floor()
    scene = scene_of(facts, turns, floor, duration_ms)
    if records is None:
        without = "the run's records were not given"
        rows = [
            row if row.value is not None else Metric(**{**vars(row), "note": without})
            for row in [*turn_taking(scene), *interruptions(scene)]
        ]
    else:
        rows = [*turn_taking(scene), *interruptions(scene)]
    for basis in _FROM:
        rows += _of_turn_table(turns, basis, plays=facts.plays)
    rows += [*talk(scene), *understood(scene)]
    return [*rows, *waiting(scene), *delivery(scene), *real_time_factor(manifest.voicelab_server)]


def _of_turn_table(turns: Sequence[Turn], basis: Basis, *, plays: bool) -> list[Metric]:
    """Return what the turn table measures from the end of speech; negative values are overlaps and stay."""
    spoken = [turn for turn in turns if turn.kind == "spoken"]
    own = [turn for turn in spoken if turn.speech_end_from in _FROM[basis]]
    names = ("voice_to_voice", "voice_to_voice_first", "transcript_delay")
    if not own:
        why = "no turn's end is known from a label or a mark" if basis == "labelled" else "every end is known"
        return nothing(names, basis, why if spoken else "nobody spoke")
    note = "" if basis == "labelled" else "estimate: ends by speech scores or the detector"
    gaps = [turn.voice_to_voice_ms for turn in own]
    rows = spread(names[0], basis, gaps, note, why="no turn was answered" if plays else "nothing was played")
    first = gaps[0] if own[0] is spoken[0] else None
    if first is None:
        rows += nothing(names[1:2], basis, "the first spoken turn has no such value")
    else:
        rows.append(metric(names[1], basis, Estimate(first, None, None, 1), note))
    delays = [turn.transcript_delay_ms for turn in own]
    return [*rows, *spread(names[2], basis, delays, note, why="nothing was transcribed")]
