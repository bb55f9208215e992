"""Everything that leaves a session: events with their ids, frames of sound, each written down as it goes.

In: client events and 20 ms frames.  Out: frames on the transport, in order; records; speech scores of the sent audio.
Does not know: what the server answers.
"""

from __future__ import annotations

import asyncio

import msgspec
import numpy as np

from voicelab.audio.formats import PCM24, AudioFormat, Decoder, Encoder
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import TransportClosed
from voicelab.protocol import client_events as ce
from voicelab.protocol import wire
from voicelab.protocol.ids import Ids
from voicelab.session.recorder import Recorder
from voicelab.transports.base import Transport
from voicelab.transports.clock import Clock
from voicelab.turns.scores import Score, Scorer

SCORES_A_RECORD = 4
# A G.711 codec holds back a millisecond when it begins; a gap is longer than that.
_SEAM_SAMPLES = 2 * RATE_HZ // 1000


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
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._scorer = Scorer()
        self._scores: list[Score] = []
        self._n_scored = 0
        self._track_offset = 0
        self._format: AudioFormat = PCM24
        self._encoder, self._decoder = Encoder(PCM24), Decoder(PCM24)
        self.detector = self._scorer.name

    def use_format(self, audio_format: AudioFormat) -> None:
        """Send audio in this format from now on."""
        if audio_format != self._format:
            self._format = audio_format
            self._encoder, self._decoder = Encoder(audio_format), Decoder(audio_format)

    def send(self, event: ce.ClientEvent) -> str:
        """Send an event; return its id, which comes back in the error it may cause."""
        event_id = event.event_id or self._ids.new("event")
        event = msgspec.structs.replace(event, event_id=event_id)
        frame = wire.encode(event)
        self._recorder.record("send", wire.name_of(event), wire.plain(event), n_bytes=len(frame))
        self._outbox.put_nowait(frame)
        return event_id

    def send_audio(self, samples: Samples, due_s: float) -> None:
        """Send a frame of sound, in the session's input format; what is kept is what was sent, codec and all.

        Parameters
        ----------
        samples : int16, shape (n,)
        due_s : float
            The loop's time at which the frame was captured to its end: there it lies on the run's time line, also
            when a busy loop sends it later.
        """
        data = self._encoder.feed(samples)
        event = ce.InputAudioAppend(audio=data, event_id=self._ids.new("event"))
        frame = wire.encode(event)
        sent = self._decoder.feed(data)
        ref = self._recorder.place("input", sent, start=self._track_start(len(samples), due_s))
        if ref.start - self._n_scored != self._track_offset:
            self._record_scores()  # those of before the gap lie where they were
            self._track_offset = ref.start - self._n_scored
        body = {"type": "input_audio_buffer.append", "event_id": event.event_id, "audio": ref.to_event()}
        self._recorder.record("send", "input_audio_buffer.append", body, n_bytes=len(frame))
        self._outbox.put_nowait(frame)
        self._score(sent)

    def restart_audio(self) -> None:
        """Begin a new connection's audio: codecs start anew, what was not sent yet is dropped."""
        self._encoder, self._decoder = Encoder(self._format), Decoder(self._format)
        self._outbox = asyncio.Queue()

    async def run(self, transport: Transport) -> None:
        """Hand everything to the transport, in order, until it closes."""
        outbox = self._outbox
        while True:
            try:
                await transport.send(await outbox.get())
            except TransportClosed:
                return  # the receiving side sees the same close and tells everybody

    def _track_start(self, n_samples: int, due_s: float) -> int | None:
        """Return where a frame belongs on the run's time line; None: right behind the one before."""
        captured = round(self._clock.ns_at(due_s) * RATE_HZ / 1e9) - n_samples
        return captured if captured - self._recorder.end_of("input") > _SEAM_SAMPLES else None

    def _score(self, samples: Samples) -> None:
        self._n_scored += len(samples)
        self._scores += self._scorer.feed(samples)
        if len(self._scores) >= SCORES_A_RECORD:
            self._record_scores()

    def _record_scores(self) -> None:
        if not self._scores:
            return
        first = self._scores[0]
        self._recorder.local(
            "vad",
            start_ms=round(first.start_ms + self._track_offset * 1000 / RATE_HZ, 3),
            window_ms=first.end_ms - first.start_ms,
            p=[round(float(np.float32(score.probability)), 4) for score in self._scores],
            detector=self.detector,
        )
        self._scores.clear()
