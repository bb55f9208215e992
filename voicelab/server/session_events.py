"""``session.update``: which fields may change when, what is refused, what is in force afterwards.

In: the partial session object.  Out: ``session.updated`` with everything in force, then an ``error`` for each refused
field.
Does not know: what listening and speaking do with the new configuration.
"""

from __future__ import annotations

from voicelab.errors import ConfigError
from voicelab.protocol import server_events as ev
from voicelab.protocol.client_events import SessionUpdate
from voicelab.protocol.settings import update
from voicelab.server.capabilities import split_update
from voicelab.server.connection import Connection

# A client may send the session back as it got it; what only the server sets is passed over.
_READ_ONLY = ("id", "object", "expires_at", "voicelab", "client_secret")


def update_session(connection: Connection, event: SessionUpdate) -> None:
    """Apply an update whole, or not at all when a value is wrong.

    Raises
    ------
    ConfigError
        A value is wrong, ``session.type`` is missing, or the voice would change after audio was sent
        (``cannot_update_voice``): nothing has changed then.
    """
    change = {key: value for key, value in event.session.items() if key not in _READ_ONLY}
    if "type" not in change:
        raise ConfigError(
            "session.type: missing; send 'realtime'.", param="session.type", code="missing_required_parameter"
        )
    if change["type"] == "transcription":
        raise ConfigError(
            "session.type: the embedded server has no transcription sessions so far.",
            param="session.type",
            code="unsupported",
        )
    update(connection.config, change)  # a wrong value is an error even in a field that is refused
    allowed, refusals = split_update(change)
    changed = update(connection.config, allowed)
    if connection.audio_was_sent and changed.audio.output.voice != connection.config.audio.output.voice:
        raise ConfigError(
            "Cannot update a conversation's voice if assistant audio is present.",
            param="session.audio.output.voice",
            code="cannot_update_voice",
        )
    connection.config = changed
    connection.emit(ev.SessionUpdated(session=connection.session()))
    for refusal in refusals:
        connection.refuse(refusal, event.event_id)
