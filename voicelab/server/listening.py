"""``input_audio_buffer.*``: the user's sound comes in, turns are found in it, each turn becomes an item.

In: append, commit, clear; the recogniser's words.  Out: speech_started, speech_stopped, committed, items,
transcription.
Does not know: how a turn is decided (``turns.endpoint``) or answered (``responses``).

All positions are samples at 24 kHz since the first byte that was ever appended (the protocol's input audio clock).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from voicelab.audio.formats import Decoder, from_wire
from voicelab.audio.samples import Samples
from voicelab.engines.base import Heard, HearingHandle
from voicelab.engines.reply import UserAudio
from voicelab.errors import ConfigError, EngineError
from voicelab.protocol import server_events as ev
from voicelab.protocol.client_events import InputAudioAppend
from voicelab.protocol.items import InputAudio, Message
from voicelab.protocol.settings import ServerVAD, to_plain
from voicelab.server.connection import Connection
from voicelab.server.memory import SAMPLES_PER_MS
from voicelab.turns.endpoint import Ended, Endpointer, EndpointSettings, Moment, Pausing, Resumed, Started
from voicelab.turns.scores import Score

MOST_APPEND_BYTES = 15 * 2**20
LEAST_COMMIT_MS = 100
NOTHING_HEARD = Heard(text="", rejected=False, confidence=0.0, engine="none")


class AudioBuffer:
    """The latest stretch of the user's audio, addressed by its place on the input audio clock."""

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self._pieces: list[Samples] = []

    def append(self, samples: Samples) -> None:
        """Add samples at the end."""
        self._pieces.append(samples)
        self.end += len(samples)

    def slice(self, start: int, end: int) -> Samples:
        """Return the samples from ``start`` to ``end``, as far as they are still there."""
        whole = np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)
        self._pieces = [whole]
        return whole[max(0, start - self.start) : max(0, end - self.start)]

    def forget_before(self, start: int) -> None:
        """Drop what lies before ``start``."""
        # Whole pieces only: this runs for each 20 ms frame, and a frame more or less costs nothing.
        while self._pieces and self.start + len(self._pieces[0]) <= start:
            self.start += len(self._pieces.pop(0))


@dataclass
class OpenTurn:
    """A user turn that has begun."""

    item_id: str
    start: int
    heard_to: int
    speech_start_ms: float | None = None
    scores: list[Score] = field(default_factory=list)


class Listening:
    """The input side of one connection.

    Parameters
    ----------
    connection : Connection
    hearing : HearingHandle, optional
        The session's recogniser; None when this server recognises no words.
    tasks : asyncio.TaskGroup
        Where waiting for words happens.
    user_began, turn_ended : callable
        What to do when speech starts, and when a turn has become an item (``responses`` fills them in).
    """

    def __init__(
        self,
        connection: Connection,
        hearing: HearingHandle | None,
        tasks: asyncio.TaskGroup,
        *,
        user_began: Callable[[], None],
        turn_ended: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._hearing = hearing
        self._tasks = tasks
        self._user_began = user_began
        self._turn_ended = turn_ended
        self._scorer = connection.engines.open_scorer()
        self._endpointer = Endpointer(_endpoint_settings(ServerVAD()))
        self._buffer = AudioBuffer()
        self._turn: OpenTurn | None = None
        self.words: dict[str, asyncio.Task[Heard]] = {}
        self.configure()

    def configure(self) -> None:
        """Take up the configuration in force; called after every update."""
        wire_format = from_wire(to_plain(self._connection.config.audio.input.format))
        if getattr(self, "_format", None) != wire_format:
            self._format, self._decoder = wire_format, Decoder(wire_format)
        detection = self._detection
        if detection is not None:
            self._endpointer.change(_endpoint_settings(detection))
        elif self._endpointer.speaking:
            # Detection was switched off inside a turn: what was said stays in the buffer for a commit.
            self._endpointer.reset()

    @property
    def _detection(self) -> ServerVAD | None:
        detection = self._connection.config.audio.input.turn_detection
        return detection if isinstance(detection, ServerVAD) else None

    def append(self, event: InputAudioAppend) -> None:
        """Take more of the user's audio."""
        if len(event.audio) > MOST_APPEND_BYTES:
            raise ConfigError(
                f"audio: {len(event.audio):,} bytes are more than the {MOST_APPEND_BYTES:,} of one append.",
                param="audio",
            )
        samples = self._decoder.feed(event.audio)
        self._buffer.append(samples)
        scores = self._scorer.feed(samples)
        if self._detection is None:
            if self._turn is None and len(samples):
                self._open_turn(self._buffer.end - len(samples))
            if self._turn is not None:
                self._turn.scores.extend(scores)
                self._hear_until(self._buffer.end)
            return
        for score in scores:
            if self._turn is not None:
                self._turn.scores.append(score)
            for moment in self._endpointer.feed(score):
                self._act(moment)
        if self._turn is not None:
            self._hear_until(self._buffer.end)
        else:
            keep = self._endpointer.settings.prefix_padding_ms + 1000
            self._buffer.forget_before(self._buffer.end - round(keep * SAMPLES_PER_MS))

    def commit(self) -> None:
        """Make the buffered audio a user message, at the client's wish."""
        start = self._turn.start if self._turn is not None else self._buffer.start
        duration_ms = (self._buffer.end - start) / SAMPLES_PER_MS
        if duration_ms < LEAST_COMMIT_MS:
            raise ConfigError(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {duration_ms:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        if self._turn is None:
            self._open_turn(start)
            self._hear_until(self._buffer.end)
        self._endpointer.reset()
        self._close_turn(self._buffer.end)

    def clear(self) -> None:
        """Throw the buffered audio away; the input audio clock goes on."""
        self._buffer.forget_before(self._buffer.end)
        self._endpointer.reset()
        self._turn = None
        self._connection.emit(ev.InputAudioCleared())

    def _act(self, moment: Moment) -> None:
        at = round(moment.at_ms * SAMPLES_PER_MS)
        match moment:
            case Started(padded_start_ms=start_ms, speech_start_ms=speech_start_ms):
                turn = self._open_turn(max(self._buffer.start, round(start_ms * SAMPLES_PER_MS)))
                turn.speech_start_ms = speech_start_ms
                self._connection.emit(
                    ev.SpeechStarted(audio_start_ms=round(turn.start / SAMPLES_PER_MS), item_id=turn.item_id)
                )
                self._user_began()
            case Pausing() if self._hearing is not None:
                self._hear_until(at)
                self._hearing.pause()
            case Resumed() if self._hearing is not None:
                self._hear_until(at)
                self._hearing.resume()
            case Ended() if self._turn is not None:
                self._hear_until(at)
                self._connection.emit(ev.SpeechStopped(audio_end_ms=round(moment.at_ms), item_id=self._turn.item_id))
                self._close_turn(at)
                if self._detection is not None and self._detection.create_response:
                    self._turn_ended()

    def _open_turn(self, start: int) -> OpenTurn:
        self._turn = OpenTurn(self._connection.ids.new("item"), start, start)
        if self._hearing is not None:
            self._hearing.start()
        return self._turn

    def _hear_until(self, end: int) -> None:
        turn = self._turn
        if turn is not None and self._hearing is not None and end > turn.heard_to:
            self._hearing.feed(self._buffer.slice(turn.heard_to, end))
            turn.heard_to = end

    def _close_turn(self, end: int) -> None:
        """Turn the open turn into an item, and begin to wait for its words."""
        turn, self._turn = self._turn, None
        if turn is None:
            return
        connection, item_id = self._connection, turn.item_id
        samples = self._buffer.slice(turn.start, end)
        self._buffer.forget_before(end)
        connection.memory.user_samples[item_id] = samples
        connection.memory.user_audio[item_id] = _speech_in(samples, turn, self._endpointer.settings.threshold)
        self.words[item_id] = self._tasks.create_task(self._recognise(item_id, len(samples) / SAMPLES_PER_MS))
        previous = connection.conversation.last_item_id
        connection.emit(ev.InputAudioCommitted(item_id=item_id, previous_item_id=previous))
        item = Message(id=item_id, role="user", content=(InputAudio(),))
        connection.emit(ev.ItemAdded(item=item, previous_item_id=previous))
        connection.emit(ev.ItemDone(item=item, previous_item_id=previous))

    async def _recognise(self, item_id: str, duration_ms: float) -> Heard:
        """Wait for the words of a turn; they are wanted for the reply also when no transcription was asked for."""
        connection = self._connection
        if self._hearing is None:
            heard, failure = NOTHING_HEARD, "this server recognises no words"
        else:
            try:
                heard, failure = await self._hearing.finish(), ""
            except EngineError as error:
                heard, failure = NOTHING_HEARD, str(error)
        connection.memory.user_words[item_id] = heard
        if connection.config.audio.input.transcription is not None:
            if failure:
                detail = {"type": "transcription_error", "code": "engine_failed", "message": failure, "param": None}
                connection.emit(ev.TranscriptionFailed(item_id=item_id, content_index=0, error=detail))
            else:
                words = "" if heard.rejected else heard.text
                usage = {"type": "duration", "seconds": int(np.ceil(duration_ms / 1000))}
                connection.emit(
                    ev.TranscriptionCompleted(item_id=item_id, content_index=0, transcript=words, usage=usage)
                )
        return heard


def _endpoint_settings(detection: ServerVAD) -> EndpointSettings:
    return EndpointSettings(
        threshold=detection.threshold,
        silence_ms=detection.silence_duration_ms,
        prefix_padding_ms=detection.prefix_padding_ms,
    )


def _speech_in(samples: Samples, turn: OpenTurn, threshold: float) -> UserAudio:
    """Return the speech of a turn, from its first to its last voiced window, with the longest pause inside."""
    voiced = [score for score in turn.scores if score.probability >= threshold]
    if not voiced:
        return UserAudio(samples, longest_pause_ms=0.0, speech_ms=0.0)
    begin_ms = voiced[0].start_ms if turn.speech_start_ms is None else turn.speech_start_ms
    end_ms = voiced[-1].end_ms
    start, end = (max(0, round(ms * SAMPLES_PER_MS) - turn.start) for ms in (begin_ms, end_ms))
    pauses = [later.start_ms - earlier.end_ms for earlier, later in pairwise(voiced)]
    return UserAudio(samples[start:end], longest_pause_ms=max(pauses, default=0.0), speech_ms=end_ms - begin_ms)
