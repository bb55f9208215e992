"""JSON text to typed events and back: the only module that knows how events look on the wire.

In: frames as they came.  Out: the event as a plain dict (which is what the log keeps) and its typed view.
Does not know: what an event means.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from voicelab.errors import ConfigError, ProtocolError
from voicelab.protocol.client_events import ClientEvent, ItemCreate, ResponseCreate
from voicelab.protocol.server_events import KnownServerEvent, ServerEvent, Unknown
from voicelab.protocol.settings import convert

#: Every client event by its name on the wire.
CLIENT_EVENTS: dict[str, Any] = {kind.__struct_config__.tag: kind for kind in get_args(ClientEvent)}
_SERVER_TYPES: dict[str, Any] = {kind.__struct_config__.tag: kind for kind in get_args(KnownServerEvent)}
_encoder = msgspec.json.Encoder()
NOT_AN_EVENT = "The message must be a JSON object with a string field 'type'."


def encode(event: ClientEvent | ServerEvent) -> str:
    """Return the JSON text of an event; audio bytes become base64."""
    value: Any = event.body if isinstance(event, Unknown) else event
    if isinstance(event, ItemCreate | ResponseCreate):
        # A field that a client does not give must be absent: services refuse null where they expect a text.
        value = _without_nulls(msgspec.to_builtins(event))
    return _encoder.encode(value).decode()


def encode_plain(body: dict[str, Any]) -> str:
    """Return the JSON text of an event that is a plain dict already."""
    return _encoder.encode(body).decode()


def plain(event: ClientEvent | ServerEvent) -> dict[str, Any]:
    """Return an event as plain JSON values, as `decode` gives it on the other side."""
    body: dict[str, Any] = msgspec.json.decode(encode(event))
    return body


def decode(frame: str | bytes) -> dict[str, Any]:
    """Return the event in a frame, as a plain dict.

    Raises
    ------
    ConfigError
        When the frame is not a JSON object with a ``type``.
    """
    body = decode_object(frame)
    check_type(body)
    return body


def decode_object(frame: str | bytes) -> dict[str, Any]:
    """Return the JSON object in a frame.

    Raises
    ------
    ConfigError
        When the frame is not JSON, or not an object.
    """
    try:
        body = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigError(f"The message is not valid JSON: {error}.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise ConfigError(NOT_AN_EVENT, param="type", code="invalid_event")
    return body


def check_type(body: Mapping[str, Any]) -> None:
    """Refuse an object that does not say what event it is.

    Raises
    ------
    ConfigError
        ``type`` is missing, or no text.
    """
    if not isinstance(body.get("type"), str):
        raise ConfigError(NOT_AN_EVENT, param="type", code="invalid_event")


def parse_client(body: dict[str, Any]) -> ClientEvent:
    """Return the typed view of a client event.

    Raises
    ------
    ConfigError
        With the path of the bad field; an unknown type names those that exist.
    """
    kind = CLIENT_EVENTS.get(body["type"])
    if kind is None:
        raise ConfigError(
            f"Invalid value: '{body['type']}'. Supported values are: {', '.join(sorted(CLIENT_EVENTS))}.",
            param="type",
            code="invalid_event",
        )
    event: ClientEvent = convert(body, kind, root="")
    return event


def parse_server(body: dict[str, Any]) -> ServerEvent:
    """Return the typed view of a server event; `Unknown` for a type that is not listed.

    Raises
    ------
    ProtocolError
        When a listed event lacks a field that it must have.
    """
    kind = _SERVER_TYPES.get(body["type"])
    if kind is None:
        return Unknown(type=body["type"], body=body)
    try:
        event: ServerEvent = convert(body, kind, root="")
    except ConfigError as error:
        raise ProtocolError(f"the server's {body['type']} event is malformed: {error}") from None
    return event


def name_of(event: ClientEvent | ServerEvent) -> str:
    """Return the event's type as it stands on the wire."""
    return event.type if isinstance(event, Unknown) else str(event.__struct_config__.tag)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list | tuple) else value
