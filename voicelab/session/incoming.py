"""Everything that reaches a session: events written down, the conversation kept up, replies sent to the ear.

In: frames from the transport, in the connection's dialect.  Out: the conversation, what is in force, the state of the
turn, audio for the player.
Does not know: how to answer; what has to be done about an event is told to `Reactions`.

The log holds every event under its GA name. An event that is not listed, and a field that is not, passes through
untouched; an event that cannot be read is kept as it came and noted (``voicelab.event.unreadable``), never fatal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Protocol

from voicelab.audio.formats import PCM24, AudioFormat, Decoder, from_wire
from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.errors import VoicelabError
from voicelab.protocol import server_events as ev
from voicelab.protocol import wire
from voicelab.protocol.conversation import Conversation
from voicelab.protocol.dialects import GA, Dialect
from voicelab.protocol.items import FunctionCall
from voicelab.runlog.left_out import without_audio
from voicelab.runlog.recorder import Recorder
from voicelab.session.playback import Player

# By this entry of its metadata a response outside the conversation is told from the others.
ASIDE_KEY = "voicelab_request"
_SHOWN_CHARACTERS = 200


class Reactions(Protocol):
    """What a session does about events."""

    def user_began(self) -> None:
        """The user began to speak."""

    def buffer_committed(self) -> None:
        """The audio so far became a user message."""

    def configured(self) -> None:
        """Settings came into force."""

    def turn_unanswered(self, item_id: str) -> None:
        """A turn ended that the server was told not to answer."""

    def transcribed(self, item_id: str, usage: Mapping[str, Any]) -> None:
        """A user message was written down, which used something."""

    def response_began(self, response: ev.Response) -> None:
        """A response began, in the conversation or outside it."""

    def response_ended(self, response: ev.Response) -> None:
        """A response is done, in whatever way."""

    def tools_wanted(self, calls: tuple[FunctionCall, ...]) -> None:
        """A response ended with function calls."""

    def failed(self, error: ev.ErrorDetail) -> None:
        """The server sent an error."""


class Incoming:
    """The receiving side of one session.

    Nothing here grows with time: an item's words and the length of its sound stay as long as the server has the item.

    Parameters
    ----------
    recorder : Recorder
    player : Player
        Gets reply audio.
    """

    def __init__(self, recorder: Recorder, player: Player) -> None:
        self._recorder = recorder
        self._player = player
        self.begin(GA())

    def begin(self, dialect: Dialect) -> None:
        """Start anew: a new connection knows nothing of the one before."""
        self._dialect = dialect
        self.conversation = Conversation()
        self.in_force: dict[str, Any] = {}
        self.n_updates = 0
        self.n_turns = 0
        self.n_cleared = 0
        self.n_responses = 0
        self.last_committed = ""
        self.speech_open = False
        self.reply_due = False
        self.held = False
        """Whether the server was told not to answer turns that it would have answered (``spending``)."""
        self.audio_ms: dict[str, float] = {}
        self.asides: dict[str, Callable[[ev.Response], None]] = {}
        self._formats: dict[str, AudioFormat] = {}
        self._speech_began: tuple[str, int] | None = None
        # Of items whose audio is still coming: the response they belong to, and their decoder.
        self._coming: dict[str, tuple[str, Decoder]] = {}
        self._cut: set[str] = set()

    @property
    def detection(self) -> Mapping[str, Any] | None:
        """Turn detection in force; None: the client commits."""
        detection = self._audio("input").get("turn_detection")
        return detection if isinstance(detection, Mapping) else None

    def format_of(self, direction: str) -> AudioFormat:
        """Return the audio format in force for ``input`` or ``output``."""
        return self._formats.get(direction, PCM24)

    def cut(self, item_id: str) -> None:
        """Play nothing more of an item, whatever of it still arrives."""
        if item_id in self._coming:
            self._cut.add(item_id)

    def take(self, frame: str, reactions: Reactions) -> None:
        """Write down one frame and act on it; one that cannot be read is noted."""
        try:
            body = wire.decode(frame)
        except VoicelabError as error:
            # Half a character cannot be written down.
            self._note(error, frame=frame[:_SHOWN_CHARACTERS].encode(errors="replace").decode())
            return
        if self._dialect.name == "ga":
            self._take_event(body, None, len(frame), reactions)
            return
        try:
            bodies = self._dialect.server_from_wire(body)
        except VoicelabError as error:
            self._recorder.record("recv", body["type"], without_audio(body), n_bytes=len(frame))
            self._note(error)
            return
        if not bodies:  # GA has no such event; what came is kept all the same
            self._recorder.record("recv", body["type"], without_audio(body), n_bytes=len(frame))
        for index, one in enumerate(bodies):
            self._take_event(one, body["type"], None if index else len(frame), reactions)

    def _take_event(self, body: dict[str, Any], native: str | None, n_bytes: int | None, reactions: Reactions) -> None:
        try:
            event = wire.parse_server(body)
            samples = self._decode(event) if isinstance(event, ev.OutputAudioDelta) else None
        except VoicelabError as error:
            self._recorder.record("recv", body["type"], body, n_bytes=n_bytes, native=native)
            self._note(error)
            return
        if isinstance(event, ev.OutputAudioDelta) and samples is not None:
            told = {**body, "delta": self._recorder.place("output", samples).to_event()}
        else:
            told = without_audio(body)
        record = self._recorder.record("recv", body["type"], told, n_bytes=n_bytes, native=native)
        if isinstance(event, ev.Error):
            event = wire.parse_server(record.event)  # what becomes an error text shows no key either
        self.conversation.apply(event)
        if isinstance(event, ev.OutputAudioDelta) and samples is not None:
            self._hear(event, samples)
        else:
            self._follow(event, reactions)

    def _decode(self, event: ev.OutputAudioDelta) -> Samples:
        if event.item_id not in self._coming:
            self._coming[event.item_id] = (event.response_id, Decoder(self.format_of("output")))
        return self._coming[event.item_id][1].feed(event.delta)

    def _hear(self, event: ev.OutputAudioDelta, samples: Samples) -> None:
        self.audio_ms[event.item_id] = self.audio_ms.get(event.item_id, 0.0) + len(samples) * 1000 / RATE_HZ
        if event.item_id not in self._cut:
            self._player.add(event.item_id, event.response_id, samples)

    def _follow(self, event: ev.ServerEvent, reactions: Reactions) -> None:
        match event:
            case ev.SessionCreated(session=session):
                self._configure(session)
                reactions.configured()
            case ev.SessionUpdated(session=session):
                self._configure(session)
                self.n_updates += 1
                reactions.configured()
            case ev.ItemDeleted(item_id=item_id):
                self.audio_ms.pop(item_id, None)
            case ev.ResponseCreated(response=response):
                if response.conversation_id is not None:
                    self.reply_due = False
                    self.n_responses += 1
                reactions.response_began(response)
            case ev.OutputAudioDone(item_id=item_id):
                # The last millisecond that a G.711 decoder holds back is silence at the end of a reply: left there.
                self._audio_over(item_id)
            case ev.ResponseDone(response=response):
                self._response_over(response, reactions)
            case ev.Error(error=error):
                # An answer that was due and could not begin will not come.
                self.reply_due = self.reply_due and error.code != "conversation_already_has_active_response"
                reactions.failed(error)
            case _:
                self._follow_user(event, reactions)

    def _follow_user(self, event: ev.ServerEvent, reactions: Reactions) -> None:
        match event:
            case ev.SpeechStarted(item_id=item_id, audio_start_ms=start_ms):
                self.speech_open = True
                self._speech_began = (item_id, start_ms)
                reactions.user_began()
            case ev.SpeechStopped(item_id=item_id, audio_end_ms=end_ms):
                self.speech_open = False
                self._turn_over(item_id, reactions)
                if self._speech_began is not None and self._speech_began[0] == item_id:
                    self.audio_ms[item_id] = float(end_ms - self._speech_began[1])
            case ev.TimeoutTriggered(item_id=item_id, audio_start_ms=start_ms, audio_end_ms=end_ms):
                self._turn_over(item_id, reactions)
                self.audio_ms[item_id] = float(end_ms - start_ms)
            case ev.TranscriptionCompleted(item_id=item_id, usage=usage):
                reactions.transcribed(item_id, usage)
            case ev.InputAudioCommitted(item_id=item_id):
                self.n_turns += 1
                self.last_committed = item_id
                reactions.buffer_committed()
            case ev.InputAudioCleared():
                self.n_cleared += 1

    def _turn_over(self, item_id: str, reactions: Reactions) -> None:
        self.reply_due = bool((self.detection or {}).get("create_response", True)) and not self.held
        if self.held:
            reactions.turn_unanswered(item_id)

    def _response_over(self, response: ev.Response, reactions: Reactions) -> None:
        reactions.response_ended(response)
        for item_id in [item for item, (response_id, _) in self._coming.items() if response_id == response.id]:
            self._audio_over(item_id)
        if response.conversation_id is None:
            for item in response.output:
                self.audio_ms.pop(item.id or "", None)
        if wanted := self.asides.get((response.metadata or {}).get(ASIDE_KEY, "")):
            wanted(response)
        calls = tuple(item for item in response.output if isinstance(item, FunctionCall))
        # What is called outside the conversation is for whoever asked outside it.
        if calls and response.status == "completed" and response.conversation_id is not None:
            reactions.tools_wanted(calls)

    def _audio_over(self, item_id: str) -> None:
        self._coming.pop(item_id, None)
        self._cut.discard(item_id)
        self._player.complete(item_id)

    def _configure(self, session: dict[str, Any]) -> None:
        # Its own: whoever writes into what is in force does not write into the record.
        self.in_force = deepcopy(session)
        for direction in ("input", "output"):
            wire_format = self._audio(direction).get("format")
            if isinstance(wire_format, Mapping):
                try:
                    self._formats[direction] = from_wire(wire_format)
                except VoicelabError as error:
                    self._note(error)

    def _audio(self, direction: str) -> Mapping[str, Any]:
        """Return one direction's settings in force; empty where the server's session object has another shape."""
        audio = self.in_force.get("audio")
        found = audio.get(direction) if isinstance(audio, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _note(self, error: VoicelabError, **facts: Any) -> None:
        # One event that cannot be read is no reason to end a conversation.
        self._recorder.local("event.unreadable", message=str(error), **facts)
