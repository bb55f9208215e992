"""The user breaks in: how fast the agent stops, when it does not, when it stops for nothing, and what is forgotten.

In: a `Scene`.  Out: metrics.
Does not know: turn ends (``turn_taking``), or how the scene was found.

By the project's metric definitions, section 2. Where the sent sound has no labels a false interruption is estimated
(ours): the speech that stopped the agent was written down as nothing, or no transcript is known and it was voiced for
less than 0.5 s, which LiveKit takes for the least interruption.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from voicelab.measure.facts import ResponseFacts
from voicelab.measure.floor import Detection
from voicelab.measure.intervals import count_per, rate_of
from voicelab.measure.metric import Basis, Metric, metric, nothing, spread
from voicelab.measure.scene import GOES_ON_MS, TOLERANCE_MS, Said, Scene, Wanted
from voicelab.measure.stretches import length_ms, touch, within

#: A user turn this long before the stop explains it.
EXPLAINED_MS = 1_000.0
RESUMED_MS = 2_000.0
SHORTEST_INTERRUPTION_MS = 500.0
#: How far the stop of the sound may lie from the detector's word: a frame, a sound card's delay.
_STOP_SLACK_MS = 500.0
PLAYER_CHUNK_MS = 20.0
_PARTS = ("barge_in_detect", "barge_in_stop", "barge_in_truncate", "barge_in_truncated")
_BASES: tuple[Basis, ...] = ("labelled", "estimated")


@dataclass(frozen=True)
class _Stop:
    """A response that the detector stopped, when, and whether for nothing."""

    at_ms: float
    false: bool


@dataclass(frozen=True)
class _Spoken:
    """A response with sound: how much of it was heard, and how it was stopped, if it was."""

    heard_ms: float
    stop: _Stop | None


@dataclass(frozen=True)
class _BargeIn:
    """An interruption and the part of the agent that it fell into."""

    wanted: Wanted
    onset_ms: float
    said: Said

    @property
    def goes_on_ms(self) -> float:
        """How long the agent was still heard."""
        return self.said.end_ms - self.onset_ms


def interruptions(scene: Scene) -> list[Metric]:
    """Return the metrics of interruptions, labelled and estimated apart, and the player's over-play."""
    rows: list[Metric] = []
    spoken = _spoken(scene)
    for basis in _BASES:
        rows += _false(scene, spoken[basis], basis)
        rows += _breaking_in(scene, basis)
    return rows + _over_play(scene)


# --- stopped for nothing -----------------------------------------------------------------------------------------


def _false(scene: Scene, spoken: list[_Spoken], basis: Basis) -> list[Metric]:
    names = ("false_interruption_rate", "false_interruptions_per_min", "resume_rate")
    if not scene.facts.plays:
        return nothing(names, basis, "nothing was played on this side")
    if not spoken:
        kind = "with" if basis == "labelled" else "without"
        return nothing(names, basis, f"no response was spoken while the user's sound was {kind} labels")
    note = "" if basis == "labelled" else "estimate: a stop is false if nothing was understood, or voiced under 0.5 s"
    flags = [one.stop is not None and one.stop.false for one in spoken]
    per_minute = count_per([float(flag) for flag in flags], [one.heard_ms / 60_000 for one in spoken])
    false = [one.stop for one in spoken if one.stop is not None and one.stop.false]
    resumed = sum(_resumed(scene, stop.at_ms) for stop in false)
    rows = [
        metric(names[0], basis, rate_of(sum(flags), len(flags)), note),
        metric(names[1], basis, per_minute, note),
    ]
    if not false:
        return rows + nothing(names[2:], basis, "no response was stopped for nothing")
    return [*rows, metric(names[2], basis, rate_of(resumed, len(false)), note)]


def _spoken(scene: Scene) -> dict[Basis, list[_Spoken]]:
    """Return the responses with sound, by how well is known what the user did during them."""
    found: dict[Basis, list[_Spoken]] = {"labelled": [], "estimated": []}
    for response in scene.facts.responses.values():
        if not any(item.n_samples for item in response.items.values()):
            continue
        said = [one for one in scene.said if one.response is response]
        at_ms = _stopped_ms(scene, response, said)
        begin_ms = said[0].start_ms if said else response.created_ns / 1e6
        end_ms = max([at_ms or begin_ms, *(one.end_ms for one in said)])
        labelled = scene.is_labelled(begin_ms - EXPLAINED_MS if at_ms is not None else begin_ms, end_ms)
        false = at_ms is not None and (_unwanted(scene, at_ms) if labelled else _looks_unwanted(scene, at_ms))
        stop = None if at_ms is None else _Stop(at_ms, false)
        found["labelled" if labelled else "estimated"].append(_Spoken(sum(one.heard_ms for one in said), stop))
    return found


def _stopped_ms(scene: Scene, response: ResponseFacts, said: list[Said]) -> float | None:
    """Return when the detector stopped a response, in the making or, already made, in the playing; None: it did not."""
    by_server = response.status == "cancelled" and response.reason == "turn_detected"
    cut = [one.end_ms for one in said if one.item.cut]
    if by_server:
        return max([one.end_ms for one in said], default=(response.done_ns or response.created_ns) / 1e6)
    return cut[-1] if cut and _started_near(scene, cut[-1]) is not None else None


def _started_near(scene: Scene, ms: float) -> Detection | None:
    near = [f for f in scene.floor.detections if f.started_ms is not None and abs(f.started_ms - ms) <= _STOP_SLACK_MS]
    return min(near, key=lambda f: abs((f.started_ms or 0.0) - ms), default=None)


def _unwanted(scene: Scene, at_ms: float) -> bool:
    """Return whether the labels show no user turn in the second before the stop."""
    turns = [(wanted.onset_ms, wanted.end_ms) for wanted in scene.of("labelled")]
    return not touch(turns, at_ms - EXPLAINED_MS, at_ms)


def _looks_unwanted(scene: Scene, at_ms: float) -> bool:
    """Return whether what stopped the agent was not understood as anything, or is too short to be a turn."""
    detection = _started_near(scene, at_ms)
    if detection is None:
        return False
    turn = next((turn for turn in scene.facts.turns if turn.item_id == detection.item_id), None)
    if turn is not None and turn.transcript is not None:
        return not turn.transcript.strip()
    end_ms = detection.decided_ms if detection.decided_ms is not None else at_ms + SHORTEST_INTERRUPTION_MS
    return length_ms(within(scene.floor.voiced, at_ms - EXPLAINED_MS, end_ms)) < SHORTEST_INTERRUPTION_MS


def _resumed(scene: Scene, at_ms: float) -> bool:
    last_ms = at_ms + RESUMED_MS
    created = [r.created_ns / 1e6 for r in scene.facts.responses.values() if at_ms < r.created_ns / 1e6 <= last_ms]
    if not created:
        return False
    return not any(at_ms < committed_ms <= min(created) for committed_ms in scene.floor.committed_ms)


# --- stopped for the user ----------------------------------------------------------------------------------------


def _breaking_in(scene: Scene, basis: Basis) -> list[Metric]:
    names = ("missed_interruption_rate", "barge_in_reaction", *_PARTS)
    if not scene.facts.plays:
        return nothing(names, basis, "nothing was played on this side")
    found = [
        _BargeIn(wanted, wanted.start_ms, said)
        for wanted in scene.of(basis)
        if wanted.start_ms is not None
        if (said := scene.talked_over(wanted.start_ms)) is not None
    ]
    if not found:
        return nothing(names, basis, "the user never began while the agent was heard")
    note = "" if basis == "labelled" else "estimate: onset by our own speech scores"
    missed = sum(one.goes_on_ms > GOES_ON_MS for one in found)
    # An agent that ended by itself has not reacted; it may not be dropped either.
    stopped = [one if one.said.item.cut else None for one in found]
    reactions = [None if one is None else one.goes_on_ms for one in stopped]
    parts = [_parts(scene, one) if one is not None else (None,) * len(_PARTS) for one in stopped]
    why = "the agent was not stopped by any of them"
    return [
        metric(names[0], basis, rate_of(missed, len(found)), note),
        *spread("barge_in_reaction", basis, reactions, note, why=why),
        *_each(parts, basis, note, why),
    ]


def _each(parts: Iterable[tuple[float | None, ...]], basis: Basis, note: str, why: str) -> list[Metric]:
    columns = zip(*parts, strict=True)
    return [
        row for name, values in zip(_PARTS, columns, strict=True) for row in spread(name, basis, values, note, why=why)
    ]


def _parts(scene: Scene, one: _BargeIn) -> tuple[float | None, ...]:
    """Return the four parts of a reaction: to speech_started, to silence, to the truncate, to its confirmation."""
    started = [
        f.started_ms
        for f in scene.floor.detections
        if f.started_ms is not None and one.onset_ms - TOLERANCE_MS <= f.started_ms <= one.said.end_ms + _STOP_SLACK_MS
    ]
    started_ms = min(started, default=None)
    cut = scene.floor.truncations.get(one.said.item.item_id)
    sent_ms, truncated_ms = (None, None) if cut is None else (cut.sent_ms, cut.truncated_ms)
    instants = (one.onset_ms, started_ms, one.said.end_ms, sent_ms, truncated_ms)
    return tuple(None if a is None or b is None else b - a for a, b in pairwise(instants))


# --- the player --------------------------------------------------------------------------------------------------


def _over_play(scene: Scene) -> list[Metric]:
    names = ("over_play", "over_play_out_of_range")
    if not scene.facts.plays:
        return nothing(names, "measured", "nothing was played on this side")
    items = {item.item_id: item for response in scene.facts.responses.values() for item in response.items.values()}
    over = [
        None if (item := items.get(item_id)) is None else item.heard_ms - cut.sent_audio_end_ms
        for item_id, cut in scene.floor.truncations.items()
        if cut.sent_audio_end_ms is not None
    ]
    found = [ms for ms in over if ms is not None]
    if not found:
        return nothing(names, "measured", "no truncate was sent", len(over))
    out = sum(not 0 <= ms <= PLAYER_CHUNK_MS for ms in found)
    return [
        *spread("over_play", "measured", over, "right from 0 to one player chunk of 20 ms"),
        metric("over_play_out_of_range", "measured", rate_of(out, len(found), len(over) - len(found))),
    ]
