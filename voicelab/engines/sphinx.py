"""PocketSphinx as a recogniser: a scenario's grammar, or free dictation.

In: audio as it arrives. Out: the words so far, and in the end the words with a confidence.
Does not know: processes, when a turn begins or ends, what the words mean.

Nothing is carried from turn to turn. PocketSphinx subtracts a cepstral mean (the colour of voice and microphone), which it
learns over many utterances; here each turn learns it from its own audio, at `LEARN_AT_BYTES`, and hears that audio again.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.resample import Resampler
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.base import Heard
from voicelab.engines.language import Scenario, grammar, pronunciations
from voicelab.errors import EngineError

SPHINX_HZ = 16_000
BLOCK_BYTES = 640  # 20 ms; PocketSphinx's result depends a little on how its audio is cut
LEARN_AT_BYTES = (40 * BLOCK_BYTES, 70 * BLOCK_BYTES)  # 0.8 s and 1.4 s into the turn
ACCEPTED = 0.5  # confidence below which a phrase is rejected

# Chosen by measurement on the guide's phrases in five voices (tests/benchmarks/bench_engines.py): with the default
# beams the right phrase is often lost on the way, and its score then tells nothing about whether it fits.
_SCENARIO_OPTIONS = {"bestpath": False, "beam": 1e-64, "pbeam": 1e-64, "wbeam": 1e-48, "lw": 2.0}
_DICTATION_OPTIONS = {"fwdflat": False}

# How well a phrase fits: mean acoustic score of a frame. 0.5 is where the phrase is rejected.
_FIT_AT_HALF, _FIT_SCALE = -0.0044, 0.0003


MEAN_WEIGHT = 20
USUAL_MEAN = (41.0, -5.29, -0.12, 5.09, 2.48, -4.07, -1.37, -1.78, -5.08, -2.05, -6.45, -1.42, 1.17)


class Sphinx:
    """PocketSphinx as a :class:`~voicelab.engines.base.Recogniser`.

    Parameters
    ----------
    scenario : Scenario, optional
        Only its phrases can be heard; other words are rejected as far as that can be told. Without one, free dictation:
        any English words, many of them wrong.

    Raises
    ------
    EngineError
        pocketsphinx is not installed.
    ConfigError
        The scenario uses words that the dictionary does not have.
    """

    def __init__(self, scenario: Scenario | None = None) -> None:
        self.engine = f"pocketsphinx {scenario.name if scenario else 'dictation'}"
        self._scenario = scenario
        self._decoder: Any = None
        self.start()

    def start(self) -> None:
        """Begin a turn; an unfinished one is forgotten.

        The first call after a turn loads a fresh decoder, which takes 0.1 s (dictation: 0.4 s).
        """
        if self._decoder is None or self._is_used:
            self._decoder = _decoder(self._scenario)
        self._is_used = False
        self._resampler = Resampler(RATE_HZ, SPHINX_HZ)
        self._inbox = bytearray()  # less than one block
        self._segment = bytearray()  # the audio of the open segment, int16 at 16 kHz
        self._aside: bytearray | None = None  # what came since the segment was closed
        self._done: list[tuple[str, float]] = []  # text and confidence of each closed segment
        self._listening = False
        self._mean = ""
        self._partial = ""

    def feed(self, samples: Samples) -> str:
        """Listen to more audio.

        Parameters
        ----------
        samples : ndarray of int16, shape (n,)
            Mono, 24,000 Hz.

        Returns
        -------
        str
            The words so far when they changed, else ``""``. Nothing comes in the first 0.8 s.
        """
        self._is_used = True
        self._inbox += self._resampler.feed(samples).tobytes()
        while len(self._inbox) >= BLOCK_BYTES:
            self._take(bytes(self._inbox[:BLOCK_BYTES]))
            del self._inbox[:BLOCK_BYTES]
        return self._changed_partial()

    def pause(self) -> None:
        """Close the segment early, since the speaker may be done; what is fed from here on is only kept aside."""
        if self._aside is None:
            if not self._listening:
                self._listen_again()
            self._close_segment()
            self._aside = bytearray()

    def resume(self) -> None:
        """Open another segment, since the speaker went on; it begins with the audio kept aside.

        A segment that made no phrase of the scenario ("what is seven") is not another one: it goes on.
        """
        if self._aside is None:
            return
        aside, self._aside = self._aside, None
        if self._scenario is not None and self._done[-1][1] < ACCEPTED:
            self._done.pop()
            self._segment += aside
            self._listen_again()
        else:
            self._segment = aside
            self._open_segment()

    def finish(self) -> Heard:
        """End the turn.

        Returns
        -------
        Heard
            The words of all segments, joined; as trustworthy as the least of them.
        """
        self.pause()
        spoken = [(text, confidence) for text, confidence in self._done if text]
        confidence = min((confidence for _, confidence in spoken), default=0.0)
        return Heard(
            text=" ".join(text for text, _ in spoken),
            rejected=self._scenario is not None and bool(spoken) and confidence < ACCEPTED,
            confidence=confidence,
            engine=self.engine,
        )

    def _take(self, block: bytes) -> None:
        """Hear one block, or keep it aside."""
        if self._aside is not None:
            self._aside += block
            return
        self._segment += block
        if not self._done and len(self._segment) in LEARN_AT_BYTES:
            self._listen_again()
        elif self._listening:
            self._decoder.process_raw(block)

    def _listen_again(self) -> None:
        """Learn the mean from the whole segment, then hear it from its beginning."""
        self._stop_listening()
        self._mean = _mean(self._decoder, bytes(self._segment))
        self._open_segment()

    def _open_segment(self) -> None:
        self._decoder.set_cmn(self._mean)
        self._decoder.start_utt()
        self._listening = True
        for start in range(0, len(self._segment), BLOCK_BYTES):
            self._decoder.process_raw(bytes(self._segment[start : start + BLOCK_BYTES]))

    def _close_segment(self) -> None:
        unfinished = self._words()
        self._stop_listening()
        text = self._words()
        confidence = self._confidence() if text else 0.0
        self._done.append((text or unfinished, confidence))

    def _stop_listening(self) -> None:
        if self._listening:
            self._decoder.end_utt()
            self._listening = False

    def _words(self) -> str:
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr.strip() if hypothesis else ""

    def _changed_partial(self) -> str:
        if not self._listening:
            return ""
        partial = " ".join(filter(None, [*(text for text, _ in self._done), self._words()]))
        if partial == self._partial:
            return ""
        self._partial = partial
        return partial

    def _confidence(self) -> float:
        if self._scenario is None:
            return min(1.0, max(0.0, float(self._decoder.hyp().prob)))
        scores = [(part.ascore, part.end_frame - part.start_frame + 1) for part in self._decoder.seg()]
        n_frames = sum(n for _, n in scores)
        fit = sum(math.log(max(score, 1e-300)) for score, _ in scores) / n_frames
        return 1 / (1 + math.exp(-(fit - _FIT_AT_HALF) / _FIT_SCALE))


def _mean(decoder: Any, audio: bytes) -> str:
    """Learn the cepstral mean of some audio.

    PocketSphinx only tells a mean that its start value has a part in: ``m = (500 u + sum) / (500 + n)``, over ``n`` frames that
    are not silent (cmn_live.c). Two start values give two equations for ``sum`` and ``n``.
    """
    low, high = (_mean_from(decoder, audio, start) for start in (0.0, 1000.0))
    n_and_500 = 500 * 1000.0 / (high - low)
    n = float(np.median(n_and_500)) - 500
    total = low * n_and_500
    mean = (MEAN_WEIGHT * np.array(USUAL_MEAN) + total) / (MEAN_WEIGHT + n)
    return ",".join(f"{value:.4f}" for value in mean)


def _mean_from(decoder: Any, audio: bytes, start: float) -> NDArray[np.float64]:
    decoder.set_cmn(",".join([str(start)] * len(USUAL_MEAN)))
    decoder.start_utt()
    for at in range(0, len(audio), BLOCK_BYTES):
        decoder.process_raw(audio[at : at + BLOCK_BYTES], no_search=True)
    mean = np.array(decoder.get_cmn(True).split(","), np.float64)
    decoder.end_utt()
    return mean


def _decoder(scenario: Scenario | None) -> Any:
    """Load a PocketSphinx decoder; about 29 MB with a scenario, 95 MB for dictation."""
    if find_spec("pocketsphinx") is None:
        raise EngineError("Hearing words needs pocketsphinx, which is not installed; run: pip install pocketsphinx")
    import pocketsphinx

    common = {"loglevel": "FATAL"}
    if scenario is None:
        return pocketsphinx.Decoder(**common, **_DICTATION_OPTIONS)
    model = Path(pocketsphinx.get_model_path()) / "en-us"
    # The stock dictionary costs 0.2 s and 15 MB; a scenario needs a few hundred of its 130,000 words.
    with open(model / "cmudict-en-us.dict", encoding="utf-8") as stock:
        entries = pronunciations(scenario, stock)
    decoder = pocketsphinx.Decoder(hmm=str(model / "en-us"), dict=None, lm=None, **common, **_SCENARIO_OPTIONS)
    for word, phones in entries:
        decoder.add_word(word, phones, update=False)
    decoder.add_jsgf_string("scenario", grammar(scenario))
    decoder.activate_search("scenario")
    return decoder
