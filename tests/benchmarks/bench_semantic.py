"""How well the end-of-turn judgement works on human speech: ``python -m tests.benchmarks.bench_semantic``.

``fit`` prints the weights of ``voicelab/turns/completeness.py``. ``table`` (the default) prints, for each eagerness,
early cut-offs, missed turns and latency beside plain silence timers: with the words of PocketSphinx's free dictation
streamed in step with the audio and without, with weights fitted on all speakers and with those of a fit that has not
heard the speaker (cross-validation). ``write FILE`` writes the decisions as JSON Lines, one a clip and setting.

Needs VOICELAB_SPEECH and some five minutes, most of them PocketSphinx. The weights of a speaker left out are honest;
the sureness of each eagerness and the measures themselves were chosen with all speakers in view.

One turn a clip: cut off = an end was decided more
than 0.1 s before the labelled one; missed = none from there to 2.5 s after it; latency = from the labelled end to the
first decision after it. Audio time only: no computing time is in it.
"""

from __future__ import annotations

import json
import math
import os
import sys
import wave
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.resample import convert
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.sphinx import Sphinx
from voicelab.turns.completeness import FITTED, Weights, felt, measures
from voicelab.turns.endpoint import EndpointSettings, find_turns
from voicelab.turns.prosody import Listener, Prosody
from voicelab.turns.scores import Score, score_clip
from voicelab.turns.semantic import PAUSE_MS, Eagerness, SemanticSettings, find_semantic_turns

EAGERNESSES: tuple[Eagerness, ...] = ("high", "medium", "low")
RIDGE = 60.0
RIDGES = (10.0, 30.0, 60.0, 100.0)
INSTANTS_MS = (200, 300, 400, 500, 600, 700, 800, 1000, 1200, 1400, 1700, 2000)
TIMERS_MS = (200, 500, 700, 800, 900, 1000, 1200, 1300, 1500, 2000)
LOG_ODDS = np.arange(-1.0, 1.01, 0.25)
TOLERANCE_S, TAIL_S = 0.1, 2.5
MATERIALS: dict[str, Callable[[str], bool]] = {
    "all": lambda name: True,
    "natural turns": lambda name: "-phone-" not in name,
    "phone numbers": lambda name: "-phone-" in name,
}


@dataclass(frozen=True)
class Clip:
    """One labelled turn and what was heard of it."""

    name: str
    speaker: str
    start_s: float
    end_s: float
    samples: Samples
    scores: list[Score]
    words: list[tuple[float, str]]


@dataclass(frozen=True)
class Pause:
    """A silence after speech; ``length_ms`` is infinite for the last."""

    speaker: str
    prosody: Prosody
    length_ms: float


Decide = Callable[[Clip], list[float]]


def main(arguments: Sequence[str]) -> None:
    """Do what the first argument says."""
    what = arguments[0] if arguments else "table"
    clips = read_clips(Path(os.environ["VOICELAB_SPEECH"]), with_words=what != "fit")
    pauses = [pause for clip in clips for pause in pauses_of(clip)]
    if what == "fit":
        print_fit(clips, pauses)
    elif what == "write":
        Path(arguments[1]).write_text("".join(f"{line}\n" for line in decisions(clips, pauses)), encoding="utf-8")
    else:
        print_table(clips, pauses)


def read_clips(share: Path, with_words: bool) -> list[Clip]:
    """Read all clips made for endpointing, score them and, if wanted, have their words recognised."""
    rows = [json.loads(line) for line in (share / "clips.jsonl").read_text(encoding="utf-8").splitlines()]
    recogniser = Sphinx() if with_words else None
    return [read_clip(share, row, recogniser) for row in rows if row["task"] == "endpoint"]


def read_clip(share: Path, row: dict[str, str], recogniser: Sphinx | None) -> Clip:
    name = row["clip"]
    with wave.open(str(share / "audio" / f"{name}.wav")) as file:
        samples_16k = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
    samples = convert(samples_16k, 16_000, RATE_HZ)
    lines = (share / "labels" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    (turn,) = [label for label in map(json.loads, lines) if label["kind"] == "turn"]
    words = hear_words(recogniser, samples) if recogniser else []
    return Clip(name, row.get("speaker", name), turn["start"], turn["end"], samples, score_clip(samples), words)


def hear_words(recogniser: Sphinx, samples: Samples) -> list[tuple[float, str]]:
    """Return when, in ms of audio, dictation had which words; fed 20 ms at a time."""
    recogniser.start()
    step = RATE_HZ // 50
    heard = []
    for at in range(0, len(samples), step):
        text = recogniser.feed(samples[at : at + step])
        if text:
            heard.append((min(at + step, len(samples)) * 1000 / RATE_HZ, text))
    return heard


def pauses_of(clip: Clip) -> list[Pause]:
    """Return the silences of a clip that are long enough to be judged, as the live rule meets them."""
    listener = Listener()
    listener.hear(clip.samples)
    threshold = SemanticSettings().threshold
    found: list[Pause] = []
    begun = False
    for score in clip.scores:
        voiced = score.probability >= threshold
        before = listener.prosody()
        if voiced and begun and before.silence_ms >= PAUSE_MS:
            found.append(Pause(clip.speaker, before, before.silence_ms))
        listener.feed(score.start_ms, score.end_ms, voiced)
        begun = begun or listener.prosody().last_run_ms >= SemanticSettings().min_speech_ms
        if not begun and not voiced:
            listener.forget()
    return [*found, Pause(clip.speaker, listener.prosody(), math.inf)] if begun else found


def fit(pauses: Sequence[Pause], ridge: float = RIDGE) -> Weights:
    """Fit the regression by Newton's method."""
    table, ended = observations(pauses)
    penalty = np.diag([1e-3, 1e-3, *[ridge] * (table.shape[1] - 2)])
    weights = np.zeros(table.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-table @ weights))
        slope = table.T @ (chance - ended) + penalty @ weights
        curve = (table * (chance * (1 - chance))[:, None]).T @ table + penalty
        weights -= np.linalg.solve(curve, slope)
    bias, silence, *prosody = (float(weight) for weight in weights)
    return Weights(bias, silence, (prosody[0], prosody[1], prosody[2], prosody[3], prosody[4]))


def observations(pauses: Sequence[Pause]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a row for each instant that a pause outlasts, and whether the turn was over."""
    rows, ended = [], []
    for pause in pauses:
        for instant_ms in INSTANTS_MS:
            if pause.length_ms > instant_ms:
                rows.append([1.0, felt(instant_ms), *measures(pause.prosody)])
                ended.append(math.isinf(pause.length_ms))
    return np.array(rows), np.array(ended, float)


def left_out(clips: Sequence[Clip], pauses: Sequence[Pause], ridge: float = RIDGE) -> dict[str, Weights]:
    """Return, for each speaker, the weights of a fit to all the others."""
    speakers = sorted({clip.speaker for clip in clips})
    return {one: fit([pause for pause in pauses if pause.speaker != one], ridge) for one in speakers}


def loss(pauses: Sequence[Pause], weights_of: Callable[[str], Weights]) -> float:
    """Return the mean log loss of the judgement over all observations."""
    total, n = 0.0, 0
    for pause in pauses:
        table, ended = observations([pause])
        if len(table):
            weights = weights_of(pause.speaker)
            odds = table @ np.array([weights.bias, weights.silence, *weights.prosody])
            total += float(np.log1p(np.exp(np.where(ended > 0, -odds, odds))).sum())
            n += len(ended)
    return total / n


def print_fit(clips: Sequence[Clip], pauses: Sequence[Pause]) -> None:
    n_ends = sum(math.isinf(pause.length_ms) for pause in pauses)
    print(f"{len(pauses)} pauses, {n_ends} of them the last; mean log loss per observation")
    for ridge in RIDGES:
        weights, others = fit(pauses, ridge), left_out(clips, pauses, ridge)
        values = ", ".join(f"{one:.2f}" for one in (weights.bias, weights.silence, *weights.prosody))
        fitted, unseen = loss(pauses, _always(weights)), loss(pauses, others.__getitem__)
        print(f"ridge {ridge:>4.0f}: fitted {fitted:.3f}, speakers left out {unseen:.3f}; {values}")


def _always(weights: Weights) -> Callable[[str], Weights]:
    return lambda speaker: weights


def timer(silence_ms: float) -> Decide:
    def decide(clip: Clip) -> list[float]:
        turns = find_turns(clip.scores, EndpointSettings(silence_ms=silence_ms))
        return [turn.decided_ms / 1000 for turn in turns if turn.decided_ms is not None]

    return decide


def judged(eagerness: Eagerness, with_words: bool, weights_of: Callable[[str], Weights]) -> Decide:
    settings = SemanticSettings(eagerness)

    def decide(clip: Clip) -> list[float]:
        words = clip.words if with_words else []
        turns = find_semantic_turns(clip.samples, clip.scores, settings, words, weights_of(clip.speaker))
        return [turn.decided_ms / 1000 for turn in turns if turn.decided_ms is not None]

    return decide


def ways(clips: Sequence[Clip], pauses: Sequence[Pause]) -> dict[str, Decide]:
    """Return every setting to be compared, by name."""
    others = left_out(clips, pauses)
    named: dict[str, Decide] = {f"timer {ms} ms": timer(ms) for ms in TIMERS_MS}
    for with_words in (False, True):
        kind = "prosody + words" if with_words else "prosody"
        for eagerness in EAGERNESSES:
            named[f"{eagerness}, {kind}"] = judged(eagerness, with_words, _always(FITTED))
            named[f"{eagerness}, {kind}, speaker left out"] = judged(eagerness, with_words, others.__getitem__)
    return named


def decisions(clips: Sequence[Clip], pauses: Sequence[Pause]) -> Iterable[str]:
    for setting, decide in ways(clips, pauses).items():
        for clip in clips:
            yield json.dumps({"clip": clip.name, "setting": setting, "events": decide(clip)})


def print_table(clips: Sequence[Clip], pauses: Sequence[Pause]) -> None:
    print("| setting | material | turns | cut off | missed | latency p50 ms | p95 ms |\n" + "| --- " * 7 + "|")
    for name, decide in ways(clips, pauses).items():
        print_rows(name, clips, decide)
    print("\nThe curve with speakers left out: medium with its sureness moved by so many log odds")
    others = left_out(clips, pauses)
    for with_words in (False, True):
        for shift in LOG_ODDS:
            moved = {one: replace(weights, bias=weights.bias - shift) for one, weights in others.items()}
            kind = "prosody + words" if with_words else "prosody"
            print_rows(f"{kind} {shift:+.2f}", clips, judged("medium", with_words, moved.__getitem__))
    begun = process_time()
    for clip in clips:
        find_semantic_turns(clip.samples, clip.scores)
    audio_s = sum(len(clip.samples) for clip in clips) / RATE_HZ
    print(f"\nCPU per second of audio, scores and words not included: {(process_time() - begun) / audio_s:.4f} s")


def print_rows(name: str, clips: Sequence[Clip], decide: Decide) -> None:
    ends = {clip.name: outcome(clip, decide(clip)) for clip in clips}
    for material, belongs in MATERIALS.items():
        chosen = [end for clip, end in ends.items() if belongs(clip)]
        cut = np.mean([is_cut for is_cut, _ in chosen])
        late_ms = [1000 * latency_s for _, latency_s in chosen if latency_s is not None]
        missed = 1 - len(late_ms) / len(chosen)
        p50, p95 = np.percentile(late_ms, [50, 95])
        print(f"| {name} | {material} | {len(chosen)} | {cut:.2f} | {missed:.2f} | {p50:.0f} | {p95:.0f} |")


def outcome(clip: Clip, decided_s: Sequence[float]) -> tuple[bool, float | None]:
    """Return whether the turn was cut off, and how late its end was found."""
    cut = any(clip.start_s < at < clip.end_s - TOLERANCE_S for at in decided_s)
    late = [at - clip.end_s for at in decided_s if -TOLERANCE_S <= at - clip.end_s <= TAIL_S]
    return cut, late[0] if late else None


if __name__ == "__main__":
    main(sys.argv[1:])
