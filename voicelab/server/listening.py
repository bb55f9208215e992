"""``input_audio_buffer.*``: the user's sound comes in, turns are found in it, each turn becomes an item.

In: append, commit, clear; the configuration; when a reply was heard to its end.  Out: speech_started, speech_stopped,
timeout_triggered, and a user message for each turn.
Does not know: how a turn is decided (``detection``), how it becomes an item (``committing``), how it is answered.

All positions are samples at 24 kHz since the first byte that was ever appended (the protocol's input audio clock).
A turn is open from its first sample to its commit. Without detection it opens with the first sample behind the last
commit; with detection when speech starts, and then it is announced. Detection may change inside a turn: the turn stays
open, is announced once, and is ended by whichever rule holds then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.engines.base import Heard, HearingHandle
from voicelab.errors import ConfigError
from voicelab.protocol import server_events as ev
from voicelab.protocol.client_events import MOST_APPEND_BYTES, InputAudioAppend
from voicelab.protocol.settings import ServerVAD, TurnDetection
from voicelab.server.audio_buffer import AudioBuffer
from voicelab.server.committing import commit_audio
from voicelab.server.connection import Connection
from voicelab.server.detection import Detection
from voicelab.server.ears import NOTHING_HEARD, Ears
from voicelab.server.idle import IdleClock
from voicelab.server.intake import Intake
from voicelab.server.memory import SAMPLES_PER_MS, Speech
from voicelab.server.open_turn import THRESHOLD, OpenTurn
from voicelab.server.transcribing import Transcribing
from voicelab.turns.endpoint import Ended, Moment, Pausing, Resumed, Started
from voicelab.turns.scores import Score

LEAST_COMMIT_MS = 100
#: Silence that is kept for what may come: a padding (10 s at most), an idle timeout (30 s), a client's own commit.
KEPT_MS = 31_000
_PIECE = 8 * RATE_HZ  # of a large append at once; more would only need more memory


class Listening:
    """The input side of one connection.

    Parameters
    ----------
    connection : Connection
    hearing : HearingHandle, optional
        The session's recogniser; None when this server recognises no words.
    tasks : asyncio.TaskGroup
        Where waiting for words, and for an idle user, happens.
    user_began, turn_ended : callable
        What to do when speech starts, and when a turn has become an item that is to be answered.
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
        self._tasks = tasks
        self._user_began = user_began
        self._turn_ended = turn_ended
        self._intake = Intake(connection.input)
        self._scorer = connection.engines.open_scorer()
        self._buffer = AudioBuffer()
        self._ears = Ears(hearing, tasks)
        self._idle = IdleClock(tasks, position=lambda: self._buffer.end, timed_out=self._timed_out)
        self._asked: TurnDetection | None = None
        self._detection: Detection | None = None
        self._turn: OpenTurn | None = None
        self._silent_since_s: float | None = None  # the end of a reply that nobody has followed up yet
        self._answered_s: float | None = None  # the end of a reply that the detection does not know of yet
        self.configure()

    def configure(self) -> None:
        """Take up the configuration in force; called after every update."""
        settings = self._connection.input
        self._take(self._intake.change(settings))
        if settings.turn_detection != self._asked:
            self._asked = settings.turn_detection
            self._change_detection(settings.turn_detection)
            self._wait_for_user()

    def append(self, event: InputAudioAppend) -> None:
        """Take more of the user's audio.

        Raises
        ------
        ConfigError
            More than 15 MiB: nothing of it is taken.
        AudioError
            An odd number of bytes of 16-bit audio: nothing of it is taken.
        """
        if len(event.audio) > MOST_APPEND_BYTES:
            raise ConfigError(
                f"audio: {len(event.audio):,} bytes are more than the {MOST_APPEND_BYTES:,} of one append.",
                param="audio",
            )
        self._take(self._intake.feed(event.audio))

    def commit(self) -> None:
        """Make the buffered audio a user message, at the client's wish; nothing answers it by itself.

        Raises
        ------
        ConfigError
            Less than 100 ms since the last commit (``input_audio_buffer_commit_empty``).
        """
        self._take(self._intake.flush())
        start = self._turn.start if self._turn is not None else self._buffer.start
        duration_ms = (self._buffer.end - start) / SAMPLES_PER_MS
        if duration_ms < LEAST_COMMIT_MS:
            raise ConfigError(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, "
                f"but buffer only has {duration_ms:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        self._idle.cancel()
        self._close_turn(self._turn or self._open_turn(start), self._buffer.end)
        self._restart_detection()

    def clear(self) -> None:
        """Throw the buffered audio away; the input audio clock goes on."""
        rest = self._intake.flush()
        self._buffer.append(rest)
        self._score(rest)  # keeps the scorer's clock in step; what it shows is thrown away as well
        self._buffer.forget_before(self._buffer.end)
        self._turn = None
        self._restart_detection()
        self._connection.emit(ev.InputAudioCleared())
        self._wait_for_user()

    def reply_began(self) -> None:
        """Take note that a response began: nobody is idle."""
        self._silent_since_s = self._answered_s = None
        self._idle.cancel()

    def reply_ended(self, playback_end_s: float) -> None:
        """Take note that a response is done, and heard to its end at ``playback_end_s`` (the loop's time).

        From then on the user is idle, unless a turn is open; each reply is followed by one timeout at most.
        """
        self._silent_since_s = self._answered_s = playback_end_s
        self._wait_for_user()

    def _wait_for_user(self) -> None:
        """Wait from the end of the last reply on, by the settings of now; nobody is idle inside a turn."""
        self._idle.cancel()
        asked, since_s = self._asked, self._silent_since_s
        if self._turn is None and since_s is not None and isinstance(asked, ServerVAD) and asked.idle_timeout_ms:
            self._idle.start(since_s, asked.idle_timeout_ms)

    @property
    def _threshold(self) -> float:
        return THRESHOLD if self._detection is None else self._detection.threshold

    def _change_detection(self, asked: TurnDetection | None) -> None:
        if asked is None:
            self._detection = None
            self._ears.pause(False)  # nobody will say that the speaker went on
            if self._turn is None:
                self._buffer.forget_before(self._buffer.end - ServerVAD().prefix_padding_ms * SAMPLES_PER_MS)
        elif self._detection is None or not self._detection.change(asked):
            self._detection = Detection(asked, self._buffer.end / SAMPLES_PER_MS)
            if self._turn is not None:
                self._resume(self._turn, self._detection)

    def _resume(self, turn: OpenTurn, detection: Detection) -> None:
        """Go on with a turn that was opened under another rule, or under none."""
        if not turn.is_announced and not turn.holds_speech(detection.threshold):
            self._turn = None  # push-to-talk in which nobody has spoken: there is no turn to go on with
            return
        audio = self._buffer.slice(round(turn.tail[0].start_ms * SAMPLES_PER_MS), self._buffer.end)
        is_open = detection.resume(audio, tuple(turn.tail), self._ears.partial)
        self._announce(turn)
        if is_open:
            self._ears.pause(detection.paused)
        else:
            self._end(turn, turn.tail[-1].end_ms)

    def _restart_detection(self) -> None:
        if self._detection is not None:
            self._detection.restart(self._buffer.end / SAMPLES_PER_MS)

    def _take(self, samples: Samples) -> None:
        """Hear audio that is decoded and clean; pieces of any size make the same turns."""
        for start in range(0, len(samples), _PIECE):
            piece = samples[start : start + _PIECE]
            self._buffer.append(piece)
            if self._detection is not None:
                self._detection.hear(piece)
            elif self._turn is None:
                self._open_turn(self._buffer.start)
            for score in self._score(piece):
                self._judge(score)
        if self._turn is None:
            self._buffer.forget_before(self._buffer.end - KEPT_MS * SAMPLES_PER_MS)

    def _score(self, samples: Samples) -> list[Score]:
        scores = self._scorer.feed(samples)
        if (scored := self._connection.scored) is not None:
            for score in scores:
                scored(score)
        return scores

    def _judge(self, score: Score) -> None:
        """Take the next window: what it decides, and its place in the open turn."""
        if self._detection is not None:
            if self._answered_s is not None and asyncio.get_running_loop().time() >= self._answered_s:
                self._answered_s = None
                self._detection.answered()
            self._detection.read(self._ears.partial)
            for moment in self._detection.feed(score):
                self._act(moment)
        if (turn := self._turn) is not None:
            turn.add(score, self._threshold)
            self._hear_until(turn, round(score.end_ms * SAMPLES_PER_MS))
            turn.transcribing.read(self._ears.partial)

    def _act(self, moment: Moment) -> None:
        turn = self._turn
        match moment:
            case Started(speech_start_ms=start_ms) if self._detection is not None:
                self._idle.cancel()
                # The padding reaches back as far as the buffer does: to before a rule that was put in force just now.
                padded_ms = start_ms - self._detection.prefix_padding_ms
                turn = self._open_turn(max(self._buffer.start, round(padded_ms * SAMPLES_PER_MS)))
                turn.speech.begin_ms, turn.speech.end_ms = start_ms, moment.at_ms
                self._announce(turn)
            case Pausing() | Resumed() if turn is not None:
                self._hear_until(turn, round(moment.at_ms * SAMPLES_PER_MS))
                self._ears.pause(isinstance(moment, Pausing))
            case Ended() if turn is not None:
                self._end(turn, moment.at_ms)

    def _open_turn(self, start: int) -> OpenTurn:
        item_id = self._connection.ids.new("item")
        self._turn = OpenTurn(item_id, start, Transcribing(self._connection, item_id))
        self._ears.start()
        return self._turn

    def _announce(self, turn: OpenTurn) -> None:
        """Say that the user speaks, unless that was said."""
        if not turn.is_announced:
            turn.is_announced = True
            start_ms = round(turn.start / SAMPLES_PER_MS)
            self._connection.emit(ev.SpeechStarted(audio_start_ms=start_ms, item_id=turn.item_id))
            self._user_began()

    def _hear_until(self, turn: OpenTurn, end: int) -> None:
        if end > turn.heard_to:
            self._ears.feed(self._buffer.slice(turn.heard_to, end))
            turn.heard_to = end

    def _end(self, turn: OpenTurn, at_ms: float) -> None:
        """End a turn because its rule says so, and have it answered."""
        self._connection.emit(ev.SpeechStopped(audio_end_ms=round(at_ms), item_id=turn.item_id))
        self._close_turn(turn, round(at_ms * SAMPLES_PER_MS))
        self._answer()

    def _answer(self) -> None:
        if self._asked is not None and self._asked.create_response and self._connection.kind == "realtime":
            self._turn_ended()

    def _timed_out(self, start: int) -> None:
        """Make the silence since the end of the playback an item, and have it answered."""
        self._take(self._intake.flush())
        if self._turn is not None:
            return  # what was held back begins a turn: somebody speaks after all
        connection, end = self._connection, self._buffer.end
        start = max(start, self._buffer.start)
        item_id = connection.ids.new("item")
        connection.emit(
            ev.TimeoutTriggered(
                audio_start_ms=round(start / SAMPLES_PER_MS),
                audio_end_ms=round(end / SAMPLES_PER_MS),
                item_id=item_id,
            )
        )
        nothing: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        nothing.set_result(NOTHING_HEARD)  # detection found no speech, so there are no words to look for
        self._commit(start, end, Speech(), Transcribing(connection, item_id), nothing)
        self._answer()

    def _close_turn(self, turn: OpenTurn, end: int) -> None:
        """Turn an open turn into an item."""
        self._turn = None
        self._hear_until(turn, end)
        speech = turn.speech.within(turn.start, end - turn.start)
        self._commit(turn.start, end, speech, turn.transcribing, self._ears.finish())

    def _commit(
        self, start: int, end: int, speech: Speech, transcribing: Transcribing, words: asyncio.Future[Heard]
    ) -> None:
        self._silent_since_s = None  # each reply is followed up once
        samples = self._buffer.slice(start, end)
        self._buffer.forget_before(end)
        commit_audio(self._connection, self._tasks, samples, speech, transcribing, words)
