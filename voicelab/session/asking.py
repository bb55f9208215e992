"""What a person asks for, as the partial ``session`` object that the protocol sends.

In: keyword arguments with short names.  Out: plain JSON values.
Does not know: what is in force, or what a server can do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET, UnsetType

from voicelab.audio.formats import by_name
from voicelab.protocol.settings import SemanticVAD, ServerVAD, SessionConfig, merge, to_plain, update
from voicelab.session.tools import Tool

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
    update(SessionConfig(), asked)  # a wrong value is told here, before anything is sent
    return asked
