"""PocketSphinx as a recogniser: a scenario's grammar, or free dictation.

In: audio as it arrives. Out: the words so far, and in the end the words with a confidence.
Does not know: processes, when a turn begins or ends, what the words mean.

Nothing is carried from turn to turn. PocketSphinx subtracts a cepstral mean (the colour of voice and microphone), which it
learns over many utterances; here each turn learns it from its own audio, at `LEARN_AT_S`, and hears that audio again.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from voicelab.audio.resample import Resampler
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.base import Heard
from voicelab.engines.language import Scenario, grammar, pronunciations
from voicelab.errors import EngineError

SPHINX_HZ = 16_000
LEARN_AT_S = (0.8, 1.4)
BYTES_PER_S = 2 * SPHINX_HZ
BLOCK_BYTES = 640  # 20 ms; PocketSphinx's result depends a little on how its audio is cut
SHORTEST_BYTES = 3200  # 100 ms; less has no mean to learn
ACCEPTED = 0.5  # confidence below which a phrase is rejected

# Chosen by measurement on the guide's phrases in five voices (tests/benchmarks/bench_engines.py): with the default
# beams the right phrase is often lost on the way, and its score then tells nothing about whether it fits.
_SCENARIO_OPTIONS = {"bestpath": False, "beam": 1e-64, "pbeam": 1e-64, "wbeam": 1e-48, "lw": 2.0}
_DICTATION_OPTIONS = {"fwdflat": False}

# How well a phrase fits: mean acoustic score of a frame. 0.5 is where the phrase is rejected.
_FIT_AT_HALF, _FIT_SCALE = -0.0044, 0.0003


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
        self._has_grammar = scenario is not None
        self._decoder = _decoder(scenario)
        self._usual_mean = self._decoder.get_cmn()
        self._listening = False
        self.start()

    def start(self) -> None:
        """Begin a turn; an unfinished one is forgotten."""
        self._stop_listening()
        self._resampler = Resampler(RATE_HZ, SPHINX_HZ)
        self._mean = self._usual_mean
        self._n_learnt = 0
        self._segment = bytearray()  # the audio of the open segment, int16 at 16 kHz
        self._n_heard = 0  # bytes of it that were decoded
        self._aside: bytearray | None = None  # what came since the segment was closed
        self._done: list[tuple[str, float]] = []  # text and confidence of each closed segment
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
        pcm = self._resampler.feed(samples).tobytes()
        if self._aside is not None:
            self._aside += pcm
            return ""
        self._segment += pcm
        if self._listening:
            self._decode_blocks()
        self._learn_when_due()
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
        if self._has_grammar and self._done[-1][1] < ACCEPTED:
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
        heard = Heard(
            text=" ".join(text for text, _ in spoken),
            rejected=self._has_grammar and bool(spoken) and confidence < ACCEPTED,
            confidence=confidence,
            engine=self.engine,
        )
        self.start()
        return heard

    def _learn_when_due(self) -> None:
        """Learn the mean each time the first segment reaches one of the lengths for that."""
        while not self._done and self._n_learnt < len(LEARN_AT_S):
            due = round(LEARN_AT_S[self._n_learnt] * BYTES_PER_S)
            if len(self._segment) < due:
                return
            self._n_learnt += 1
            self._listen_again(learn_from=due)

    def _listen_again(self, learn_from: int | None = None) -> None:
        """Learn the mean from the first bytes of the segment (or from all), then hear it from its beginning."""
        self._stop_listening()
        self._decoder.set_cmn(self._usual_mean)
        if len(self._segment) >= SHORTEST_BYTES:
            self._decoder.start_utt()
            self._decoder.process_raw(bytes(self._segment[:learn_from]), no_search=True, full_utt=True)
            self._decoder.end_utt()
        self._mean = self._decoder.get_cmn()
        self._open_segment()

    def _open_segment(self) -> None:
        self._decoder.set_cmn(self._mean)
        self._decoder.start_utt()
        self._listening = True
        self._n_heard = 0
        self._decode_blocks()

    def _decode_blocks(self) -> None:
        for start in range(self._n_heard, len(self._segment) - BLOCK_BYTES + 1, BLOCK_BYTES):
            self._decoder.process_raw(bytes(self._segment[start : start + BLOCK_BYTES]))
            self._n_heard = start + BLOCK_BYTES

    def _close_segment(self) -> None:
        if self._n_heard < len(self._segment):
            self._decoder.process_raw(bytes(self._segment[self._n_heard :]))
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
        if not self._has_grammar:
            return min(1.0, max(0.0, float(self._decoder.hyp().prob)))
        scores = [(part.ascore, part.end_frame - part.start_frame + 1) for part in self._decoder.seg()]
        n_frames = sum(n for _, n in scores)
        fit = sum(math.log(max(score, 1e-300)) for score, _ in scores) / n_frames
        return 1 / (1 + math.exp(-(fit - _FIT_AT_HALF) / _FIT_SCALE))


def _decoder(scenario: Scenario | None) -> Any:
    """Load a PocketSphinx decoder; about 29 MB with a scenario, 95 MB for dictation."""
    if find_spec("pocketsphinx") is None:
        raise EngineError("Hearing words needs pocketsphinx, which is not installed; run: pip install pocketsphinx")
    import pocketsphinx

    # "batch": the mean of a whole utterance is learnt where one is given whole; streamed audio uses the mean as it is.
    common = {"cmn": "batch", "loglevel": "FATAL"}
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
