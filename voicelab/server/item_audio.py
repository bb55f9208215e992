"""Audio that comes whole, with ``conversation.item.create``: its speech and its words, found as in a turn.

In: samples of an ``input_audio`` part.  Out: `Speech` at once, words later, both in the memory of the connection.
Does not know: the events around it. Such an item is never transcribed for the client; the reply knows its words.

A clip gets a recogniser of its own: the session's may be in the middle of a turn.
"""

from __future__ import annotations

import asyncio

from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.base import Heard
from voicelab.errors import ConfigError, EngineError
from voicelab.server.connection import Connection
from voicelab.server.ears import NOTHING_HEARD
from voicelab.server.memory import Hearing, Speech
from voicelab.server.open_turn import THRESHOLD, SpeechSoFar

_PIECE = RATE_HZ  # a second at a time, so that no message to a worker is large


async def hear_clip(connection: Connection, samples: Samples) -> Heard:
    """Recognise the words of a clip.

    Parameters
    ----------
    connection : Connection
        Its engines open a recogniser, which is closed again whatever happens.
    samples : ndarray of int16, shape (n,)
        24 kHz.

    Raises
    ------
    EngineError, ConfigError
        The recogniser failed. A server that recognises no words hears nothing, without an error.
    """
    if connection.engines.open_hearing is None:
        return NOTHING_HEARD
    hearing = await connection.engines.open_hearing()
    try:
        hearing.start()
        for start in range(0, len(samples), _PIECE):
            hearing.feed(samples[start : start + _PIECE])
        hearing.pause()
        return await hearing.finish()
    finally:
        await hearing.close()


def speech_in_clip(connection: Connection, samples: Samples) -> Speech:
    """Find the speech in a clip, shape (n,), 24 kHz: from the first to the last voiced window, as in a turn."""
    scorer = connection.engines.open_scorer()
    pieces = [scorer.feed(samples[start : start + _PIECE]) for start in range(0, len(samples), _PIECE)]
    speech = SpeechSoFar()
    for scores in (*pieces, scorer.finish()):
        for score in scores:
            speech.add(score, THRESHOLD)
    return speech.within(0, len(samples))


def keep_item_audio(connection: Connection, tasks: asyncio.TaskGroup, item_id: str, samples: Samples) -> None:
    """Keep the audio of an item that a client created, and begin to recognise its words.

    Parameters
    ----------
    connection : Connection
    tasks : asyncio.TaskGroup
        Where the words are waited for.
    item_id : str
    samples : ndarray of int16, shape (n,)
        24 kHz.
    """
    connection.memory.keep_user(item_id, samples, speech_in_clip(connection, samples))
    hearing = connection.memory.hearings[item_id]
    hearing.coming = tasks.create_task(_keep_words(connection, hearing, samples))


async def _keep_words(connection: Connection, hearing: Hearing, samples: Samples) -> Heard:
    try:
        async with connection.clip_ears:
            heard = await hear_clip(connection, samples)
    except (EngineError, ConfigError):
        heard = NOTHING_HEARD  # as after a turn: the reply is given no words
    hearing.heard, hearing.coming = heard, None
    return heard
