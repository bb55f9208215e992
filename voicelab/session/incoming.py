"""Everything that reaches a session: events written down, the conversation kept up, replies sent to the ear.

In: frames from the transport.  Out: the conversation, what is in force, the state of the turn, audio for the player.
Does not know: how to answer; what has to be done about an event is told to `Reactions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from voicelab.audio.formats import PCM24, AudioFormat, Decoder, from_wire
from voicelab.errors import VoicelabError
from voicelab.protocol import server_events as ev
from voicelab.protocol import wire
from voicelab.protocol.conversation import Conversation
from voicelab.protocol.items import FunctionCall
from voicelab.session.playback import Player
from voicelab.session.recorder import Recorder


class Reactions(Protocol):
    """What a session does about events."""

    def user_began(self) -> None:
        """The user began to speak."""

    def tools_wanted(self, calls: tuple[FunctionCall, ...]) -> None:
        """A response ended with function calls."""

    def failed(self, error: ev.ErrorDetail) -> None:
        """The server sent an error."""


class Incoming:
    """The receiving side of one session.

    Parameters
    ----------
    recorder : Recorder
    player : Player
        Gets reply audio.
    """

    def __init__(self, recorder: Recorder, player: Player) -> None:
        self._recorder = recorder
        self._player = player
        self.begin()

    def begin(self) -> None:
        """Start anew: a new connection knows nothing of the one before."""
        self.conversation = Conversation()
        self.in_force: dict[str, Any] = {}
        self.n_updates = 0
        self.n_turns = 0
        self.n_responses = 0
        self.speech_open = False
        self.reply_due = False
        self.cut_items: set[str] = set()
        self._decoders: dict[str, Decoder] = {}

    @property
    def detection(self) -> Mapping[str, Any] | None:
        """Turn detection in force; None: the client commits."""
        detection: Mapping[str, Any] | None = self._audio("input").get("turn_detection")
        return detection

    def format_of(self, direction: str) -> AudioFormat:
        """Return the audio format in force for ``input`` or ``output``."""
        wire_format = self._audio(direction).get("format")
        return from_wire(wire_format) if wire_format else PCM24

    def _audio(self, direction: str) -> dict[str, Any]:
        found: dict[str, Any] = (self.in_force.get("audio") or {}).get(direction) or {}
        return found

    def take(self, frame: str, reactions: Reactions) -> None:
        """Write down one frame and act on it.

        Raises
        ------
        VoicelabError
            The frame is no event, or a listed event is malformed.
        """
        body = wire.decode(frame)
        try:
            event = wire.parse_server(body)
        except VoicelabError:
            self._recorder.record("recv", body["type"], body, n_bytes=len(frame))
            raise
        if isinstance(event, ev.OutputAudioDelta):
            self._take_audio(event, body, len(frame))
        else:
            self._recorder.record("recv", body["type"], _without_audio(body), n_bytes=len(frame))
        self.conversation.apply(event)
        self._follow(event, reactions)

    def _take_audio(self, event: ev.OutputAudioDelta, body: dict[str, Any], n_bytes: int) -> None:
        decoder = self._decoders.setdefault(event.item_id, Decoder(self.format_of("output")))
        samples = decoder.feed(event.delta)
        ref = self._recorder.place("output", samples)
        self._recorder.record("recv", body["type"], {**body, "delta": ref.to_event()}, n_bytes=n_bytes)
        if event.item_id not in self.cut_items:
            self._player.add(event.item_id, event.response_id, samples)

    def _follow(self, event: ev.ServerEvent, reactions: Reactions) -> None:
        match event:
            case ev.SessionCreated(session=session):
                self.in_force = session
            case ev.SessionUpdated(session=session):
                self.in_force = session
                self.n_updates += 1
            case ev.SpeechStarted():
                self.speech_open = True
                reactions.user_began()
            case ev.SpeechStopped():
                self.speech_open = False
                self.reply_due = bool((self.detection or {}).get("create_response", True))
            case ev.InputAudioCommitted():
                self.n_turns += 1
            case ev.ResponseCreated():
                self.reply_due = False
                self.n_responses += 1
            case ev.OutputAudioDone(item_id=item_id):
                # The last millisecond that a G.711 decoder holds back is silence at the end of a reply: left there.
                self._decoders.pop(item_id, None)
                self._player.complete(item_id)
            case ev.ResponseDone(response=response):
                calls = tuple(item for item in response.output if isinstance(item, FunctionCall))
                if calls and response.status == "completed":
                    reactions.tools_wanted(calls)
            case ev.Error(error=error):
                # An answer that was due and could not begin will not come.
                self.reply_due = self.reply_due and error.code != "conversation_already_has_active_response"
                reactions.failed(error)


def _without_audio(body: dict[str, Any]) -> dict[str, Any]:
    """Return an event without the base64 audio that only ``conversation.item.retrieved`` carries in its parts."""
    item = body.get("item")
    if not isinstance(item, dict) or not any("audio" in part for part in item.get("content") or ()):
        return body
    content = [
        {**part, "audio": {"left_out_base64": len(part["audio"] or "")}} if "audio" in part else part
        for part in item["content"]
    ]
    return {**body, "item": {**item, "content": content}}
