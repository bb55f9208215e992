"""Sound cards, through PortAudio: opened only when somebody asks for one.

In: frames of 20 ms.  Out: sound, and a count of what the card has really taken.
Does not know: what is played. ``sounddevice`` is imported when a device is opened, so that a computer without PortAudio
can do everything else.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from voicelab.audio.frames import FRAME_SAMPLES
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import AudioError

MOST_WAITING_FRAMES = 3


class DeviceSink:
    """The default output device.

    Raises
    ------
    AudioError
        PortAudio is missing, or there is no device: says what to install, and what works without.
    """

    name = "device"

    def __init__(self) -> None:
        self._sound = _portaudio()
        self._lock = threading.Lock()
        self._waiting: deque[Samples] = deque()
        self._loop = asyncio.get_running_loop()
        self._wanted = asyncio.Event()
        try:
            self._stream = self._sound.OutputStream(
                samplerate=RATE_HZ, channels=1, dtype="int16", blocksize=FRAME_SAMPLES, callback=self._callback
            )
            self._stream.start()
        except self._sound.PortAudioError as error:
            raise AudioError(
                f"no sound device could be opened ({error}); play without one: leave sink at 'null', "
                "everything is still in heard.wav"
            ) from None

    async def start(self) -> float:
        """Return when the next frame will be heard: behind what waits and the device's own delay."""
        return self._loop.time() + self.unheard() / RATE_HZ

    async def wait(self) -> None:
        """Wait until the device has room for another frame."""
        while len(self._waiting) >= MOST_WAITING_FRAMES:
            self._wanted.clear()
            await self._wanted.wait()

    def play(self, frame: Samples) -> None:
        """Queue a frame for the device."""
        with self._lock:
            self._waiting.append(frame)

    def unheard(self) -> int:
        """Return the samples that wait here or in the device."""
        with self._lock:
            waiting = sum(len(frame) for frame in self._waiting)
        return waiting + round(float(self._stream.latency) * RATE_HZ)

    def undecided(self) -> int:
        """Return the same: what the device has taken will be heard."""
        return self.unheard()

    def flush(self) -> None:
        """Throw away what waits here; what the device has taken cannot be called back."""
        with self._lock:
            self._waiting.clear()

    def close(self) -> None:
        """Close the device."""
        self._stream.close()

    def _callback(self, out: Any, n_frames: int, time_info: Any, status: Any) -> None:  # noqa: ARG002 - PortAudio's
        """Fill one block; runs on PortAudio's thread, so it only copies and wakes the loop."""
        with self._lock:
            frame = self._waiting.popleft() if self._waiting else np.zeros(0, np.int16)
        out[:, 0] = 0
        out[: len(frame), 0] = frame[:n_frames]
        self._loop.call_soon_threadsafe(self._wanted.set)


class DeviceMicrophone:
    """The default input device. There is no echo cancellation: use headphones, or the agent hears itself."""

    name = "device"

    def __init__(self) -> None:
        self._stream: Any = None

    async def open(self, deliver: Callable[[Samples], None], lost: Callable[[str], None]) -> None:
        """Begin to deliver 20 ms at a time.

        Raises
        ------
        AudioError
            PortAudio is missing, or there is no such device.
        """
        sound = _portaudio()
        loop = asyncio.get_running_loop()

        def callback(block: Any, n_frames: int, time_info: Any, status: Any) -> None:  # noqa: ARG001 - PortAudio's
            # On PortAudio's thread, so it only copies and wakes the loop.
            loop.call_soon_threadsafe(deliver, block[:, 0].copy())

        def finished() -> None:
            if self._stream is not None:  # not closed here: pulled out
                loop.call_soon_threadsafe(lost, "the sound device is gone; what was said until then is kept")

        try:
            self._stream = sound.InputStream(
                samplerate=RATE_HZ,
                channels=1,
                dtype="int16",
                blocksize=FRAME_SAMPLES,
                callback=callback,
                finished_callback=finished,
            )
            self._stream.start()
        except (sound.PortAudioError, ValueError) as error:
            self._stream = None
            raise AudioError(
                f"no microphone could be opened ({error}); use the browser's microphone, a clip, or typed text"
            ) from None

    def close(self) -> None:
        """Let the device go."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()


def _portaudio() -> Any:
    """Import sounddevice, or explain what is missing."""
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise AudioError(
            f"no sound card can be used here ({error}): on Debian and Ubuntu run 'apt-get install libportaudio2'; "
            "clips, the null sink and the report need none"
        ) from None
    return sounddevice


def output_device() -> str:
    """Return the name of the default output device; `AudioError` when there is none."""
    return _default("output", "sound device", "use the null sink, everything is still in heard.wav")


def input_device() -> str:
    """Return the name of the default input device; `AudioError` when there is none."""
    return _default("input", "microphone", "use the browser's, a clip, or typed text")


def _default(kind: str, what: str, instead: str) -> str:
    sound = _portaudio()
    try:
        return str(sound.query_devices(kind=kind)["name"])
    except (sound.PortAudioError, ValueError) as error:
        raise AudioError(f"no {what}: {error}; {instead}") from None
