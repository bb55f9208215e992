"""Who took the floor when: ends found too early, late or never, gaps and overlaps, takeovers.

In: a `Scene`.  Out: metrics.
Does not know: interruptions (``interruptions``), words, or how the scene was found.

By the project's metric definitions, section 2, in its notation: ``s`` true onset, ``e`` true offset, ``F`` the
detector's decisions on the input audio clock, ``tol`` 0.1 s. The takeover rule is that of Full-Duplex-Bench v1.
"""

from __future__ import annotations

from collections.abc import Sequence

from voicelab.measure.floor import Detection
from voicelab.measure.intervals import Estimate, rate_of, ratio_of
from voicelab.measure.metric import Basis, Metric, metric, nothing, spread
from voicelab.measure.scene import GOES_ON_MS, LATEST_MS, TOLERANCE_MS, Said, Scene, Wanted
from voicelab.measure.speech import Window

SHORTEST_PAUSE_MS = 200.0
#: Shorter and with no more words than this, the agent has not taken the floor.
TAKEOVER_MS = 1_000.0
TAKEOVER_WORDS = 3

_NONE = {
    "labelled": "no clip of this run has labels, and nobody marked a true end",
    "estimated": "the sent sound has labels or no speech scores: there is nothing to estimate",
}
_BY_SCORES = "estimate: turns are stretches of our own speech scores less than 1 s apart"


def turn_taking(scene: Scene) -> list[Metric]:
    """Return the metrics of turn-taking, labelled and estimated apart."""
    rows: list[Metric] = []
    for basis in ("labelled", "estimated"):
        judged = [wanted for wanted in scene.of(basis) if scene.floor.detects(wanted.end_ms)]
        rows += _endpoints(scene, judged, basis)
        rows += _gaps(scene, scene.of(basis), basis)
        rows += _takeovers(scene, scene.of(basis), basis)
    return [*rows, *_pauses(scene), *_backchannels(scene)]


def _endpoints(scene: Scene, judged: list[Wanted], basis: Basis) -> list[Metric]:
    names = ("cut_off_rate", "missed_turn_rate", "endpoint_latency_audio", "endpoint_latency_wall", "onset_latency")
    if not judged:
        off = "turn detection was off: there was no decision to judge"
        return nothing(names, basis, off if scene.of(basis) else _NONE[basis])
    note = _BY_SCORES if basis == "estimated" else ""
    closing = [_closing(scene, wanted) for wanted in judged]
    with_onset = [wanted for wanted in judged if wanted.start_ms is not None]
    cut = sum(_is_cut_off(scene, wanted) for wanted in with_onset)
    audio = [
        None if f is None or f.decided_ms is None else scene.floor.sent_ms(wanted.end_ms, f.decided_ms, f.epoch)
        for wanted, f in zip(judged, closing, strict=True)
    ]
    wall = [
        None if f is None or f.stopped_ms is None else f.stopped_ms - wanted.end_ms
        for wanted, f in zip(judged, closing, strict=True)
    ]
    onsets = [_onset_latency(scene, wanted) for wanted in with_onset]
    return [
        metric("cut_off_rate", basis, rate_of(cut, len(with_onset), len(judged) - len(with_onset)), note),
        metric("missed_turn_rate", basis, rate_of(closing.count(None), len(judged)), note),
        *spread("endpoint_latency_audio", basis, audio, note),
        *spread("endpoint_latency_wall", basis, wall, note),
        *spread("onset_latency", basis, onsets, note, n_missing=len(judged) - len(with_onset)),
    ]


def _is_cut_off(scene: Scene, wanted: Wanted) -> bool:
    return any(
        f.decided_ms is not None and wanted.onset_ms < f.decided_ms < wanted.end_ms - TOLERANCE_MS
        for f in scene.floor.detections
    )


def _closing(scene: Scene, wanted: Wanted) -> Detection | None:
    """Return the detection that closes a turn: the first decided from ``e - tol`` on, at most 2.5 s after ``e``."""
    first, last = wanted.end_ms - TOLERANCE_MS, wanted.end_ms + LATEST_MS
    found = [f for f in scene.floor.detections if f.decided_ms is not None and first <= f.decided_ms <= last]
    return min(found, key=lambda f: f.decided_ms or 0.0, default=None)


def _onset_latency(scene: Scene, wanted: Wanted) -> float | None:
    """Return how long it took to find the onset; None where a turn that was already open swallowed it."""
    first, last = wanted.onset_ms - TOLERANCE_MS, wanted.end_ms + LATEST_MS
    started = [f.started_ms for f in scene.floor.detections if f.started_ms is not None]
    found = [ms for ms in started if first <= ms <= last]
    return min(found) - wanted.onset_ms if found else None


def _gaps(scene: Scene, wanted: list[Wanted], basis: Basis) -> list[Metric]:
    rows: list[Metric] = []
    if not scene.facts.plays:
        rows += nothing(("response_gap", "response_overlap_rate"), basis, "nothing was played on this side")
    elif not wanted:
        rows += nothing(("response_gap", "response_overlap_rate"), basis, _NONE[basis])
    else:
        note = _BY_SCORES if basis == "estimated" else ""
        answers = [_answer(scene, one) for one in wanted]
        gaps = [None if said is None else said.start_ms - one.end_ms for one, said in zip(wanted, answers, strict=True)]
        found = [gap for gap in gaps if gap is not None]
        rows += spread("response_gap", basis, gaps, note, why="no turn was answered")
        overlaps = rate_of(sum(gap < 0 for gap in found), len(found), len(gaps) - len(found))
        rows.append(metric("response_overlap_rate", basis, overlaps, note))
    return rows


def _answer(scene: Scene, wanted: Wanted) -> Said | None:
    """Return what answers a turn: begun after its onset, still heard after its end, before the user's next turn.

    What was begun inside the turn and broken off there does not overlap its end; it shows as a cut-off.
    """
    last_ms = scene.next_onset_ms(wanted.end_ms)
    return next((s for s in scene.said if wanted.onset_ms < s.start_ms < last_ms and s.end_ms > wanted.end_ms), None)


def _takeovers(scene: Scene, wanted: list[Wanted], basis: Basis) -> list[Metric]:
    names = ("takeover_after_turn", "takeover_after_interruption")
    if not scene.facts.plays:
        return nothing(names, basis, "nothing was played on this side")
    note = "; ".join(filter(None, ["words heard in proportion to time", _BY_SCORES if basis == "estimated" else ""]))
    rows = []
    over = [one for one in wanted if one.start_ms is not None and scene.talked_over(one.start_ms)]
    for name, chances in zip(names, (wanted, over), strict=True):
        taken = sum(_taken(_begun(scene, (one.onset_ms, scene.next_onset_ms(one.end_ms)))) for one in chances)
        why = _NONE[basis] if not wanted else "the user never began while the agent was heard"
        row = metric(name, basis, rate_of(taken, len(chances)), note)
        rows += [row] if chances else nothing([name], basis, why)
    return rows


def _begun(scene: Scene, window: Window) -> list[Said]:
    return [said for said in scene.said if window[0] <= said.start_ms < window[1]]


def _taken(begun: Sequence[Said]) -> bool:
    """Return whether the agent took the floor: Full-Duplex-Bench v1, not under 1 s and with at most 3 words."""
    heard_ms, words = sum(said.heard_ms for said in begun), sum(said.words for said in begun)
    return bool(begun) and not (heard_ms < TAKEOVER_MS and words <= TAKEOVER_WORDS)


def _pauses(scene: Scene) -> list[Metric]:
    """Return what happened in labelled pauses; speech scores cannot tell a pause from an end."""
    why = "no clip of this run has labelled pauses (label pauses_ms)"
    names = ("cut_pauses", "takeover_in_pause")
    turns = [
        (wanted, pauses)
        for wanted in scene.of("labelled")
        if scene.floor.detects(wanted.end_ms)
        and (pauses := [p for p in wanted.pauses_ms if p[1] - p[0] >= SHORTEST_PAUSE_MS - 1e-6])
    ]
    if not turns:
        return nothing(names, "labelled", why)
    decided = [f.decided_ms for f in scene.floor.detections if f.decided_ms is not None]
    cut = [[any(p < f <= q + TOLERANCE_MS for f in decided) for p, q in pauses] for _, pauses in turns]
    rows = [metric("cut_pauses", "labelled", _share(cut), "the turn is what is drawn for the interval")]
    if not scene.facts.plays:
        return rows + nothing(names[1:], "labelled", "nothing was played on this side")
    taken = [[_taken(_begun(scene, (p, q + TOLERANCE_MS))) for p, q in pauses] for _, pauses in turns]
    return [*rows, metric("takeover_in_pause", "labelled", _share(taken), "words heard in proportion to time")]


def _share(flags: list[list[bool]]) -> Estimate:
    """Return the share over all pauses. Those of one turn are not independent, so the turn is drawn; n is of pauses."""
    n = sum(map(len, flags))
    if not any(map(any, flags)):
        return rate_of(0, n)
    found = ratio_of([sum(of_turn) for of_turn in flags], [len(of_turn) for of_turn in flags])
    return Estimate(found.value, found.low, found.high, n, 0)


def _backchannels(scene: Scene) -> list[Metric]:
    """Return what the agent made of labelled backchannels while it talked."""
    names = ("takeover_after_backchannel", "backchannel_kept_talking")
    heard = [
        (label.speech_start_ms, said)
        for label in scene.floor.labelled
        if label.kind == "backchannel" and label.speech_start_ms is not None
        if (said := scene.talked_over(label.speech_start_ms)) is not None
    ]
    if not heard:
        return nothing(names, "labelled", "no labelled backchannel fell into the agent's speech")
    answered = sum(_taken(_begun(scene, (start_ms, scene.next_onset_ms(start_ms)))) for start_ms, _ in heard)
    # What is cut only later is cut by something else.
    kept = sum(not said.item.cut or said.end_ms - start_ms > GOES_ON_MS for start_ms, said in heard)
    return [
        metric(names[0], "labelled", rate_of(answered, len(heard)), "words heard in proportion to time"),
        metric(names[1], "labelled", rate_of(kept, len(heard))),
    ]
