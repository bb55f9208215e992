"""A sound file as samples, and back.

In: the path of a WAV, FLAC or OGG file of any rate and channel count. Out: a `Clip`, or one clear line that
says why not. What had to be changed on the way in is kept in `Clip.converted`, to be told to the user.
Does not know: wire formats, frames, playback.
"""

from __future__ import annotations

import io
import os
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.container import whole_file
from voicelab.audio.resample import convert_float
from voicelab.audio.samples import RATE_HZ, Samples, dbfs, to_int16
from voicelab.errors import AudioError

__all__ = ["RATE_HZ", "Clip", "Samples", "dbfs", "read_clip", "write_wav"]

# Samples that int16 cannot hold exactly, as a person would name them.
_DEPTHS = {"PCM_24": "24-bit", "PCM_32": "32-bit", "FLOAT": "32-bit float", "DOUBLE": "64-bit float"}

_UNKNOWN_LENGTH = 2**63 - 1  # libsndfile's SF_COUNT_MAX: a FLAC file whose head was never filled in


@dataclass(frozen=True, eq=False)
class Clip:
    """A stretch of sound with a name.

    Parameters
    ----------
    samples : int16 array, shape (n,)
        Mono, 24 kHz.
    name : str
        What to call it in tables; the file name without its ending.
    converted : str
        What the reader had to change, such as ``from 44,100 Hz stereo FLAC``; empty if nothing.
    """

    samples: Samples
    name: str = "clip"
    converted: str = ""

    @property
    def duration_ms(self) -> float:
        """Length in ms."""
        return self.samples.size * 1000 / RATE_HZ

    @property
    def rate_hz(self) -> int:
        """Samples per second: always 24,000."""
        return RATE_HZ


def read_clip(path: str | os.PathLike[str]) -> Clip:
    """Read a sound file, mix it to mono and resample it to 24 kHz.

    Parameters
    ----------
    path : path
        WAV, FLAC, OGG, or whatever else libsndfile reads.

    Returns
    -------
    Clip

    Raises
    ------
    AudioError
        If there is no such file, or it is not sound, empty or cut short, or holds only silence or NaN.
    """
    where = os.fspath(path)
    values, rate_hz, kind = _decode(whole_file(_read_bytes(where), where), where)
    if not values.size:
        raise AudioError(f"{where}: holds no samples; record it again, or give another clip")
    if not np.isfinite(values).all():
        raise AudioError(
            f"{where}: holds samples that are not numbers (NaN or infinite); export it again as 16-bit WAV"
        )
    if not values.any():
        raise AudioError(f"{where}: contains only digital silence; check that the microphone was on")
    mono = values.mean(axis=1)
    n_clipped = int(np.count_nonzero(np.abs(mono) > 1.0))
    samples = to_int16(mono if rate_hz == RATE_HZ else convert_float(mono, rate_hz, RATE_HZ))
    if not samples.any():
        raise AudioError(f"{where}: nothing is left of it as 16-bit mono at 24 kHz; give a longer or louder clip")
    return Clip(samples, Path(where).stem, _conversion(rate_hz, values.shape[1], kind, n_clipped))


def write_wav(path: str | os.PathLike[str], samples: Samples, rate_hz: int = RATE_HZ) -> None:
    """Write samples as a 16-bit mono WAV file.

    Parameters
    ----------
    path : path
        Is overwritten.
    samples : int16 array, shape (n,)
    rate_hz : int
        Samples per second.

    Raises
    ------
    AudioError
        If the file cannot be written.
    """
    frames = samples.astype("<i2", casting="equiv").tobytes()
    try:
        with open(path, "wb") as file, wave.open(file, "wb") as wav:
            wav.setnchannels(1)
            wav.setsampwidth(2)
            wav.setframerate(rate_hz)
            wav.writeframes(frames)
    except OSError as error:
        raise AudioError(f"{os.fspath(path)}: cannot be written: {error.strerror}") from error


def _read_bytes(where: str) -> bytes:
    path = Path(where)
    if path.is_dir():
        raise AudioError(f"{where}: is a directory; give the path of one sound file")
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise AudioError(f"{where}: no such file; check the path") from error
    except OSError as error:
        raise AudioError(f"{where}: cannot be read: {error.strerror}") from error
    if not raw:
        raise AudioError(f"{where}: is empty (0 bytes); record it again, or give another clip")
    return raw


def _decode(raw: bytes, where: str) -> tuple[NDArray[np.float32], int, tuple[str, str]]:
    """Return samples, shape (n, channels), where 1.0 is full scale; the rate in Hz; (format, subtype)."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise AudioError(f"{where}: sound files need the package soundfile: pip install soundfile ({error})") from error
    try:
        with soundfile.SoundFile(io.BytesIO(raw)) as file:
            if file.frames == _UNKNOWN_LENGTH:
                raise AudioError(f"{where}: does not say how long it is (written to a pipe?); convert it to WAV")
            values: NDArray[np.float32] = file.read(dtype="float32", always_2d=True)
            n_promised, rate_hz, kind = file.frames, file.samplerate, (file.format, file.subtype)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.strip().rstrip(".")
        raise AudioError(
            f"{where}: is not sound that can be read, or is damaged ({reason}); give a WAV, FLAC or OGG"
        ) from error
    if len(values) < n_promised:
        raise AudioError(
            f"{where}: cut short: {len(values):,} samples are there, {n_promised:,} were promised; "
            "copy or record it again"
        )
    return values, rate_hz, kind


def _conversion(rate_hz: int, n_channels: int, kind: tuple[str, str], n_clipped: int) -> str:
    file_format, subtype = kind
    depth = _DEPTHS.get(subtype, "")
    if rate_hz == RATE_HZ and n_channels == 1 and not depth and not n_clipped:
        return ""
    channels = {1: "mono", 2: "stereo"}.get(n_channels, f"{n_channels}-channel")
    source = " ".join(word for word in (f"{rate_hz:,} Hz", channels, depth, file_format.removesuffix("EX")) if word)
    clipped = f", {n_clipped:,} samples above full scale were clipped" if n_clipped else ""
    return f"from {source}{clipped}"
