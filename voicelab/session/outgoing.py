"""Everything that leaves a session: events with their ids, frames of sound, each written down as it goes.

In: client events, 20 ms frames, bytes in the session's input format.  Out: frames on the transport, in order and in the
connection's dialect; records under GA names; speech scores of the sent audio.
Does not know: what the server answers.

What waits for a transport that does not take it is bounded by the transport: a connection that takes nothing is found
dead by its keep-alive within a minute, and a minute of frames is some 4 MB.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import numpy as np

from voicelab.audio.formats import PCM24, AudioFormat, Decoder, Encoder
from voicelab.audio.frames import FRAME_MS
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import ConfigError, TransportClosed
from voicelab.protocol import client_events as ce
from voicelab.protocol import wire
from voicelab.protocol.dialects import GA, Dialect
from voicelab.protocol.ids import Ids
from voicelab.runlog.recorder import Recorder
from voicelab.runlog.score_log import ScoreLog
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock
from voicelab.turns.scores import Scorer

CHUNKS_MS = (20, 40, 60, 80, 100)
# A G.711 codec holds back a millisecond when it begins; a gap is longer than that.
SEAM_MS = 2.0


def checked_chunk(chunk_ms: int) -> int:
    """Return a chunk that can be sent.

    Raises
    ------
    ConfigError
        No multiple of 20 ms from 20 to 100.
    """
    if chunk_ms not in CHUNKS_MS:
        raise ConfigError(
            f"chunk_ms must be one of {', '.join(map(str, CHUNKS_MS))}, not {chunk_ms!r}", param="chunk_ms"
        )
    return chunk_ms


class Outgoing:
    """The sending side of one session.

    Parameters
    ----------
    clock, ids, recorder
        Time, event ids, the run log.
    """

    def __init__(self, clock: Clock, ids: Ids, recorder: Recorder) -> None:
        self._clock = clock
        self._ids = ids
        self._recorder = recorder
        self._dialect: Dialect = GA()
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._scorer = Scorer()
        self._score_log = ScoreLog(recorder, self._scorer.name)
        self._format: AudioFormat = PCM24
        self._encoder, self._decoder = Encoder(PCM24), Decoder(PCM24)
        self._chunk_ms = FRAME_MS
        self._gathered: list[Samples] = []
        self._gathered_until_s = 0.0
        self._gathered_seam_ms = SEAM_MS
        self._sent_ms = 0.0
        self._lost = False

    @property
    def chunk_ms(self) -> int:
        """How much sound goes into an event."""
        return self._chunk_ms

    @property
    def buffered_ms(self) -> float:
        """Sound since the last commit."""
        return self._sent_ms + self._gathered_ms

    def committed(self) -> None:
        """Begin to count anew: the server has made a message of what was sent."""
        self._sent_ms = 0.0

    def not_committed(self, buffered_ms: float) -> None:
        """Take note that the server refused a commit: so much is still in its buffer, beside what was sent since."""
        self._sent_ms += buffered_ms

    @property
    def _gathered_ms(self) -> float:
        return sum(map(len, self._gathered)) * 1000 / RATE_HZ

    def use_format(self, audio_format: AudioFormat) -> None:
        """Send audio in this format from now on."""
        if audio_format != self._format:
            self._send_gathered()
            self._format = audio_format
            self._encoder, self._decoder = Encoder(audio_format), Decoder(audio_format)

    def send(self, event: ce.ClientEvent) -> str:
        """Send an event; return its id, which comes back in the error it may cause.

        Sound goes by `send_audio` or `send_bytes`, which place it on the run's track.
        """
        if isinstance(event, ce.InputAudioCommit | ce.InputAudioClear):
            self._send_gathered()  # it belongs to what is committed
        event_id = event.event_id or self._ids.new("event")
        event = msgspec.structs.replace(event, event_id=event_id)
        if isinstance(event, ce.InputAudioCommit | ce.InputAudioClear):
            self._score_log.flush()
            self.committed()
        body = wire.plain(event)
        if self._dialect.name == "ga":
            self._hand_over(wire.name_of(event), body, [wire.encode(event)])
        else:
            told = self._dialect.client_to_wire(body)
            native = told[0]["type"] if told else None
            self._hand_over(wire.name_of(event), body, [wire.encode_plain(one) for one in told], native)
        return event_id

    def send_audio(self, samples: Samples, due_s: float, *, seam_ms: float = SEAM_MS) -> None:
        """Send a frame of sound, in the session's input format; what is kept is what was sent, codec and all.

        Parameters
        ----------
        samples : int16, shape (n,)
        due_s : float
            The loop's time at which the frame was captured to its end: there it lies on the run's time line, also
            when a busy loop sends it later.
        seam_ms : float
            Up to so far behind the sound before it, it follows that sound without a gap.
        """
        self._gathered.append(samples)
        self._gathered_until_s, self._gathered_seam_ms = due_s, seam_ms
        if self._chunk_ms == FRAME_MS or self._gathered_ms >= self._chunk_ms:
            self._send_gathered()

    def use_chunk(self, chunk_ms: int) -> None:
        """Put so much sound into an event from now on: fewer events, which leave later."""
        self._send_gathered()
        self._chunk_ms = chunk_ms

    def _send_gathered(self) -> None:
        if not self._gathered:
            return
        samples = np.concatenate(self._gathered)
        self._gathered = []
        self._send_coded(
            self._encoder.feed(samples), self._gathered_until_s, self._gathered_seam_ms, len(samples), None
        )

    def send_bytes(
        self,
        data: bytes,
        due_s: float,
        *,
        seam_ms: float = SEAM_MS,
        event_id: str | None = None,
    ) -> str:
        """Send sound that is in the session's input format already; see `send_audio`. Returns the event's id.

        Raises
        ------
        AudioError
            Half a sample; nothing was sent.
        """
        self._send_gathered()
        return self._send_coded(data, due_s, seam_ms, None, event_id)

    def _send_coded(
        self, data: bytes, due_s: float, seam_ms: float, n_captured: int | None, event_id: str | None
    ) -> str:
        event_id = event_id or self._ids.new("event")
        if self._lost:
            return event_id  # nothing is sent any more, so nothing is written down as sent
        sent = self._decoder.feed(data)
        event = ce.InputAudioAppend(audio=data, event_id=event_id)
        start = self._track_start(len(sent) if n_captured is None else n_captured, due_s, seam_ms)
        ref = self._recorder.place("input", sent, start=start)
        self._score_log.placed(ref)
        body = {"type": "input_audio_buffer.append", "event_id": event_id, "audio": ref.to_event()}
        if self._dialect.name == "ga":
            self._hand_over("input_audio_buffer.append", body, [wire.encode(event)])
        else:
            told = self._dialect.client_to_wire(wire.plain(event))
            native = told[0]["type"] if told else None
            self._hand_over("input_audio_buffer.append", body, [wire.encode_plain(one) for one in told], native)
        self._sent_ms += self._format.ms(len(data))
        self._score_log.add(self._scorer.feed(sent))
        return event_id

    def begin(self, dialect: Dialect) -> None:
        """Begin a new connection: codecs start anew, what was not sent yet is dropped."""
        self._dialect = dialect
        self._lost = False
        self._encoder, self._decoder = Encoder(self._format), Decoder(self._format)
        self._outbox = asyncio.Queue()
        self._gathered = []
        self.committed()

    async def run(self, transport: Transport) -> None:
        """Hand everything to the transport, in order, until it closes."""
        outbox = self._outbox
        while True:
            try:
                await transport.send(await outbox.get())
            except TransportClosed:
                self._lost = True
                return  # the receiving side sees the same close and tells everybody

    def end(self) -> None:
        """Write down the last scores; nothing more will be sent."""
        self._score_log.flush()

    def _hand_over(self, kind: str, body: dict[str, Any], frames: list[str], native: str | None = None) -> None:
        self._recorder.record("send", kind, body, n_bytes=sum(map(len, frames)), native=native)
        for frame in frames:
            self._outbox.put_nowait(frame)

    def _track_start(self, n_samples: int, due_s: float, seam_ms: float) -> int | None:
        """Return where a frame belongs on the run's time line; None: right behind the one before."""
        captured = round(self._clock.ns_at(due_s) * RATE_HZ / 1e9) - n_samples
        return captured if captured - self._recorder.end_of("input") > seam_ms * RATE_HZ / 1000 else None
