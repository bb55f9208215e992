"""A stretch of the user's audio becomes a user message: committed, added, done; then its words come.

In: the audio, the speech in it, the words as a future.  Out: the events of the item, its place in the memory, and its
transcription where one was asked for.
Does not know: why the audio was committed.
"""

from __future__ import annotations

import asyncio

from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard
from voicelab.errors import ConfigError, EngineError
from voicelab.protocol import server_events as ev
from voicelab.protocol.items import InputAudio, Message
from voicelab.protocol.settings import Transcription
from voicelab.server.connection import Connection
from voicelab.server.ears import NOTHING_HEARD
from voicelab.server.memory import SAMPLES_PER_MS, Hearing, Speech
from voicelab.server.transcribing import Transcribing


def commit_audio(
    connection: Connection,
    tasks: asyncio.TaskGroup,
    samples: Samples,
    speech: Speech,
    transcribing: Transcribing,
    words: asyncio.Future[Heard],
) -> None:
    """Make audio a user message, and begin to wait for its words.

    Parameters
    ----------
    connection : Connection
    tasks : asyncio.TaskGroup
        Where the words are waited for.
    samples : ndarray of int16, shape (n,)
        24 kHz, padding and silence included.
    speech : Speech
        Where the speech lies in ``samples``.
    transcribing : Transcribing
        Its ``item_id`` is that of the message.
    words : Future of Heard
        As `voicelab.server.ears.Ears.finish` gives it.
    """
    item_id, settings = transcribing.item_id, connection.input.transcription
    connection.memory.keep_user(item_id, samples, speech)
    previous = connection.conversation.last_item_id
    connection.emit(ev.InputAudioCommitted(item_id=item_id, previous_item_id=previous))
    item = Message(id=item_id, role="user", content=(InputAudio(),))
    connection.emit(ev.ItemAdded(item=item, previous_item_id=previous))
    connection.emit(ev.ItemDone(item=item, previous_item_id=previous))
    hearing = connection.memory.hearings[item_id]
    audio_ms = len(samples) / SAMPLES_PER_MS
    hearing.coming = tasks.create_task(_recognise(hearing, words, transcribing, settings, audio_ms))


async def _recognise(
    hearing: Hearing,
    words: asyncio.Future[Heard],
    transcribing: Transcribing,
    settings: Transcription | None,
    audio_ms: float,
) -> Heard:
    """Wait for the words of a turn; they are wanted for the reply also when no transcription was asked for."""
    failure = ""
    try:
        heard = await words
    except (EngineError, ConfigError) as error:
        heard, failure = NOTHING_HEARD, str(error)
    hearing.heard, hearing.coming = heard, None
    if transcribing.is_unwanted:
        return heard
    if settings is not None and failure:
        transcribing.fail(failure)
    elif settings is not None:
        transcribing.complete(settings, heard, audio_ms)
    return heard
