"""The beta's flat ``session`` and ``response`` objects, and GA's nested ones: every field by both of its names.

In: a plain JSON object of one shape, or the path of a field.  Out: the same in the other shape; what is absent stays
absent, ``null`` stays ``null``, and a field that both call the same is left alone.
Does not know: events (``beta``), or which values are in range (``settings``).
Source: the two shapes of ``RealtimeSession*`` and ``RealtimeResponse*`` in OpenAI's published API description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicelab.errors import ConfigError

LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.6, 1.2
USUAL_TEMPERATURE = 0.8

# Beta's name, and where GA keeps the same.
SESSION_FIELDS = {
    "modalities": "output_modalities",
    "voice": "audio.output.voice",
    "speed": "audio.output.speed",
    "output_audio_format": "audio.output.format",
    "input_audio_format": "audio.input.format",
    "input_audio_transcription": "audio.input.transcription",
    "input_audio_noise_reduction": "audio.input.noise_reduction",
    "turn_detection": "audio.input.turn_detection",
    "max_response_output_tokens": "max_output_tokens",
}
ASKED_FIELDS = {
    name: SESSION_FIELDS[name] for name in ("modalities", "voice", "output_audio_format", "max_response_output_tokens")
}
# The response object of the server calls its limit as GA does.
RESPONSE_FIELDS = {name: SESSION_FIELDS[name] for name in ("modalities", "voice", "output_audio_format")}

_FORMATS: dict[str, dict[str, Any]] = {
    "pcm16": {"type": "audio/pcm", "rate": 24000},
    "g711_ulaw": {"type": "audio/pcmu"},
    "g711_alaw": {"type": "audio/pcma"},
}
_FORMAT_NAMES = {str(wire["type"]): name for name, wire in _FORMATS.items()}
_GA_ROOTS = {path.partition(".")[0] for path in SESSION_FIELDS.values()}


def nest(flat: Mapping[str, Any], fields: Mapping[str, str] = SESSION_FIELDS) -> dict[str, Any]:
    """Return a beta object in GA's shape.

    Parameters
    ----------
    flat : mapping
        Plain JSON values.
    fields : mapping of str to str
        `SESSION_FIELDS` for a session, `ASKED_FIELDS` for ``response.create``, `RESPONSE_FIELDS` for a response.
    """
    nested = {key: value for key, value in flat.items() if key not in fields and key != "temperature"}
    for name, path in fields.items():
        if name in flat:
            _put(nested, path.split("."), _to_ga(name, flat[name]))
    return nested


def flatten(nested: Mapping[str, Any], fields: Mapping[str, str] = SESSION_FIELDS) -> dict[str, Any]:
    """Return a GA object in the beta's shape; see `nest`."""
    flat = _copy(nested)
    for name, path in fields.items():
        *parents, leaf = path.split(".")
        holder = flat
        for key in parents:
            inner = holder.get(key)
            holder = inner if isinstance(inner, dict) else {}
        if leaf in holder:
            flat[name] = _to_beta(name, holder.pop(leaf))
    return _without_empty_audio(flat)


def check_flat(flat: Mapping[str, Any], root: str) -> float | None:
    """Refuse what a beta object cannot hold; return the temperature that it asks for.

    Parameters
    ----------
    flat : mapping
        The ``session`` of an update or the ``response`` of a ``response.create``.
    root : {"session", "response"}
        What the path in an error begins with.

    Raises
    ------
    ConfigError
        A field of GA (the error tells the beta's name), a format that does not exist, a temperature out of range.
    """
    # The first clients of the beta wrote max_output_tokens into response.create, as its examples did.
    foreign = {"type", *_GA_ROOTS} - ({"max_output_tokens", "type"} if root == "response" else set())
    for name in sorted(foreign & flat.keys()):
        raise ConfigError(
            f"Unknown parameter: '{root}.{name}'. {hint_for_beta(name)}",
            param=f"{root}.{name}",
            code="unknown_parameter",
        )
    for name in ("input_audio_format", "output_audio_format"):
        value = flat.get(name)
        if value is not None and not (isinstance(value, str) and value in _FORMATS):
            raise ConfigError(
                f"Invalid value: {value!r}. Supported values are: {', '.join(_FORMATS)}.", param=f"{root}.{name}"
            )
    return _temperature(flat.get("temperature"), f"{root}.temperature")


def param_to_beta(param: str, code: str | None = None) -> str:
    """Return the path of a GA field (``session.audio.output.voice``) as a beta client knows it (``session.voice``).

    Parameters
    ----------
    param : str
        As in ``error.param``.
    code : str, optional
        As in ``error.code``. GA knows all of its fields: one that is an ``unknown_parameter`` was refused by
        `check_flat` because a beta client used GA's name, and keeps it.
    """
    root, dot, path = param.partition(".")
    for name, ga_path in _fields_of(root).items():
        rest = _below(path, ga_path)
        if rest is not None and (rest or code != "unknown_parameter"):
            return f"{root}.{name}{rest}"
    return f"{root}{dot}{path}"


def param_to_ga(param: str) -> str:
    """Return the path of a beta field as GA calls it."""
    root, dot, path = param.partition(".")
    for name, ga_path in _fields_of(root).items():
        if (rest := _below(path, name)) is not None:
            return f"{root}.{ga_path}{rest}"
    return f"{root}{dot}{path}"


def hint(field: str) -> str | None:
    """Return one sentence with GA's name of a field of the beta, for who uses it in a GA session; None for others.

    Parameters
    ----------
    field : str
        A name or a path, with or without ``session.`` or ``response.`` before it; or an event's type.
    """
    if field.startswith("transcription_session."):
        return f"'{field}' is the beta's: in GA send 'session.update' with session.type 'transcription'."
    path = field.removeprefix("session.").removeprefix("response.")
    if path == "temperature":
        return "'temperature' is the beta's: GA has none."
    for name, ga_path in (ASKED_FIELDS if field.startswith("response.") else SESSION_FIELDS).items():
        if _below(path, name) is not None:
            return f"'{name}' is the beta's name: in GA it is '{ga_path}'."
    return None


def hint_for_beta(field: str) -> str | None:
    """Return one sentence with the beta's name of a field of GA; see `hint`."""
    path = field.removeprefix("session.").removeprefix("response.")
    if path == "type":
        return "'type' is GA's: a beta session has none, and 'transcription_session.update' is an event of its own."
    for name, ga_path in (ASKED_FIELDS if field.startswith("response.") else SESSION_FIELDS).items():
        if _below(path, ga_path) is not None:
            return f"'{ga_path}' is GA's name: in a beta session it is '{name}'."
    if path in ("audio", "audio.input", "audio.output"):
        flat = [name for name, ga_path in SESSION_FIELDS.items() if ga_path.startswith(f"{path}.")]
        return f"'{path}' is GA's name: in a beta session its fields lie flat: {', '.join(flat)}."
    return None


def _fields_of(root: str) -> Mapping[str, str]:
    return {"session": SESSION_FIELDS, "response": ASKED_FIELDS}.get(root, {})


def _below(path: str, field: str) -> str | None:
    """Return what stands behind ``field`` in ``path``; None when the path does not lead there."""
    rest = path[len(field) :]
    return rest if path.startswith(field) and (not rest or rest[0] in ".[") else None


def _temperature(value: Any, param: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"{param}: expected a number, got {value!r}.", param=param, code="invalid_type")
    if not LEAST_TEMPERATURE <= value <= MOST_TEMPERATURE:
        raise ConfigError(f"{param}: {value:g} is not between {LEAST_TEMPERATURE} and {MOST_TEMPERATURE}.", param=param)
    return float(value)


def _to_ga(name: str, value: Any) -> Any:
    """Return a value of the beta as GA writes it; what cannot be read stays as it is, for GA's own checks to refuse."""
    if name == "modalities" and isinstance(value, list | tuple) and "audio" in value and "text" in value:
        return ["audio"]  # GA has a transcript beside every sound, and names only the sound
    if name.endswith("_format") and isinstance(value, str) and value in _FORMATS:
        return dict(_FORMATS[value])
    return value


def _to_beta(name: str, value: Any) -> Any:
    if name == "modalities" and isinstance(value, list | tuple) and list(value) == ["audio"]:
        return ["audio", "text"]
    if name.endswith("_format") and isinstance(value, Mapping):
        kind = value.get("type")
        return _FORMAT_NAMES.get(kind, value) if isinstance(kind, str) else value
    return value


def _put(nested: dict[str, Any], path: list[str], value: Any) -> None:
    *parents, leaf = path
    for key in parents:
        inner = nested.get(key)
        nested[key] = nested = dict(inner) if isinstance(inner, Mapping) else {}
    nested[leaf] = value


def _without_empty_audio(flat: dict[str, Any]) -> dict[str, Any]:
    """Leave out the ``audio`` object where all of its fields found their flat names."""
    audio = flat.get("audio")
    if isinstance(audio, dict):
        audio = {key: value for key, value in audio.items() if value != {}}
    if audio or "audio" not in flat:
        return {**flat, "audio": audio} if audio else flat
    return {key: value for key, value in flat.items() if key != "audio"}


def _copy(value: Any) -> Any:
    return {key: _copy(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value
