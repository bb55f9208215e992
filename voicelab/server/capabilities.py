"""What the embedded server cannot do, field by field, and why.

In: the ``session`` object of an update.  Out: the part that can be honoured, and one error for each field that cannot.
Does not know: what the rest means.  Nothing is ignored in silence: what is refused is said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voicelab.errors import ConfigError

_Refused = Callable[[Any], bool]

# Path of a field, which of its values are refused, and the reason.
_CANNOT: tuple[tuple[str, _Refused, str], ...] = (
    (
        "audio.input.turn_detection",
        lambda v: isinstance(v, Mapping) and v.get("type") == "semantic_vad",
        "the embedded server ends turns by silence only so far: use server_vad",
    ),
    (
        "audio.input.turn_detection.idle_timeout_ms",
        lambda v: v is not None,
        "the embedded server has no idle timeout so far",
    ),
    (
        "audio.input.noise_reduction",
        lambda v: v is not None,
        "the embedded server has no noise reduction so far",
    ),
    (
        "audio.output.voice",
        lambda v: isinstance(v, Mapping),
        "the embedded server has no custom voices: name one of the ten",
    ),
    (
        "truncation",
        lambda v: v != "auto",
        "the embedded server has no context limit, so there is nothing to truncate",
    ),
    ("prompt", lambda v: v is not None, "the embedded server stores no prompts: send instructions"),
    ("reasoning", lambda v: v is not None, "the embedded server answers by rules and does not reason"),
)


def split_update(change: Mapping[str, Any]) -> tuple[dict[str, Any], list[ConfigError]]:
    """Part an update into what can be honoured and the refusals of the rest."""
    allowed: dict[str, Any] = _copy(change)
    refusals = []
    for path, refused, reason in _CANNOT:
        *parents, name = path.split(".")
        holder: Any = allowed
        for key in parents:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and name in holder and refused(holder[name]):
            del holder[name]
            refusals.append(ConfigError(f"session.{path}: {reason}.", param=f"session.{path}", code="unsupported"))
    return allowed, refusals


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(inner) for key, inner in value.items()}
    return value
