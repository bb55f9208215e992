"""The beta dialect of the Realtime protocol (``OpenAI-Beta: realtime=v1``), both ways between it and GA.

In: one event as plain JSON, of either dialect.  Out: what it is in the other one: mostly one event, sometimes none or
two. An event that both know by the same name, or that neither lists, passes through.
Does not know: sockets, or what events do.  The flat objects are `voicelab.protocol.beta_session`'s.
Source: the beta and GA event families in OpenAI's published API description; the hosted service has ended the beta.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voicelab.protocol.beta_session import (
    ASKED_FIELDS,
    RESPONSE_FIELDS,
    USUAL_TEMPERATURE,
    check_flat,
    flatten,
    nest,
    param_to_beta,
    param_to_ga,
)

_GA_TO_BETA = {
    f"response.output_{kind}.{step}": f"response.{kind}.{step}"
    for kind in ("text", "audio", "audio_transcript")
    for step in ("delta", "done")
}
_BETA_TO_GA = {beta: ga for ga, beta in _GA_TO_BETA.items()}
_ITEM_EVENTS = ("conversation.item.retrieved", "response.output_item.added", "response.output_item.done")
_TRANSCRIPTION_EVENTS = ("transcription_session.created", "transcription_session.updated")
# What an assistant says is called so inside an item; inside response.content_part.* both dialects agree.
_PARTS_TO_BETA = {"output_text": "text", "output_audio": "audio"}
_PARTS_TO_GA = {beta: ga for ga, beta in _PARTS_TO_BETA.items()}


class Beta:
    """One connection in the beta dialect.

    It remembers what the other shape cannot hold: the temperature that the client asked for, which items are still
    being written, and the names of called functions.

    Parameters
    ----------
    temperature : float
        What is echoed until the client asks for another; it changes nothing in the embedded server.
    """

    name: str = "beta"

    def __init__(self, temperature: float = USUAL_TEMPERATURE) -> None:
        self._temperature = temperature
        self._asked_temperature: float | None = None
        self._response_temperature: float | None = None
        self._being_written: dict[str, dict[str, Any]] = {}
        self._function_names: dict[str, Any] = {}

    # --- what the client says ---

    def client_to_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a GA client event as a beta service reads it."""
        match body:
            case {"type": "session.update", "session": dict() as session}:
                writes_down_only = session.get("type") == "transcription"
                kind = "transcription_session.update" if writes_down_only else "session.update"
                return [{**body, "type": kind, "session": flatten(_without(session, "type"))}]
            case {"type": "response.create", "response": dict() as response}:
                asked = flatten(response, ASKED_FIELDS)
                return [{**body, "response": _with_input(asked, _PARTS_TO_BETA)}]
            case {"type": "conversation.item.create", "item": item}:
                return [{**body, "item": _with_parts(item, _PARTS_TO_BETA)}]
        return [body]

    def client_from_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what a beta client sent as the GA client event that it means.

        Raises
        ------
        ConfigError
            A field of GA, a format or a temperature that the beta does not have; ``param`` is the beta's path.
        """
        match body:
            case {"type": "session.update", "session": dict() as session}:
                self._asked_temperature = check_flat(session, "session")
                return [{**body, "session": {"type": "realtime", **nest(session)}}]
            case {"type": "transcription_session.update", "session": dict() as session}:
                check_flat(session, "session")
                # Here modalities only said that there is no reply, which GA says by the type.
                nested = nest(_without(session, "modalities"))
                return [{**body, "type": "session.update", "session": {"type": "transcription", **nested}}]
            case {"type": "transcription_session.update"}:
                return [{**body, "type": "session.update"}]
            case {"type": "response.create", "response": dict() as response}:
                self._response_temperature = check_flat(response, "response")
                asked = nest(response, ASKED_FIELDS)
                return [{**body, "response": _with_input(asked, _PARTS_TO_GA)}]
            case {"type": "conversation.item.create", "item": item}:
                return [{**body, "item": _with_parts(item, _PARTS_TO_GA)}]
        return [body]

    # --- what the server says ---

    def server_to_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a GA server event as a beta client reads it; none where the beta has no such event."""
        match body:
            case {"type": "session.created" | "session.updated", "session": dict() as session}:
                return [self._session_to_beta(body, session)]
            case {"type": "conversation.item.added", "item": item}:
                item = _with_parts(item, _PARTS_TO_BETA)
                return [{**body, "type": "conversation.item.created", "item": item}]
            case {"type": "conversation.item.done"}:
                return []
            case {"type": "response.created" | "response.done", "response": dict() as response}:
                return [{**body, "response": self._response_to_beta(body["type"], response)}]
            case {"type": "response.function_call_arguments.done"}:
                return [_without(body, "name")]
            case {"type": "error", "error": dict() as error}:
                if str(error.get("param")).startswith("session"):
                    self._asked_temperature = None  # the update that asked for it was refused whole
                return [{**body, "error": _with_param(error, lambda param: param_to_beta(param, error.get("code")))}]
            case {"type": kind, "item": item} if kind in _ITEM_EVENTS:
                return [{**body, "item": _with_parts(item, _PARTS_TO_BETA)}]
        return [{**body, "type": _GA_TO_BETA.get(body["type"], body["type"])}]

    def server_from_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what a beta service sent as the GA server events that it means."""
        match body:
            case {"type": "session.created" | "session.updated", "session": dict() as session}:
                return [{**body, "session": {"type": "realtime", **nest(session)}}]
            case {
                "type": "transcription_session.created" | "transcription_session.updated",
                "session": dict() as session,
            }:
                kind = body["type"].removeprefix("transcription_")
                return [{**body, "type": kind, "session": {"type": "transcription", **nest(session)}}]
            case {"type": "conversation.item.created", "item": item}:
                return self._item_from_beta({**body, "item": _with_parts(item, _PARTS_TO_GA)})
            case {"type": "response.output_item.added" | "response.output_item.done", "item": item}:
                return self._output_item_from_beta({**body, "item": _with_parts(item, _PARTS_TO_GA)})
            case {"type": "conversation.item.retrieved", "item": item}:
                return [{**body, "item": _with_parts(item, _PARTS_TO_GA)}]
            case {"type": "conversation.item.deleted"}:
                self._being_written.pop(str(body.get("item_id")), None)
            case {"type": "response.created" | "response.done", "response": dict() as response}:
                response = nest(_with_output(response, _PARTS_TO_GA), RESPONSE_FIELDS)
                return [{**body, "response": response}]
            case {"type": "response.function_call_arguments.done"}:
                name = self._function_names.get(str(body.get("item_id")), "")
                return [{"name": name, **body}]
            case {"type": "error", "error": dict() as error}:
                return [{**body, "error": _with_param(error, param_to_ga)}]
        return [{**body, "type": _BETA_TO_GA.get(body["type"], body["type"])}]

    # --- what has to be remembered ---

    def _session_to_beta(self, body: dict[str, Any], session: dict[str, Any]) -> dict[str, Any]:
        flat = flatten(_without(session, "type"))
        if session.get("type") == "transcription":
            return {**body, "type": f"transcription_{body['type']}", "session": flat}
        if body["type"] == "session.updated" and self._asked_temperature is not None:
            self._temperature, self._asked_temperature = self._asked_temperature, None
        return {**body, "session": {**flat, "temperature": self._temperature}}

    def _response_to_beta(self, kind: str, response: dict[str, Any]) -> dict[str, Any]:
        temperature = self._temperature if self._response_temperature is None else self._response_temperature
        if kind == "response.done":
            self._response_temperature = None
        flat = flatten(_with_output(response, _PARTS_TO_BETA), RESPONSE_FIELDS)
        return {**flat, "temperature": temperature}

    def _item_from_beta(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Part ``created`` into ``added`` and ``done``; of an item that is being written, ``done`` follows later."""
        item = body["item"]
        added = {**body, "type": "conversation.item.added"}
        if isinstance(item, dict) and item.get("status") == "in_progress":
            self._being_written[str(item.get("id"))] = body
            return [added]
        return [added, _item_done(body, item)]

    def _output_item_from_beta(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        item = body["item"]
        if not isinstance(item, dict):
            return [body]
        item_id = str(item.get("id"))
        if body["type"] == "response.output_item.added":
            if "name" in item:
                self._function_names[item_id] = item["name"]
            return [body]
        self._function_names.pop(item_id, None)
        created = self._being_written.pop(item_id, None)
        return [body] if created is None else [body, _item_done(created, item)]


def _item_done(created: dict[str, Any], item: Any) -> dict[str, Any]:
    done = {**created, "type": "conversation.item.done", "item": item}
    if "event_id" in created:
        done["event_id"] = f"{created['event_id']}_done"  # the beta has one event for the two, with one id
    return done


def _with_parts(item: Any, names: Mapping[str, str]) -> Any:
    """Return an item with the other dialect's names for the parts of its content."""
    if not isinstance(item, dict) or not isinstance(item.get("content"), list):
        return item
    if names is _PARTS_TO_GA and item.get("role") != "assistant":
        return item
    return {**item, "content": [_renamed(part, names) for part in item["content"]]}


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    kind = part.get("type") if isinstance(part, dict) else None
    return {**part, "type": names[kind]} if isinstance(kind, str) and kind in names else part


def _with_input(response: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return _with_items(response, "input", names)


def _with_output(response: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return _with_items(response, "output", names)


def _with_items(response: dict[str, Any], field: str, names: Mapping[str, str]) -> dict[str, Any]:
    items = response.get(field)
    return {**response, field: [_with_parts(item, names) for item in items]} if isinstance(items, list) else response


def _with_param(error: dict[str, Any], rename: Callable[[str], str]) -> dict[str, Any]:
    """Return an error whose path, and whose words about the path, are those of the other dialect."""
    param, message = error.get("param"), error.get("message")
    if not isinstance(param, str) or (renamed := rename(param)) == param:
        return error
    if isinstance(message, str):
        message = message.replace(param, renamed)
    return {**error, "param": renamed, "message": message}


def _without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in names}
