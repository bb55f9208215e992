"""What the knobs ask for: one flat, frozen value, and its ways to a session object and to a change.

In: plain values, one a knob; or the session object that a server says is in force.  Out: `Wishes`, the partial GA
session object for them, and the difference between two of them.
Does not know: widgets, sessions, when a change acts (``controls``), or what a server makes of it.

A `Wishes` that exists can be sent: ranges and words are checked by ``protocol.settings`` when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from msgspec import UNSET

from voicelab.audio.formats import by_name
from voicelab.errors import ConfigError
from voicelab.protocol.settings import ServerVAD, SessionConfig, convert, update
from voicelab.session.tools import Tool

Detection: TypeAlias = Literal["none", "server_vad", "semantic_vad"]
Eagerness: TypeAlias = Literal["auto", "low", "medium", "high"]
FormatName: TypeAlias = Literal["pcm", "pcmu", "pcma"]
ChunkMs: TypeAlias = Literal[20, 40, 60, 80, 100]
Reduction: TypeAlias = Literal["none", "near_field", "far_field"]
Modality: TypeAlias = Literal["audio", "text"]

_DETECTION = "audio.input.turn_detection"
#: Where each field stands in the GA session object; what is not in it belongs to this client.
PATHS: Mapping[str, str] = {
    "detection": f"{_DETECTION}.type",
    "threshold": f"{_DETECTION}.threshold",
    "silence_ms": f"{_DETECTION}.silence_duration_ms",
    "prefix_padding_ms": f"{_DETECTION}.prefix_padding_ms",
    "idle_timeout_ms": f"{_DETECTION}.idle_timeout_ms",
    "eagerness": f"{_DETECTION}.eagerness",
    "create_response": f"{_DETECTION}.create_response",
    "interrupt_response": f"{_DETECTION}.interrupt_response",
    "voice": "audio.output.voice",
    "speed": "audio.output.speed",
    "input_format": "audio.input.format.type",
    "output_format": "audio.output.format.type",
    "instructions": "instructions",
    "noise_reduction": "audio.input.noise_reduction.type",
    "modality": "output_modalities",
    "tools": "tools",
}


@dataclass(frozen=True)
class Wishes:
    """Everything that the knobs can ask for.

    Parameters
    ----------
    detection : {"none", "server_vad", "semantic_vad"}
        Who ends the user's turn: the client, silence, or the sense of what was said.
    threshold, silence_ms, prefix_padding_ms, idle_timeout_ms
        Of ``server_vad``; kept, but not asked for, under another detection. See `ServerVAD`.
    eagerness : {"auto", "low", "medium", "high"}
        Of ``semantic_vad``. See `SemanticVAD`.
    create_response, interrupt_response : bool
        Of either detection.
    voice : str
        One of the ten voice names.
    speed : float
        0.25 to 1.5.
    input_format, output_format : {"pcm", "pcmu", "pcma"}
    chunk_ms : {20, 40, 60, 80, 100}
        Sound in one append; this client's own affair, never in a session object.
    instructions : str
        Empty: nothing is asked, and the server's own words hold.
    noise_reduction : {"none", "near_field", "far_field"}
    modality : {"audio", "text"}
    tools : bool
        Whether functions may be called.

    Raises
    ------
    ConfigError
        A value that no session can have, with its path.
    """

    detection: Detection = "server_vad"
    threshold: float = 0.5
    silence_ms: int = 500
    prefix_padding_ms: int = 300
    idle_timeout_ms: int | None = None
    eagerness: Eagerness = "auto"
    create_response: bool = True
    interrupt_response: bool = True
    voice: str = "alloy"
    speed: float = 1.0
    input_format: FormatName = "pcm"
    output_format: FormatName = "pcm"
    chunk_ms: ChunkMs = 20
    instructions: str = ""
    noise_reduction: Reduction = "none"
    modality: Modality = "audio"
    tools: bool = False

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            _check_choice(name, getattr(self, name), choices)
        _check_kind("voice", self.voice, str)  # a session could have a custom voice, no knob has
        _check_kind("tools", self.tools, bool)
        # Checked whatever detection is chosen, so that changing over to it cannot fail later.
        convert(_server_vad(self), ServerVAD, root=f"session.{_DETECTION}")
        update(SessionConfig(), self.to_session())

    @classmethod
    def from_session(cls, in_force: Mapping[str, Any], otherwise: Wishes | None = None) -> Wishes:
        """Return the wishes that a session object fulfils.

        Parameters
        ----------
        in_force : mapping
            A GA session object, whole or partial.
        otherwise : Wishes, optional
            Holds where the session says nothing, or has a value that no knob has (such as a custom voice).
        """
        wishes = otherwise or cls()
        for name in PATHS:
            value = value_in(in_force, name)
            if value is not UNSET and is_possible(name, value):
                wishes = replace(wishes, **{name: value})
        return wishes

    def to_session(self, tools: Sequence[Tool] = ()) -> dict[str, Any]:
        """Return the partial GA session object that asks for all of it; the detection is always whole.

        Parameters
        ----------
        tools : sequence of Tool
            What is declared where ``tools`` is on.
        """
        asked: dict[str, Any] = {
            "output_modalities": [self.modality],
            "audio": {
                "input": {
                    "format": by_name(self.input_format).to_wire(),
                    "noise_reduction": None if self.noise_reduction == "none" else {"type": self.noise_reduction},
                    "turn_detection": detection_of(self),
                },
                "output": {
                    "format": by_name(self.output_format).to_wire(),
                    "voice": self.voice,
                    "speed": self.speed,
                },
            },
            "tools": [tool.declaration() for tool in tools] if self.tools else [],
        }
        if self.instructions:
            asked["instructions"] = self.instructions
        return asked


def value_in(session: Mapping[str, Any], name: str) -> Any:
    """Return what a session object says of a field, in the words of `Wishes`; ``UNSET`` where it does not say.

    Parameters
    ----------
    session : mapping
        A GA session object, whole or partial.
    name : str
        A field of `Wishes`.
    """
    if name not in PATHS:
        return UNSET
    here: Any = session
    for key in PATHS[name].split("."):
        if here is None and key == "type" and name in ("detection", "noise_reduction"):
            return "none"  # null switches off the one and the other
        if not isinstance(here, Mapping) or key not in here:
            return UNSET
        here = here[key]
    if name in ("input_format", "output_format"):
        return str(here).removeprefix("audio/")
    if name == "tools":
        return bool(here)
    if name == "modality":
        return here[0] if isinstance(here, list | tuple) and here else UNSET
    return here


def is_possible(name: str, value: Any) -> bool:
    """Return whether a field of `Wishes` can have the value."""
    try:
        Wishes(**{name: value})
    except ConfigError:
        return False
    return True


def changed(before: Wishes, after: Wishes) -> tuple[str, ...]:
    """Return the names of the fields that differ, in the order of `Wishes`."""
    return tuple(f.name for f in fields(Wishes) if getattr(before, f.name) != getattr(after, f.name))


def taken_over(wishes: Wishes, before: Mapping[str, Any], after: Mapping[str, Any]) -> Wishes:
    """Return the wishes with what another hand has changed in force.

    Parameters
    ----------
    wishes : Wishes
    before, after : mapping
        Two GA session objects. Where they say the same, the wishes stay, also those that are not in force.
    """
    was, told = Wishes.from_session(before, wishes), Wishes.from_session(after, wishes)
    return replace(wishes, **{name: getattr(told, name) for name in changed(was, told)})


def to_change(before: Wishes, after: Wishes, tools: Sequence[Tool] = ()) -> dict[str, Any]:
    """Return the partial session object that leads from one to the other.

    Parameters
    ----------
    before, after : Wishes
    tools : sequence of Tool
        What is declared where ``tools`` is on.

    Returns
    -------
    dict
        Empty where a session would not see the difference: in ``chunk_ms``, and in fields of a detection that is not
        chosen.
    """
    change = _difference(before.to_session(tools), after.to_session(tools))
    if before.instructions and not after.instructions:
        change["instructions"] = ""
    return change


def detection_of(wishes: Wishes) -> dict[str, Any] | None:
    """Return the whole detection object that the wishes ask for; None for no detection."""
    if wishes.detection == "none":
        return None
    return _server_vad(wishes) if wishes.detection == "server_vad" else _semantic_vad(wishes)


def _server_vad(wishes: Wishes) -> dict[str, Any]:
    return {
        "type": "server_vad",
        "threshold": wishes.threshold,
        "prefix_padding_ms": wishes.prefix_padding_ms,
        "silence_duration_ms": wishes.silence_ms,
        "idle_timeout_ms": wishes.idle_timeout_ms,
        "create_response": wishes.create_response,
        "interrupt_response": wishes.interrupt_response,
    }


def _semantic_vad(wishes: Wishes) -> dict[str, Any]:
    return {
        "type": "semantic_vad",
        "eagerness": wishes.eagerness,
        "create_response": wishes.create_response,
        "interrupt_response": wishes.interrupt_response,
    }


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of ``after`` is other than in ``before``; an object that has a kind is given whole."""
    different: dict[str, Any] = {}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping) and "type" not in value:
            if inner := _difference(old, value):
                different[key] = inner
        elif key not in before or old != value:
            different[key] = value
    return different


def _check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        path = f"session.{PATHS[name]}" if name in PATHS else name
        raise ConfigError(
            f"{path}: invalid value {value!r}. Supported values are: {', '.join(map(str, choices))}.", param=path
        )


def _check_kind(name: str, value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        path = f"session.{PATHS[name]}"
        raise ConfigError(f"{path}: expected `{kind.__name__}`, got {value!r}.", param=path, code="invalid_type")


#: The fields that are one of a few words (or numbers), and which.
_CHOICES: Mapping[str, tuple[Any, ...]] = {
    name: get_args(hint) for name, hint in get_type_hints(Wishes).items() if get_origin(hint) is Literal
}
