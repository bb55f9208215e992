"""Sound that somebody sends piece by piece: a microphone of his own, a file, another program.

In: samples, or bytes in the session's input format.  Out: appends; a rest for the silence that is sent otherwise; one
warning when the pieces come at the pace of another rate.
Does not know: where the sound comes from.

Pieces that follow each other are one stream: on the run's time line they stand end to end, however unevenly they come,
until one comes a quarter of a second late. A second after the sound is over on the clock, silence is sent again.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator

import numpy as np

from voicelab.audio.formats import AudioFormat
from voicelab.audio.rate_watch import RateWatch
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import AudioError, ConfigError
from voicelab.runlog.recorder import Recorder
from voicelab.session.outgoing import Outgoing
from voicelab.session.source import Source
from voicelab.transports.clock import Clock

REST_S = 1.0
SEAM_MS = 250.0
# An append may have 15 MiB; a minute of it is 4 MB of base64.
MOST_MS_AT_ONCE = 60_000


class AudioWarning(UserWarning):
    """Sound that was sent is probably not what it is taken for."""


class Appending:
    """The appends of one session.

    Parameters
    ----------
    out, source, recorder, clock
        The session's parts.
    """

    def __init__(self, out: Outgoing, source: Source, recorder: Recorder, clock: Clock) -> None:
        self._out = out
        self._source = source
        self._recorder = recorder
        self._clock = clock
        self._watch: tuple[AudioFormat, RateWatch] | None = None

    def append(self, audio: Samples | bytes, audio_format: AudioFormat, *, event_id: str | None = None) -> None:
        """Send sound now.

        Parameters
        ----------
        audio : int16, shape (n,), 24 kHz; or bytes
            Bytes are in ``audio_format`` already.
        audio_format : AudioFormat
            The session's input format.
        event_id : str, optional
            Of the first append.

        Raises
        ------
        AudioError
            The samples are no int16 samples, or the bytes end in the middle of one.
        ConfigError
            A clip is being played: two voices cannot be sent as one.
        """
        _check(audio, audio_format)
        if self._source.busy:
            raise ConfigError("append: a clip is being played; wait until play() is done, or send the clip yourself")
        now_s = asyncio.get_running_loop().time()
        for piece in _pieces(audio, audio_format):
            if isinstance(piece, bytes):
                self._out.send_bytes(piece, now_s, seam_ms=SEAM_MS, event_id=event_id)
            else:
                self._out.send_audio(piece, now_s, seam_ms=SEAM_MS)
            event_id = None
        ends_in_s = self._recorder.end_of("input") / RATE_HZ - self._clock.now_ns() / 1e9
        self._source.rest_until(now_s + max(0.0, ends_in_s) + REST_S)
        self._look_at_the_pace(audio, audio_format)

    def _look_at_the_pace(self, audio: Samples | bytes, audio_format: AudioFormat) -> None:
        rate_hz = audio_format.rate_hz if isinstance(audio, bytes) else RATE_HZ
        if self._watch is None or self._watch[0] != audio_format:
            self._watch = (audio_format, RateWatch(rate_hz))
        n_samples = len(audio)
        if isinstance(audio, bytes):
            n_samples = round(audio_format.ms(len(audio)) * rate_hz / 1000)
        note = self._watch[1].take(n_samples, self._clock.now_ns())
        if note is not None:
            self._recorder.local(
                "audio.wrong_rate", ratio=round(note.ratio, 3), likely_hz=note.likely_rate_hz, session_hz=note.rate_hz
            )
            warnings.warn(str(note), AudioWarning, stacklevel=2)


def _check(audio: Samples | bytes, audio_format: AudioFormat) -> None:
    if isinstance(audio, bytes):
        if audio_format.type == "audio/pcm" and len(audio) % 2:
            raise AudioError(
                f"append: {len(audio):,} bytes of 16-bit PCM end in the middle of a sample; nothing was sent"
            )
    elif not isinstance(audio, np.ndarray) or audio.dtype != np.int16 or audio.ndim != 1:
        kind = f"{audio.dtype} of shape {audio.shape}" if isinstance(audio, np.ndarray) else type(audio).__name__
        raise AudioError(
            f"append: sound must be int16 samples of shape (n,) at 24 kHz, or bytes in the session's input format "
            f"({audio_format.type}), not {kind}"
        )


def _pieces(audio: Samples | bytes, audio_format: AudioFormat) -> Iterator[Samples | bytes]:
    most = MOST_MS_AT_ONCE * (audio_format.bytes_per_ms if isinstance(audio, bytes) else RATE_HZ // 1000)
    for at in range(0, len(audio), most):
        yield audio[at : at + most]
