"""The mirror: gives the speaker's own audio back, or says what it measured of it. It is not a model.

In: a `ReplyRequest` with the user's audio. Out: that audio, or one sentence about it. Does not know:
words; it works in any language, and where no recogniser is installed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Literal

from voicelab.audio.samples import RATE_HZ
from voicelab.engines.reply import PlayBack, ReplyPart, ReplyRequest, Say, UserAudio
from voicelab.errors import ConfigError

Mode = Literal["echo", "measure"]
_MODE_WORD = re.compile(r"\b(echo|measure)\b", re.IGNORECASE)


def measured(audio: UserAudio) -> str:
    """Return one sentence about the audio: "You spoke 2.4 seconds; the longest pause was 0.7 seconds."."""
    spoke = f"You spoke {_seconds(audio.speech_ms)}"
    if round(audio.longest_pause_ms / 100) == 0:
        return f"{spoke}, without a pause."
    return f"{spoke}; the longest pause was {_seconds(audio.longest_pause_ms)}."


def _seconds(ms: float) -> str:
    seconds = f"{ms / 1000:.1f}"
    return f"{seconds} second" if seconds == "1.0" else f"{seconds} seconds"


def _of_typed(text: str) -> str:
    n_words = len(text.split())
    if n_words == 0:
        return "I heard nothing to give back."
    return f"You typed {n_words} {'word' if n_words == 1 else 'words'}. Speak, and I give your voice back."


class Mirror:
    """A reply engine that needs no words (`ReplyEngine`).

    Parameters
    ----------
    mode : {"echo", "measure"}
        Give the audio back, or say what was measured. The word "echo" or "measure" in the instructions of a
        response decides for that response.

    Raises
    ------
    ConfigError
        The mode is neither.
    """

    name = "mirror"
    is_model = False
    scenario: tuple[str, ...] = ()

    def __init__(self, mode: Mode = "echo") -> None:
        if mode not in ("echo", "measure"):
            raise ConfigError(f"mirror mode {mode!r} does not exist: use 'echo' or 'measure'", param="mode")
        self.mode = mode

    async def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        """Give back or describe the user's latest audio; typed words are counted."""
        asked = _MODE_WORD.findall(request.instructions)
        mode = asked[-1].lower() if asked else self.mode
        audio = request.audio
        if audio is None or len(audio.samples) == 0:
            yield Say(_of_typed(request.text))
        elif mode == "measure":
            yield Say(measured(audio))
        else:
            yield PlayBack(audio.samples, f"(your own voice, {len(audio.samples) / RATE_HZ:.1f} s)")
