"""One client's state on the server, and the one door through which events leave.

In: engines, a clock, a source of ids, the kind of session.  Out: server events in an outbox, each applied to the
conversation as it is sent.
Does not know: sockets (``serve`` empties the outbox), or what a client event means (the family files do).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import msgspec

from voicelab.errors import ConfigError, TransportError
from voicelab.protocol import server_events as ev
from voicelab.protocol.conversation import Conversation
from voicelab.protocol.ids import Ids
from voicelab.protocol.settings import AudioInput, SessionConfig, TranscriptionConfig, to_plain
from voicelab.server.engines import Engines, ServerOptions
from voicelab.server.memory import Memory
from voicelab.server.rate_limits import RateLimits
from voicelab.transports.clock import Clock
from voicelab.turns.scores import Score

MOST_UNSENT_EVENTS = 20_000
Kind: TypeAlias = Literal["realtime", "transcription"]


class Connection:
    """What the server knows of one client.

    Parameters
    ----------
    engines, clock, ids, options
        See `voicelab.server.serve.serve`.
    model : str
        The model that the client asked for; kept and echoed, the engines answer whatever it is.
    kind : {"realtime", "transcription"}
        A conversation, or a session that only writes down what it hears.
    """

    def __init__(
        self,
        engines: Engines,
        clock: Clock,
        ids: Ids,
        options: ServerOptions,
        model: str,
        kind: Kind = "realtime",
    ) -> None:
        self.engines = engines
        self.clock = clock
        self.ids = ids
        self.options = options
        self.model = model
        self.kind = kind
        self.config: SessionConfig | TranscriptionConfig = (
            SessionConfig(model=model) if kind == "realtime" else TranscriptionConfig()
        )
        self.conversation = Conversation()
        self.conversation_id = ids.new("conv")
        self.memory = Memory()
        self.rate_limits = RateLimits(options.requests_a_minute, options.tokens_a_minute)
        self.audio_was_sent = False
        self.outbox: asyncio.Queue[ev.ServerEvent] = asyncio.Queue()
        self.clip_ears = asyncio.Semaphore(1)  # clips in items are recognised one after the other
        self.scored: Callable[[Score], None] | None = None  # whoever wants to see what decides the turns
        self.session_id = ids.new("sess")

    @property
    def input(self) -> AudioInput:
        """How the user's audio comes in: what both kinds of session have."""
        return self.config.audio.input

    @property
    def now_s(self) -> float:
        """Seconds since the session began."""
        return self.clock.now_ns() / 1e9

    def emit(self, event: ev.KnownServerEvent) -> None:
        """Send an event: give it an id, apply it to the conversation, put it into the outbox.

        Nothing is awaited, so a handler's check and its events are one step.
        """
        event = msgspec.structs.replace(event, event_id=self.ids.new("event"))
        self.conversation.apply(event)
        if self.outbox.qsize() >= MOST_UNSENT_EVENTS:
            raise TransportError(f"the client left {MOST_UNSENT_EVENTS:,} events unread; the connection is given up")
        self.outbox.put_nowait(event)

    def refuse(self, error: ConfigError, caused_by: str | None) -> None:
        """Answer a client event with an ``error``; the session goes on."""
        detail = ev.ErrorDetail(message=str(error), code=error.code, param=error.param, event_id=caused_by)
        self.emit(ev.Error(error=detail))

    def session(self) -> dict[str, Any]:
        """Return the configuration in force as the wire shows it."""
        expires = self.clock.wall_start.timestamp() + self.options.session_seconds
        return {
            **to_plain(self.config),
            "id": self.session_id,
            "object": "realtime.session" if self.kind == "realtime" else "realtime.transcription_session",
            "expires_at": int(expires),
            "voicelab": self.engines.about,
        }
