"""What the embedded server cannot do, field by field, and why.

In: the ``session`` object of an update.  Out: the part that can be honoured, and one error for each field that cannot.
Does not know: what the rest means.  Nothing is ignored in silence: what is refused is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voicelab.errors import ConfigError

NO_MCP = "the embedded server calls no tool servers (MCP): declare functions"
NO_PROMPTS = "the embedded server stores no prompts: send instructions"
NO_REASONING = "the embedded server answers by rules and does not reason"
NO_VOICES = "the embedded server has no custom voices: name one of the ten"
NO_PROMPTED_EARS = "the embedded recogniser takes no hints"

_Refused = Callable[[Any], bool]


def _is_given(value: Any) -> bool:
    return value is not None


def _is_mcp(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") == "mcp"


def _is_not_english(value: Any) -> bool:
    return isinstance(value, str) and value.lower().split("-")[0] not in ("en", "")


# Path of a field, which of its values are refused, and the reason.
_CANNOT: tuple[tuple[str, _Refused, str], ...] = (
    (
        "audio.input.noise_reduction.strength",
        lambda v: isinstance(v, int | float) and v > 1,
        "the embedded server's noise reduction goes from 0 to 1",
    ),
    (
        "audio.input.transcription.model",
        lambda v: v == "gpt-4o-transcribe-diarize",
        "the embedded recogniser cannot tell speakers apart: name another transcription model",
    ),
    (
        "audio.input.transcription.language",
        _is_not_english,
        "the embedded recogniser knows English only",
    ),
    ("audio.input.transcription.prompt", _is_given, NO_PROMPTED_EARS),
    ("audio.input.transcription.keywords", _is_given, NO_PROMPTED_EARS),
    ("audio.input.transcription.languages", _is_given, "the embedded recogniser knows English only"),
    ("audio.input.transcription.delay", _is_given, "the embedded recogniser has one delay only"),
    ("audio.output.voice", lambda v: isinstance(v, Mapping), NO_VOICES),
    ("tool_choice", _is_mcp, NO_MCP),
    ("include", lambda v: bool(v), "the embedded recogniser gives no log probabilities"),
    ("prompt", _is_given, NO_PROMPTS),
    ("reasoning", _is_given, NO_REASONING),
)


#: Every path that may be refused.
REFUSED_PATHS = tuple(path for path, _, _ in _CANNOT)


def split_update(change: Mapping[str, Any]) -> tuple[dict[str, Any], list[ConfigError]]:
    """Part an update into what can be honoured and the refusals of the rest."""
    allowed: dict[str, Any] = _copy(change)
    refusals = [_refusal(path, reason) for path, refused, reason in _CANNOT if _take_out(allowed, path, refused)]
    tools = allowed.get("tools")
    if isinstance(tools, list):
        refusals += [_refusal(f"tools[{index}]", NO_MCP) for index, tool in enumerate(tools) if _is_mcp(tool)]
        allowed["tools"] = [tool for tool in tools if not _is_mcp(tool)]
    return allowed, refusals


def _take_out(whole: dict[str, Any], path: str, refused: _Refused) -> bool:
    *parents, name = path.split(".")
    holder: Any = whole
    for key in parents:
        holder = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(holder, dict) and name in holder and refused(holder[name]):
        del holder[name]
        return True
    return False


def _refusal(path: str, reason: str) -> ConfigError:
    return ConfigError(f"session.{path}: {reason}.", param=f"session.{path}", code="unsupported")


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    return value
