"""Events as a run keeps them: without the base64 audio in the parts of their items, which would be megabytes of text.

In: an event's body.  Out: the same body, the audio of parts replaced by its length.
Does not know: which event it is. Audio that has a place on a track is replaced by that place elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def without_audio(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event without the audio of its ``item``, and of the items in its ``response.input``."""
    short = dict(body)
    if "item" in short:
        short["item"] = _item(short["item"])
    response = short.get("response")
    if isinstance(response, Mapping) and isinstance(response.get("input"), list):
        short["response"] = {**response, "input": [_item(item) for item in response["input"]]}
    return short


def _item(item: Any) -> Any:
    if not isinstance(item, Mapping) or not isinstance(item.get("content"), list):
        return item
    return {**item, "content": [_part(part) for part in item["content"]]}


def _part(part: Any) -> Any:
    if not isinstance(part, Mapping) or part.get("audio") is None:
        return part
    sound = part["audio"]
    return {**part, "audio": {"left_out_base64": len(sound) if isinstance(sound, str) else 0}}
