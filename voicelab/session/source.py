"""Sound to send: clips, and silence between them, one exact 20 ms frame at each deadline.

In: clips to play, a ``send`` for each frame.  Out: frames at real-time pace, as a microphone would give them.
Does not know: the wire, turns, or who listens.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.audio.frames import FRAME_MS, FRAME_SAMPLES
from voicelab.audio.samples import Samples
from voicelab.errors import AudioError, VoicelabError
from voicelab.transports.pacing import ticks
from voicelab.turns.endpoint import EndpointSettings, find_turns
from voicelab.turns.scores import score_clip

SILENCE = np.zeros(FRAME_SAMPLES, np.int16)
# Below the usual 0.5, so that a clip for a low threshold is not refused.
FAINT_SPEECH = EndpointSettings(threshold=0.3)


def require_speech(clip: Clip) -> Clip:
    """Return the clip if anybody speaks in it; scoring ten minutes of it takes a second or two.

    Raises
    ------
    AudioError
        Nobody does, so there would be no turn to answer.
    """
    if not find_turns(score_clip(clip.samples), FAINT_SPEECH):
        raise AudioError(f"{clip.name}: no speech was found in it, so there is no turn to answer")
    return clip


@dataclass(eq=False)
class _Playing:
    """A clip on its way out."""

    clip: Clip
    began: Callable[[], None]
    ended: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    position: int = 0

    def next_frame(self) -> Samples:
        frame = self.clip.samples[self.position : self.position + FRAME_SAMPLES]
        self.position += len(frame)
        return frame


class Source:
    """What is sent, frame by frame.

    Parameters
    ----------
    send : callable
        Takes each frame, 480 samples (the last of a clip may be shorter where no silence follows), and the loop's time
        at which it was due: a frame that leaves late was captured on time all the same.
    wants_silence : callable
        Whether silence is sent while no clip plays: a detector needs it to hear that a turn is over.
    """

    def __init__(self, send: Callable[[Samples, float], None], wants_silence: Callable[[], bool]) -> None:
        self._send = send
        self._wants_silence = wants_silence
        self._clips: deque[_Playing] = deque()
        self._resting_until_s = 0.0

    def rest_until(self, loop_s: float) -> None:
        """Send no silence before that time of the loop: somebody else sends sound."""
        self._resting_until_s = max(self._resting_until_s, loop_s)

    @property
    def busy(self) -> bool:
        """Whether a clip is playing or waiting."""
        return bool(self._clips)

    async def play(self, clip: Clip, began: Callable[[], None]) -> None:
        """Send a whole clip at real-time pace; return when its last frame is out.

        Parameters
        ----------
        clip : Clip
        began : callable
            Called right before the first frame is sent.
        """
        playing = _Playing(clip, began)
        self._clips.append(playing)
        try:
            await playing.ended
        finally:
            if playing in self._clips:  # whoever asked for it does not want it any more
                self._clips.remove(playing)

    def stop(self, reason: VoicelabError) -> None:
        """Drop what plays and what waits; whoever waits for the end of a clip gets the reason."""
        for playing in self._clips:
            if not playing.ended.done():
                playing.ended.set_exception(reason)
        self._clips.clear()

    async def run(self) -> None:
        """Send one frame at each deadline, for ever."""
        # The first frame has to be captured before it can leave.
        first_due_s = asyncio.get_running_loop().time() + FRAME_MS / 1000
        async for n in ticks(FRAME_MS / 1000, start_s=first_due_s):
            due_s = first_due_s + n * FRAME_MS / 1000
            if self._clips:
                self._send_from_clip(self._clips[0], due_s)
            elif due_s >= self._resting_until_s and self._wants_silence():
                self._send(SILENCE, due_s)

    def _send_from_clip(self, playing: _Playing, due_s: float) -> None:
        if playing.position == 0:
            playing.began()
        frame = playing.next_frame()
        over = playing.position >= len(playing.clip.samples)
        if len(frame) < FRAME_SAMPLES and self._wants_silence():
            frame = np.concatenate([frame, SILENCE[len(frame) :]])
        if len(frame):
            self._send(frame, due_s)
        if over:
            self._clips.popleft()
            if not playing.ended.done():
                playing.ended.set_result(None)
