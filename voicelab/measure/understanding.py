"""What was understood and how much was said: word errors, the transcript's delay, talk time, overlap.

In: a `Scene`.  Out: metrics.
Does not know: turn-taking, or how words are compared (``words``).

By the project's metric definitions: word errors section 4, transcript delay section 3, talk time section 2.
"""

from __future__ import annotations

from voicelab.measure.intervals import Estimate, ratio_of
from voicelab.measure.metric import Basis, Metric, metric, nothing
from voicelab.measure.scene import TOLERANCE_MS, Scene
from voicelab.measure.speech import Window
from voicelab.measure.stretches import common, length_ms, merged, touch
from voicelab.measure.words import WordErrors, is_english, word_errors

_WORDS = ("wer", "word_substitutions", "word_deletions", "word_insertions")
_TALK = ("talk_ratio", "overlap_share")


def understood(scene: Scene) -> list[Metric]:
    """Return the word errors against the labels' texts, over the whole run."""
    groups = _groups(scene)
    if not groups:
        return nothing(_WORDS, "labelled", "no label of this run has a text")
    errors = [word_errors(said, heard) if heard is not None and is_english(said) else None for said, heard in groups]
    found = [one for one in errors if one is not None]
    n_missing = len(errors) - len(found)
    if not found or all(heard is None for _, heard in groups):
        return nothing(_WORDS, "labelled", "no transcript, or none in English, beside the labels' texts", n_missing)
    total = sum(found, WordErrors())
    rate = ratio_of([float(one.n_errors) for one in found], [float(one.n_words) for one in found], n_missing)
    note = "not in English, or not transcribed: missing" if n_missing else ""
    counts = (total.substitutions, total.deletions, total.insertions)
    return [
        metric("wer", "labelled", rate, "; ".join(filter(None, [f"{total.n_words} words", note]))),
        *(
            metric(name, "labelled", Estimate(float(count), None, None, len(found), n_missing), note)
            for name, count in zip(_WORDS[1:], counts, strict=True)
        ),
    ]


def _groups(scene: Scene) -> list[tuple[str, str | None]]:
    """Return what was said beside what was understood: labels and detector turns that overlap belong together.

    A label that no turn overlaps was missed: its words are deletions, if anything was written down in this run. A turn
    whose transcript is not known is None.
    """
    texts = [
        (one.onset_ms - TOLERANCE_MS, one.end_ms + TOLERANCE_MS, one.text) for one in scene.of("labelled") if one.text
    ]
    # Up to the decision: what began before it is in the turn, although the turn table gives one end of speech.
    decided = {one.item_id: one.decided_ms for one in scene.floor.detections if one.decided_ms is not None}
    turns = [
        (turn.speech_start_ms, decided.get(turn.item_id, turn.speech_end_ms), turn.transcript)
        for turn in scene.turns
        if turn.speech_start_ms is not None and turn.speech_end_ms is not None
    ]
    if not any(transcript is not None for *_, transcript in turns):
        return [(text, None) for *_, text in texts]
    own = [turn for turn in turns if touch([(begin, end) for begin, end, _ in texts], turn[0], turn[1])]
    found: list[tuple[str, str | None]] = []
    for begin, end in merged([(a, b) for a, b, _ in [*texts, *own]]):
        said = [text for a, _, text in texts if begin <= a < end]
        heard = [transcript for a, _, transcript in own if begin <= a < end]
        whole = " ".join(one for one in heard if one is not None)
        found.append((" ".join(said), None if None in heard else whole))
    return found


def talk(scene: Scene) -> list[Metric]:
    """Return who talked how much, as heard, and for how long both did. One run is one session: there is no interval."""
    if not scene.facts.plays:
        return [
            *nothing(_TALK, "labelled", "nothing was played on this side"),
            *nothing(_TALK, "estimated", "nothing was played on this side"),
            *nothing(["agent_talk_share"], "measured", "nothing was played on this side"),
        ]
    agent = merged(stretch for said in scene.said for stretch in said.stretches)
    rows: list[Metric] = []
    if scene.floor.labelled and scene.is_labelled(0.0, scene.duration_ms):
        rows += _talk(scene, agent, _labelled_speech(scene), "labelled", "pauses without a label count as speech")
    else:
        rows += nothing(_TALK, "labelled", "not all of what the user sent has labels")
    if scene.floor.voiced:
        rows += _talk(scene, agent, scene.floor.voiced, "estimated", "the user's speech by our own speech scores")
    else:
        rows += nothing(_TALK, "estimated", "no speech of the user was scored in this run")
    return [*rows, metric("agent_talk_share", "measured", _part(length_ms(agent), scene.duration_ms))]


def _labelled_speech(scene: Scene) -> list[Window]:
    """Return where labels say that the user spoke, backchannels too; pauses are taken out where they have labels."""
    speech: list[Window] = []
    for label in scene.floor.labelled:
        if label.kind == "noise" or label.speech_end_ms is None:
            continue
        begin = label.speech_start_ms if label.speech_start_ms is not None else label.begin_ms
        for pause_begin, pause_end in merged(label.pauses_ms):
            speech.append((begin, pause_begin))
            begin = pause_end
        speech.append((begin, label.speech_end_ms))
    return merged(speech)


def _talk(scene: Scene, agent: list[Window], user: list[Window], basis: Basis, note: str) -> list[Metric]:
    return [
        metric("talk_ratio", basis, _part(length_ms(agent), length_ms(user)), note),
        metric("overlap_share", basis, _part(length_ms(common(agent, user)), scene.duration_ms), note),
    ]


def _part(part_ms: float, whole_ms: float) -> Estimate:
    return Estimate(part_ms / whole_ms if whole_ms > 0 else None, None, None, 1 if whole_ms > 0 else 0)
