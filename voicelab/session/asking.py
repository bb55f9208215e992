"""What a person asks for, as the ``session`` and ``response`` objects that the protocol sends.

In: keyword arguments with short names.  Out: plain JSON values for a session, `ResponseParams` for one response.
Does not know: what is in force, or what a server can do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypedDict

from msgspec import UNSET, UnsetType

from voicelab.audio.formats import by_name
from voicelab.protocol.items import Item
from voicelab.protocol.settings import (
    ItemReference,
    MaxTokens,
    ResponseParams,
    SemanticVAD,
    ServerVAD,
    SessionConfig,
    ToolChoice,
    TranscriptionConfig,
    convert,
    merge,
    to_plain,
    update,
)
from voicelab.session.tools import Tool, as_tools

TRANSCRIPTION_MODEL = "gpt-4o-mini-transcribe"
FIRST_ASK: dict[str, Any] = {
    # Partial detection objects reset the rest to touchy defaults on hosted services: always whole.
    "audio": {"input": {"turn_detection": to_plain(ServerVAD()), "transcription": {"model": TRANSCRIPTION_MODEL}}}
}


def ask_for(
    *,
    voice: str | None = None,
    speed: float | None = None,
    instructions: str | None = None,
    turn_detection: ServerVAD | SemanticVAD | UnsetType | None = UNSET,
    input_format: str | None = None,
    output_format: str | None = None,
    transcription: str | UnsetType | None = UNSET,
    modality: str | None = None,
    tools: Iterable[Tool] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the partial session object for some settings; what is left out is not asked for.

    Parameters
    ----------
    voice : str, optional
        One of the ten voice names.
    speed : float, optional
        0.25 to 1.5.
    instructions : str, optional
    turn_detection : ServerVAD or None, optional
        None switches detection off: the client commits.
    input_format, output_format : str, optional
        ``pcm``, ``pcmu`` or ``pcma``.
    transcription : str or None, optional
        Transcription model, None for no transcription.
    modality : {"audio", "text"}, optional
    tools : iterable of Tool, optional
    settings : mapping, optional
        Any part of a GA session object; goes over the rest.

    Raises
    ------
    ConfigError
        A value is out of range, with its path; nothing was sent.
    """
    audio_in: dict[str, Any] = {}
    audio_out: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    if turn_detection is not UNSET:
        audio_in["turn_detection"] = None if turn_detection is None else to_plain(turn_detection)
    if transcription is not UNSET:
        audio_in["transcription"] = None if transcription is None else {"model": transcription}
    if input_format is not None:
        audio_in["format"] = by_name(input_format).to_wire()
    if output_format is not None:
        audio_out["format"] = by_name(output_format).to_wire()
    if voice is not None:
        audio_out["voice"] = voice
    if speed is not None:
        audio_out["speed"] = speed
    if audio_in or audio_out:
        asked["audio"] = {k: v for k, v in (("input", audio_in), ("output", audio_out)) if v}
    if instructions is not None:
        asked["instructions"] = instructions
    if modality is not None:
        asked["output_modalities"] = [modality]
    if tools is not None:
        asked["tools"] = [tool.declaration() for tool in tools]
    asked = merge(asked, dict(settings or {}))
    # A wrong value is told here, before anything is sent.
    if asked.get("type") == "transcription":
        update(TranscriptionConfig(), asked)
    else:
        update(SessionConfig(), asked)
    return asked


class ResponseOptions(TypedDict, total=False):
    """What can be different for one response; what is left out is as in the session.

    Parameters
    ----------
    instructions : str
    input : iterable of items
        What is answered instead of the conversation: items, references to items of the conversation
        (`ItemReference`), or the same as plain dicts; an empty one for no context at all.
    modality : {"audio", "text"}
    voice : str
    tools : iterable of Tool or callable
        What can be called instead of the session's tools.
    tool_choice : str or mapping
        ``auto``, ``none``, ``required``, or ``{"type": "function", "name": ...}``.
    max_output_tokens : int or "inf"
    metadata : mapping of str to str
        Comes back with the response.
    """

    instructions: str
    input: Iterable[Item | ItemReference | Mapping[str, Any]]
    modality: Literal["audio", "text"]
    voice: str
    tools: Iterable[Tool | Callable[..., Any]]
    tool_choice: ToolChoice | Mapping[str, Any]
    max_output_tokens: MaxTokens
    metadata: Mapping[str, str]


def response_params(options: ResponseOptions) -> tuple[ResponseParams | None, tuple[Tool, ...]]:
    """Return the ``response`` object for some options (None for none), and the functions that it may call.

    Raises
    ------
    ConfigError
        A value is wrong, or there is no such option, with its path; nothing was sent.
    """
    asked: dict[str, Any] = dict(options)
    tools = tuple(as_tools(asked.pop("tools")).values()) if "tools" in asked else ()
    if "tools" in options:
        asked["tools"] = [tool.declaration() for tool in tools]
    if "input" in asked:
        asked["input"] = [item if isinstance(item, Mapping) else to_plain(item) for item in asked["input"]]
    if "modality" in asked:
        asked["output_modalities"] = [asked.pop("modality")]
    if "voice" in asked:
        asked["audio"] = {"output": {"voice": asked.pop("voice")}}
    if not isinstance(asked.get("tool_choice", ""), str | Mapping):
        asked["tool_choice"] = to_plain(asked["tool_choice"])
    return (convert(asked, ResponseParams, root="response") if asked else None), tools
