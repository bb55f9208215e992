"""The official package's models of the beta's events: the judge of what the beta dialect puts on the wire."""

from __future__ import annotations

from typing import Any, get_args

from openai.types.beta.realtime import RealtimeClientEvent, RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter


def _by_type(union: Any) -> dict[str, type[BaseModel]]:
    kinds = get_args(get_args(union)[0])
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in kinds}


BETA_MODELS = {**_by_type(RealtimeServerEvent), **_by_type(RealtimeClientEvent)}


def check_beta(body: dict[str, Any]) -> None:
    """Fail where an event is not what the official package's beta types hold; it must be an event they list."""
    if body["type"] == "transcription_session.created":
        body = {**body, "type": "transcription_session.updated"}  # the package lists the event of an update only
    if body["type"] == "transcription_session.updated":
        # Required by the type, though its own words say that it comes only in the answer of the HTTP route.
        body = {**body, "session": {**body["session"], "client_secret": {"value": "ek_1", "expires_at": 1}}}
    TypeAdapter(BETA_MODELS[body["type"]]).validate_python(body)
