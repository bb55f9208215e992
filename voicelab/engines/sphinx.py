"""PocketSphinx as a recogniser: a scenario's grammar, or free dictation.

In: audio as it arrives. Out: the words so far, and in the end the words with a confidence.
Does not know: processes, when a turn begins or ends, what the words mean.

Nothing is carried from turn to turn: each one gets a fresh decoder. PocketSphinx subtracts a cepstral mean (the colour
of voice and microphone), which it learns over many utterances; here each turn learns it from its own audio, at
`LEARN_AT_BYTES`, and hears that audio again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.resample import Resampler
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.base import Heard
from voicelab.engines.language import Scenario, grammar, pronunciations, words
from voicelab.errors import EngineError

SPHINX_HZ = 16_000
BLOCK_BYTES = 640  # 20 ms; PocketSphinx's result depends a little on how its audio is cut
LEARN_AT_BYTES = (40 * BLOCK_BYTES, 70 * BLOCK_BYTES)  # 0.8 s and 1.4 s into the turn
ACCEPTED = 0.5  # confidence below which a phrase is rejected

# The mean that the en-us acoustic model was published with (its -cmninit), and for how many frames of 10 ms
# it counts beside the turn's own: 0 and 100 were tried too, and lose some words more.
USUAL_MEAN = (41.0, -5.29, -0.12, 5.09, 2.48, -4.07, -1.37, -1.78, -5.08, -2.05, -6.45, -1.42, 1.17)
USUAL_MEAN_FRAMES = 20

# With the usual weight of the language (6.5) a likely phrase wins over the one that was said.
SCENARIO_OPTIONS = {"bestpath": False, "lw": 2.0}
DICTATION_OPTIONS = {"fwdflat": False}
IDLE_SEARCH = "idle"  # for one word: what runs, since something must, while only the mean is wanted

# Fit of a phrase: acoustic score of all frames, shared among those of words and 60 more, so that one odd sound does not
# reject a short word, and speech that was taken for silence counts. At half, 2 % of the guide's own phrases are
# rejected, and 98 % of sentences that the value was not chosen with (tests/benchmarks/bench_engines.py).
SPARE_FRAMES = 60
FIT_AT_HALF, FIT_SCALE = -0.0037, 0.0004


class Sphinx:
    """PocketSphinx as a :class:`~voicelab.engines.base.Recogniser`.

    Parameters
    ----------
    scenario : Scenario, optional
        Only its phrases can be heard; other words are rejected as far as that can be told. Without one,
        free dictation: any English words, many of them wrong.

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
        self._decoder: Any = _decoder(scenario)
        self._is_used = False  # the decoder has heard something
        self.start()

    def start(self) -> None:
        """Begin a turn; an unfinished one is forgotten.

        The first call after a turn loads a fresh decoder, which takes 0.1 s (dictation: 0.4 s).
        """
        if self._is_used:
            self._decoder = None  # frees its memory before the next one takes as much
            self._decoder = _decoder(self._scenario)
            self._is_used = False
        self._resampler = Resampler(RATE_HZ, SPHINX_HZ)
        self._inbox = bytearray()  # less than one block
        self._segment = bytearray()  # the audio of the open segment, int16 at 16 kHz
        self._aside: bytearray | None = None  # what came since the segment was closed
        self._done: list[_Segment] = []
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

        A segment that made no phrase of the scenario ("what is seven") is not followed by another one: it
        goes on.
        """
        if self._aside is None:
            return
        aside, self._aside = self._aside, None
        if self._scenario is not None and not self._done[-1].is_whole:
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
        spoken = [segment for segment in self._done if segment.text]
        confidence = min((segment.confidence for segment in spoken), default=0.0)
        return Heard(
            text=" ".join(segment.text for segment in spoken),
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
        self._is_used = True
        self._mean = _mean(self._decoder, bytes(self._segment))
        self._open_segment()

    def _open_segment(self) -> None:
        self._decoder.set_cmn(self._mean)
        self._decoder.start_utt()
        self._listening = True
        for start in range(0, len(self._segment), BLOCK_BYTES):
            self._decoder.process_raw(bytes(self._segment[start : start + BLOCK_BYTES]))

    def _close_segment(self) -> None:
        so_far = _words(self._decoder)
        self._stop_listening()
        text = _words(self._decoder)
        confidence = self._confidence() if text else 0.0
        # At its end a grammar only gives whole phrases, even where the best words so far were the beginning
        # of one.
        is_whole = confidence >= ACCEPTED and text == so_far
        self._done.append(_Segment(text or so_far, confidence, is_whole))

    def _stop_listening(self) -> None:
        if self._listening:
            self._decoder.end_utt()
            self._listening = False

    def _changed_partial(self) -> str:
        if not self._listening:
            return ""
        texts = [*(segment.text for segment in self._done), _words(self._decoder)]
        partial = " ".join(text for text in texts if text)
        if partial == self._partial:
            return ""
        self._partial = partial
        return partial

    def _confidence(self) -> float:
        if self._scenario is None:
            return min(1.0, max(0.0, float(self._decoder.hyp().prob)))
        score = 0.0
        n_frames = SPARE_FRAMES
        for part in self._decoder.seg():
            score += math.log(max(part.ascore, 1e-300))
            if part.word[0] not in "<[(":  # silence, noise, a joint of the grammar
                n_frames += part.end_frame - part.start_frame + 1
        return 1 / (1 + math.exp((FIT_AT_HALF - score / n_frames) / FIT_SCALE))


@dataclass(frozen=True)
class _Segment:
    """A closed stretch of a turn."""

    text: str
    confidence: float
    is_whole: bool  # it makes a phrase of the scenario on its own


def _words(decoder: Any) -> str:
    hypothesis = decoder.hyp()
    return str(hypothesis.hypstr).strip() if hypothesis else ""


def _mean(decoder: Any, audio: bytes) -> str:
    """Learn the cepstral mean of some audio, as PocketSphinx writes it.

    PocketSphinx tells a mean in which its start value has a part: ``(500 start + total) / (500 + n)`` over
    the ``n`` frames that are not digital silence (cmn_live.c). Two start values give two equations for
    ``total`` and ``n``.
    """
    search = decoder.current_search()
    decoder.activate_search(IDLE_SEARCH)
    low = _mean_from(decoder, audio, 0.0)
    high = _mean_from(decoder, audio, 1000.0)
    decoder.activate_search(search)
    n_frames = 500 * float(np.median(1000.0 / (high - low)))
    total = low * n_frames + USUAL_MEAN_FRAMES * np.array(USUAL_MEAN)
    mean = total / (n_frames - 500 + USUAL_MEAN_FRAMES)
    return ",".join(f"{value:.4f}" for value in mean)


def _mean_from(decoder: Any, audio: bytes, start: float) -> NDArray[np.float64]:
    decoder.set_cmn(",".join([str(start)] * len(USUAL_MEAN)))
    decoder.start_utt()
    for at in range(0, len(audio), BLOCK_BYTES):
        decoder.process_raw(audio[at : at + BLOCK_BYTES], no_search=True)
    mean = np.array(decoder.get_cmn(True).split(","), np.float64)
    decoder.end_utt()
    return mean


@lru_cache(maxsize=4)
def _entries(scenario: Scenario, dictionary: Path) -> list[tuple[str, str]]:
    """Read a scenario's words from the stock dictionary: a few hundred of 130,000, and 0.1 s each time it is read."""
    with dictionary.open(encoding="utf-8") as stock:
        return pronunciations(scenario, stock)


def _decoder(scenario: Scenario | None) -> Any:
    """Load a PocketSphinx decoder; about 29 MB with a scenario, 95 MB for dictation."""
    if find_spec("pocketsphinx") is None:
        raise EngineError("Hearing words needs pocketsphinx, which is not installed; run: pip install pocketsphinx")
    import pocketsphinx

    common = {"loglevel": "FATAL"}
    idle = "#JSGF V1.0; grammar idle; public <word> = {};"
    if scenario is None:
        decoder = pocketsphinx.Decoder(**common, **DICTATION_OPTIONS)
        decoder.add_jsgf_string(IDLE_SEARCH, idle.format("a"))
        return decoder
    model = Path(pocketsphinx.get_model_path()) / "en-us"
    decoder = pocketsphinx.Decoder(hmm=str(model / "en-us"), dict=None, lm=None, **common, **SCENARIO_OPTIONS)
    for word, phones in _entries(scenario, model / "cmudict-en-us.dict"):
        decoder.add_word(word, phones, update=False)
    decoder.add_jsgf_string("scenario", grammar(scenario))
    decoder.add_jsgf_string(IDLE_SEARCH, idle.format(min(words(scenario))))
    decoder.activate_search("scenario")
    return decoder
