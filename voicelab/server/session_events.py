"""``session.update``: what is asked, what is refused, what is in force afterwards.

In: the partial session object, of an update or of the client secret that opened the session.  Out: ``session.updated``
with everything in force, then an ``error`` for each refused field.
Does not know: what listening and speaking do with the new configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicelab.errors import ConfigError
from voicelab.protocol import server_events as ev
from voicelab.protocol.client_events import SessionUpdate
from voicelab.server.changes import apply_change
from voicelab.server.connection import Connection


def update_session(connection: Connection, event: SessionUpdate) -> None:
    """Apply an update whole, or not at all when a value is wrong.

    Raises
    ------
    ConfigError
        A value is wrong, ``session.type`` is missing or is not this session's, or the change comes at the wrong time
        (`voicelab.server.changes`): nothing has changed then.
    """
    if "type" not in event.session:
        raise ConfigError(
            f"session.type: missing; send '{connection.kind}'.", param="session.type", code="missing_required_parameter"
        )
    refusals = configure(connection, event.session)
    connection.emit(ev.SessionUpdated(session=connection.session()))
    for refusal in refusals:
        connection.refuse(refusal, event.event_id)


def configure(connection: Connection, asked: Mapping[str, Any]) -> list[ConfigError]:
    """Change the configuration in force, without telling anybody; return the refusals.

    Raises
    ------
    ConfigError
        As `update_session`.
    """
    connection.config, refusals = apply_change(
        connection.config,
        asked,
        audio_was_sent=connection.audio_was_sent,
        response_runs=connection.conversation.active_response is not None,
    )
    return refusals
