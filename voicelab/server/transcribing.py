"""``conversation.item.input_audio_transcription.*``: what the user said, written down for the client.

In: the recogniser's words while they come and when they are final, the ``transcription`` settings.  Out: ``delta``
events, then ``completed`` with its own usage, or ``failed``.
Does not know: the reply, which knows the words also when the client asked for no transcription.

Three ways of sending words, as the hosted models have them (OpenAI's reference of the transcription events):

==================================================  ================================================  ===========
model                                               deltas                                            usage
==================================================  ================================================  ===========
``gpt-realtime-whisper``, ``gpt-live-transcribe``   while the user speaks, before the commit too      duration
other ``gpt-*`` models                              word by word, after the commit                    tokens
``whisper-1``, and when no model is named           one, the whole text                               duration
==================================================  ================================================  ===========

A delta cannot be taken back, and the embedded recogniser revises its words. So while the user speaks only those words
are sent on which two successive partial results agree. Where the final words are others all the same (or are rejected),
the rest is not sent as a delta, and ``completed`` alone holds the truth.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from voicelab.engines.base import Heard
from voicelab.protocol import server_events as ev
from voicelab.protocol.settings import Transcription
from voicelab.protocol.usage import text_tokens, user_audio_tokens
from voicelab.server.connection import Connection

LIVE_MODELS = frozenset(("gpt-realtime-whisper", "gpt-live-transcribe"))
_WORD = re.compile(r"\s*\S+")


def counts_tokens(model: str | None) -> bool:
    """Tell whether a transcription model is billed by tokens; the others are by duration."""
    return model is not None and model.startswith("gpt-") and model not in LIVE_MODELS


def transcription_usage(settings: Transcription, audio_ms: float, transcript: str) -> dict[str, Any]:
    """Return the usage of one transcription, apart from that of responses.

    Parameters
    ----------
    settings : Transcription
        Its prompt and keywords count as text input.
    audio_ms : float
        All of the committed audio, silence included.
    transcript : str

    Returns
    -------
    dict
        ``duration`` in whole seconds, rounded up for each commit (as measured at the hosted service), or ``tokens`` by
        the rules of `voicelab.protocol.usage`.
    """
    if not counts_tokens(settings.model):
        return {"type": "duration", "seconds": math.ceil(audio_ms / 1000)}
    text_in = text_tokens(" ".join((settings.prompt or "", *(settings.keywords or ()))).strip())
    audio_in, text_out = user_audio_tokens(audio_ms), text_tokens(transcript)
    return {
        "type": "tokens",
        "total_tokens": text_in + audio_in + text_out,
        "input_tokens": text_in + audio_in,
        "input_token_details": {"text_tokens": text_in, "audio_tokens": audio_in},
        "output_tokens": text_out,
    }


class StableWords:
    """The words of a turn that are safe to send before it ends.

    Attributes
    ----------
    sent : str
        Everything that `read` has returned, joined.
    """

    def __init__(self) -> None:
        self.sent = ""
        self._partial = ""
        self._words: list[str] = []

    def read(self, partial: str) -> str:
        """Take the words so far; return what has become stable, ready to be appended, or ``""``.

        A partial result that has not changed is not a second one.
        """
        if partial == self._partial:
            return ""
        words = partial.split()
        agreed = takewhile(lambda pair: pair[0] == pair[1], zip(self._words, words, strict=False))
        stable = " ".join(word for word, _ in agreed)
        self._partial, self._words = partial, words
        more = _behind(stable, self.sent)
        self.sent += more
        return more

    def rest(self, transcript: str) -> str:
        """Return what of the final words was not sent; ``""`` when other words were sent than these."""
        return _behind(transcript, self.sent)


def _behind(text: str, sent: str) -> str:
    """Return what follows ``sent`` in ``text``; nothing when text begins with other words."""
    rest = text.removeprefix(sent)
    is_prefix = text.startswith(sent) and (not sent or not rest or rest[0].isspace())
    return rest if is_prefix else ""


class Transcribing:
    """The transcription of one user message.

    Parameters
    ----------
    connection : Connection
        Where the events go, and whose settings say whether words are sent while they come.
    item_id : str
        The message; before the commit, the message to come.
    """

    def __init__(self, connection: Connection, item_id: str) -> None:
        self._connection = connection
        self.item_id = item_id
        self._stable = StableWords()

    def read(self, partial: str) -> None:
        """Take the words so far of a turn that goes on."""
        settings = self._connection.input.transcription
        if settings is not None and settings.model in LIVE_MODELS:
            self._send(self._stable.read(partial))

    @property
    def is_unwanted(self) -> bool:
        """Whether the client has deleted the message meanwhile."""
        return self._connection.conversation.get(self.item_id) is None

    def complete(self, settings: Transcription, heard: Heard, audio_ms: float) -> None:
        """Send the final words.

        Parameters
        ----------
        settings : Transcription
            As they were at the commit.
        heard : Heard
            Words that the recogniser rejects are an empty transcript.
        audio_ms : float
            Length of the committed audio.
        """
        transcript = "" if heard.rejected else heard.text
        rest = self._stable.rest(transcript)
        for delta in _words(rest) if counts_tokens(settings.model) else (rest,):
            self._send(delta)
        usage = transcription_usage(settings, audio_ms, transcript)
        self._connection.emit(
            ev.TranscriptionCompleted(item_id=self.item_id, content_index=0, transcript=transcript, usage=usage)
        )

    def fail(self, reason: str) -> None:
        """Say that there will be no words, in one sentence."""
        error = {"type": "transcription_error", "code": "engine_failed", "message": reason, "param": None}
        self._connection.emit(ev.TranscriptionFailed(item_id=self.item_id, content_index=0, error=error))

    def _send(self, delta: str) -> None:
        if delta:
            self._connection.emit(ev.TranscriptionDelta(item_id=self.item_id, delta=delta))


def _words(text: str) -> Iterator[str]:
    """Return the words with the space before each: joined, they are the text."""
    return (match[0] for match in _WORD.finditer(text))
