"""espeak-ng as a speaker, driven through ctypes.

In: text, a voice's name, a speed. Out: speech chunks of 100 ms, each with the words that begin in it.
Does not know: processes, event loops, who listens.

espeak-ng keeps its state in global variables, and the sound of a sentence depends on everything said
before. So the library is loaded anew for each sentence (about 1 ms): the same sentence in the same voice
gives the same samples, always. Where the platform does not really unload a library, only that promise is
lost.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from voicelab.audio.resample import Resampler
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.base import SpeechChunk
from voicelab.engines.sentences import sentences
from voicelab.engines.voices import Voice, voice_named
from voicelab.errors import ConfigError, EngineError
from voicelab.turns.voiced import audible_start_ms

CHUNK_SAMPLES = 2400  # 100 ms
LEAD_MS = 4.0  # silence left before the first audible sample
LONGEST_SENTENCE = 400  # characters
SPEED_RANGE = (0.25, 1.5)

# espeak-ng/speak_lib.h, version 1.52
_SYNCHRONOUS_OUTPUT = 2
_DONT_EXIT_ON_ERROR = 0x8000
_UTF8_WITH_END_PAUSE = 0x1 | 0x1000
_POSITION_IN_CHARACTERS = 1
_RATE, _VOLUME, _PITCH, _WORD_GAP = 1, 2, 3, 7
_EVENT_LIST_END, _EVENT_WORD = 0, 1
_SLOWEST_RATE_WPM, _NORMAL_RATE_WPM = 80, 175
_SEED = 1  # of the breath noise; espeak-ng itself takes the time of day
_GAP_UNIT_S = 0.038  # one unit of word gap at the slowest rate (measured)


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class _Sound:
    samples: Samples  # at rate_hz
    rate_hz: int
    words: tuple[tuple[int, int], ...]  # (character, sample) at which each word begins


class Espeak:
    """espeak-ng as a :class:`~voicelab.engines.base.Speaker`.

    Objects hold no state: any number may be used in turn, also with unfinished iterators.
    """

    def speak(self, text: str, voice: str, speed: float) -> Iterator[SpeechChunk]:
        """Speak ``text`` sentence by sentence.

        Parameters
        ----------
        text : str
            What to say, in the language of the voice.
        voice : str
            A name that ``voices.voice_named`` knows.
        speed : float
            0.25 to 1.5. Below 0.46 espeak-ng speaks no slower, so the rest of the time becomes pauses
            between the words.

        Yields
        ------
        SpeechChunk
            100 ms each, the last of a sentence shorter. A sentence starts with at most 5 ms of silence and
            ends with its pause.

        Raises
        ------
        EngineError
            espeakng-loader is not installed or does not work here, or there is nothing to say.
        ConfigError
            Unknown voice, or a speed out of range.
        """
        how = voice_named(voice)
        if not SPEED_RANGE[0] <= speed <= SPEED_RANGE[1]:
            raise ConfigError(
                f"A speed of {speed} is out of range; choose 0.25 to 1.5.", param="session.audio.output.speed"
            )
        if not text.strip():
            raise EngineError("There is nothing to say: the text is empty. Give at least one word.")
        return self._speak(text, how, speed)

    def _speak(self, text: str, voice: Voice, speed: float) -> Iterator[SpeechChunk]:
        for sentence in _pieces(text):
            sound = _synthesise(sentence, voice, speed)
            yield from _chunks(sentence, sound)


def _pieces(text: str) -> Iterator[str]:
    """Cut text into sentences, and those at a space where they are too long to be made at once."""
    for sentence in sentences(text):
        while len(sentence) > LONGEST_SENTENCE:
            end = sentence.rfind(" ", 0, LONGEST_SENTENCE) + 1 or LONGEST_SENTENCE
            yield sentence[:end]
            sentence = sentence[end:]
        yield sentence


def _chunks(sentence: str, sound: _Sound) -> Iterator[SpeechChunk]:
    """Cut a sentence's sound into chunks and give each the words that begin in it."""
    resampler = Resampler(sound.rate_hz, RATE_HZ)
    whole = np.concatenate([resampler.feed(sound.samples), resampler.finish()])
    samples = _without_lead(whole)
    skipped = whole.size - samples.size
    begins = [(at, sample * RATE_HZ // sound.rate_hz - skipped) for at, sample in sound.words]
    said = 0
    for start in range(0, max(samples.size, 1), CHUNK_SAMPLES):
        end = start + CHUNK_SAMPLES
        is_last = end >= samples.size
        later = [at for at, sample in begins if sample >= end and at >= said]
        until = min(later) if later and not is_last else len(sentence)
        yield SpeechChunk(samples[start:end], sentence[said:until])
        said = until


def _without_lead(samples: Samples) -> Samples:
    """Leave out the silence before the first audible sample, but for 4 ms."""
    # Again and again, since a soft consonant may only just be audible together with the breath that was cut.
    while (start_ms := audible_start_ms(samples, RATE_HZ) or 0.0) > LEAD_MS + 1:
        samples = samples[round((start_ms - LEAD_MS) * RATE_HZ / 1000) :]
    return samples


def _synthesise(sentence: str, voice: Voice, speed: float) -> _Sound:
    """Make the whole sound of one sentence; 7 s of speech take about 13 ms."""
    sound: list[bytes] = []
    words: list[tuple[int, int]] = []

    def take(samples: int | None, n_samples: int, events: Any) -> int:
        if samples and n_samples > 0:
            sound.append(ctypes.string_at(samples, 2 * n_samples))
        index = 0
        while events[index].type != _EVENT_LIST_END:
            if events[index].type == _EVENT_WORD:
                words.append((_word_start(sentence, events[index].text_position - 1), events[index].sample))
            index += 1
        return 0

    rate, gap = _pace(speed)
    callback = _Callback(take)
    with _library() as (library, rate_hz):
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(voice.espeak_name.encode()) != 0:
            raise EngineError(f"espeak-ng has no voice {voice.espeak_name}; reinstall espeakng-loader.")
        for parameter, value in (
            (_RATE, rate),
            (_VOLUME, voice.volume),
            (_PITCH, voice.pitch),
            (_WORD_GAP, gap),
        ):
            library.espeak_SetParameter(parameter, value, 0)
        data = sentence.replace("\0", " ").encode("utf-8", "replace")
        failed = library.espeak_Synth(
            data, len(data) + 1, 0, _POSITION_IN_CHARACTERS, 0, _UTF8_WITH_END_PAUSE, None, None
        )
    if failed:
        raise EngineError(f"espeak-ng could not speak (status {failed}): {sentence[:40]!r}")
    return _Sound(np.frombuffer(b"".join(sound), np.int16), rate_hz, tuple(words))


def _word_start(sentence: str, at: int) -> int:
    # espeak-ng reports two words said as one ("for a") at a position inside them.
    while 0 < at <= len(sentence) and not sentence[at - 1].isspace():
        at -= 1
    return at


def _pace(speed: float) -> tuple[int, int]:
    """espeak-ng's rate (words a minute) and word gap (its units) for a speed."""
    wanted_wpm = _NORMAL_RATE_WPM * speed
    if wanted_wpm >= _SLOWEST_RATE_WPM:
        return round(wanted_wpm), 0
    missing_s = 60 / wanted_wpm - 60 / _SLOWEST_RATE_WPM
    return _SLOWEST_RATE_WPM, round(missing_s / _GAP_UNIT_S)


@contextmanager
def _library() -> Iterator[tuple[Any, int]]:
    """Load espeak-ng, give it with its sample rate, and unload it, so that no state is left."""
    if find_spec("espeakng_loader") is None:
        raise EngineError("Speaking needs espeak-ng, which is not installed; run: pip install espeakng-loader")
    import espeakng_loader

    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        raise EngineError(f"espeak-ng could not be loaded ({error}); reinstall espeakng-loader.") from error
    try:
        library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int),
            *(ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p),
        ]
        data_path = os.fsencode(espeakng_loader.get_data_path())
        rate_hz = library.espeak_Initialize(_SYNCHRONOUS_OUTPUT, 0, data_path, _DONT_EXIT_ON_ERROR)
        if rate_hz <= 0:
            raise EngineError("espeak-ng found none of its data files; reinstall espeakng-loader.")
        library.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
        try:
            yield library, rate_hz
        finally:
            library.espeak_Terminate()
    finally:
        _unload(library)


def _unload(library: ctypes.CDLL) -> None:
    # ctypes has no public way to unload; these two are what it uses itself.
    import _ctypes

    if sys.platform == "win32":
        _ctypes.FreeLibrary(library._handle)
    else:
        _ctypes.dlclose(library._handle)
