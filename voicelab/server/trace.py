"""The server's own log of one session: a run folder, as the client writes one, seen from the other end.

In: every event that came and went, the speech scores that decided the turns.  Out: a run folder with ``side`` "server".
Does not know: what an event means, or that a client may be writing the same conversation down.

In such a run ``recv`` is what the client sent, and ``send`` what the server sent. ``input.wav`` is the user's audio as
it arrived (bursts lie end to end, and only a real pause in sending leaves a gap), ``output.wav`` the reply audio end to
end; nobody listens here, so ``heard.wav`` stays empty. Event ids are the same on both sides: that is how the two are
laid over each other (`voicelab.measure.both_ends`).
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

import voicelab
from voicelab.audio.formats import AudioFormat, Decoder, from_wire
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import AudioError
from voicelab.measure.prices import price_note
from voicelab.protocol import client_events as ce
from voicelab.protocol import server_events as ev
from voicelab.runlog.left_out import without_audio
from voicelab.runlog.manifest import Manifest, without_secrets
from voicelab.runlog.record import Track
from voicelab.runlog.recorder import DirectWriting, Recorder
from voicelab.runlog.score_log import ScoreLog
from voicelab.runlog.writer import RunWriter, prepare_folder
from voicelab.transports.clock import Clock, rfc3339
from voicelab.turns.scores import Score

FLUSH_S = 0.5
GAP_SAMPLES = RATE_HZ // 5


class _Forgiving(DirectWriting):
    """Writes at once; what a full or broken disk does not take is counted, and the session goes on."""

    def line(self, line: bytes) -> None:
        """Write a record, or count it as dropped."""
        try:
            super().line(line)
        except OSError:
            self.dropped += 1

    def audio(self, track: Track, start: int, samples: Samples) -> None:
        """Write samples, or count them as dropped."""
        try:
            super().audio(track, start, samples)
        except OSError:
            self.dropped += 1

    def sync(self) -> None:
        """Flush, or try again the next time."""
        try:
            super().sync()
        except OSError:
            self.dropped += 1


class Trace:
    """Writes one session down.

    Parameters
    ----------
    folder : Path
        Where the traces of all sessions go; this one gets a folder of its own in it.
    clock : Clock
        The session's.
    session_id, model : str
        Name the run.
    about : mapping
        What the server says of its engines.
    detector : str
        Whose speech scores decide the turns.
    secrets : tuple of str
        Hidden wherever a client says them.

    Raises
    ------
    RunError
        The folder cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        session_id: str,
        model: str,
        about: Mapping[str, Any],
        detector: str,
        secrets: tuple[str, ...] = (),
    ) -> None:
        self._clock = clock
        self._secrets = secrets
        stamp = clock.wall_start.strftime("%Y%m%d-%H%M%S")
        self.folder = prepare_folder(folder / f"{stamp}-{session_id}")
        facts = Manifest(
            side="server",
            began=rfc3339(clock.wall_at(0)),
            provider="local",
            model=model,
            voicelab_server=dict(about),
            prices=price_note(model, embedded=True),
            software={
                "voicelab": voicelab.__version__,
                "python": platform.python_version(),
                "system": platform.platform(),
            },
        )
        self._manifest = without_secrets(facts, secrets)
        self._writing = _Forgiving(RunWriter(self.folder, self._manifest))
        self._recorder = Recorder(clock, self._writing, secrets)
        self._scores = ScoreLog(self._recorder, detector)
        self._input: tuple[AudioFormat, Decoder] | None = None
        self._output: dict[str, Decoder] = {}

    async def flush_regularly(self) -> None:
        """Bring the folder up to date twice a second, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_S)
            self._writing.sync()

    def received(
        self,
        body: Mapping[str, Any],
        event: ce.ClientEvent | None,
        *,
        n_bytes: int,
        native: str,
        wire_format: AudioFormat,
    ) -> None:
        """Write down a client event.

        Parameters
        ----------
        body : mapping
            The event under its GA name, as it came.
        event : ClientEvent, optional
            Its typed form; None when it could not be read.
        n_bytes : int
            Size of the frame.
        native : str
            Its name on the wire.
        wire_format : AudioFormat
            The session's input format.
        """
        if isinstance(event, ce.InputAudioAppend):
            body = {**body, "audio": self._place_input(event.audio, wire_format)}
        kind = str(body.get("type", "voicelab.unreadable"))
        self._recorder.record("recv", kind, without_audio(body), n_bytes=n_bytes, native=native)

    def sent(self, event: ev.ServerEvent, body: Mapping[str, Any], *, n_bytes: int, native: str | None) -> None:
        """Write down a server event that is handed to the transport; see `received`."""
        match event:
            case ev.ResponseCreated(response=response):
                self._output[response.id] = Decoder(from_wire((response.audio or {})["output"]["format"]))
            case ev.OutputAudioDelta(response_id=response_id, delta=delta):
                samples = self._output[response_id].feed(delta)
                body = {**body, "delta": self._recorder.place("output", samples).to_event()}
            case ev.ResponseDone(response=response):
                self._output.pop(response.id, None)
        self._recorder.record("send", str(body["type"]), without_audio(body), n_bytes=n_bytes, native=native)

    def scored(self, score: Score) -> None:
        """Write down what the detector made of a window of the user's audio."""
        self._scores.add([score])

    def close(self, in_force: Mapping[str, Any]) -> None:
        """Complete the folder; where the disk does not take that either, it goes on saying ``running``."""
        manifest = msgspec.structs.replace(
            self._manifest,
            state="complete",
            ended=rfc3339(self._clock.wall_at(self._clock.now_ns())),
            in_force=dict(in_force),
            records=self._recorder.records.n_records,
            dropped=self._writing.dropped,
        )
        with suppress(OSError):
            self._writing.finish(without_secrets(manifest, self._secrets))

    def _place_input(self, audio: bytes, wire_format: AudioFormat) -> dict[str, Any]:
        """Return where the sound of an append lies, or how much it was when it will be refused: that is on no clock."""
        if self._input is None or self._input[0] != wire_format:
            self._input = (wire_format, Decoder(wire_format))
        left_out = {"left_out_bytes": len(audio)}
        if len(audio) > ce.MOST_APPEND_BYTES:
            return left_out
        try:
            samples = self._input[1].feed(audio)
        except AudioError:
            return left_out
        arrived = round(self._clock.now_ns() * RATE_HZ / 1e9)
        end = self._recorder.end_of("input")
        # Within the jitter of an arrival the sound is one stretch; only a real pause in sending leaves a gap.
        gap = arrived - len(samples) - end > GAP_SAMPLES
        ref = self._recorder.place("input", samples, start=arrived - len(samples) if gap else end)
        self._scores.placed(ref)
        return ref.to_event()
