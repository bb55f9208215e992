"""The knobs as data: one `Control` for each field of `Wishes`, and what can be said of it in a given standing.

In: the desk's `Standing`.  Out: when a change would act, why a knob cannot be turned, what is in force where that is
something else, and what a chunk size costs.
Does not know: widgets, the words of the interface (it names their keys), how anything is sent.

When a field may change is OpenAI's session reference: the voice until the first audio of a reply, the speed between
turns only, the rest at any time. Formats can be updated too, but whether they can once audio has flowed is stated
nowhere, so they wait for a new connection. What acts on a whole reply (instructions, modality, tools) acts on the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from msgspec import UNSET

from voicelab.audio.formats import by_name
from voicelab.protocol import client_events as ce
from voicelab.protocol import wire
from voicelab.protocol.ids import Ids
from voicelab.protocol.settings import VoiceName
from voicelab.widgets.standing import Standing
from voicelab.widgets.wishes import (
    PATHS,
    ChunkMs,
    Detection,
    Eagerness,
    FormatName,
    Modality,
    Reduction,
    Wishes,
    changed,
    value_in,
)

Kind: TypeAlias = Literal["float", "int", "menu", "text", "switch"]
Acts: TypeAlias = Literal["now", "next_turn", "new_session"]


@dataclass(frozen=True)
class Control:
    """One knob.

    Parameters
    ----------
    name : str
        The field of `Wishes`; its label is the word ``NAME.label``, of a choice ``NAME.CHOICE``.
    kind : {"float", "int", "menu", "text", "switch"}
    usually_acts : {"now", "next_turn", "new_session"}
        When a change acts; see `acts` for the exceptions.
    low, high, step : float
        The useful range of a slider. What a session can have beyond it is shown, and can be typed.
    least, most : float
        What a session can have, as OpenAI's session reference says it (where it says nothing, as this project does).
    choices : tuple
        Of a menu.
    unit : str
        Behind the number; empty for a share.
    only_with : tuple of str
        The detections that have this field; empty: it belongs to none.
    in_front : bool
        Always in sight, even where the chosen detection does not have it.
    """

    name: str
    kind: Kind
    usually_acts: Acts
    low: float = 0
    high: float = 0
    step: float = 0
    least: float = 0
    most: float = 0
    choices: tuple[Any, ...] = ()
    unit: str = ""
    only_with: tuple[Detection, ...] = ()
    in_front: bool = False

    @property
    def path(self) -> str:
        """Where it stands in the GA session object; empty for what is this client's own affair."""
        return PATHS.get(self.name, "")

    @property
    def label(self) -> str:
        """The key of its label."""
        return f"{self.name}.label"


_SERVER: tuple[Detection, ...] = ("server_vad",)
_SEMANTIC: tuple[Detection, ...] = ("semantic_vad",)
_EITHER: tuple[Detection, ...] = ("server_vad", "semantic_vad")

#: Every knob by its name, in the order in which they are shown.
CONTROLS: Mapping[str, Control] = {
    control.name: control
    for control in (
        Control("detection", "menu", "now", choices=get_args(Detection), in_front=True),
        Control("threshold", "float", "now", 0, 1, 0.01, 0, 1, only_with=_SERVER, in_front=True),
        Control("silence_ms", "int", "now", 100, 2_000, 20, 0, 10_000, unit="ms", only_with=_SERVER, in_front=True),
        Control("eagerness", "menu", "now", choices=get_args(Eagerness), only_with=_SEMANTIC, in_front=True),
        # It moves where the audio of a turn begins: a turn that has begun keeps its beginning.
        Control("prefix_padding_ms", "int", "next_turn", 0, 1_000, 20, 0, 10_000, unit="ms", only_with=_SERVER),
        Control(
            "idle_timeout_ms",
            "menu",
            "next_turn",
            choices=(None, 5_000, 10_000, 20_000, 30_000),
            unit="ms",
            only_with=_SERVER,
        ),
        Control("create_response", "switch", "now", only_with=_EITHER),
        Control("interrupt_response", "switch", "now", only_with=_EITHER),
        Control("voice", "menu", "next_turn", choices=get_args(VoiceName)),
        Control("speed", "float", "next_turn", 0.25, 1.5, 0.05, 0.25, 1.5, unit="×"),
        Control("modality", "menu", "next_turn", choices=get_args(Modality)),
        Control("instructions", "text", "next_turn"),
        Control("tools", "switch", "next_turn"),
        Control("noise_reduction", "menu", "now", choices=get_args(Reduction)),
        Control("input_format", "menu", "new_session", choices=get_args(FormatName)),
        Control("output_format", "menu", "new_session", choices=get_args(FormatName)),
        Control("chunk_ms", "menu", "now", choices=get_args(ChunkMs), unit="ms"),
    )
}

# Of a reply in text, nothing is spoken.
_SPOKEN = ("voice", "speed", "output_format")


def acts(control: Control, standing: Standing) -> Acts:
    """Return when a change of this knob acts in the session that runs, or in the next one once it has begun."""
    if control.name == "voice" and standing.agent_spoke:
        return "new_session"
    return control.usually_acts


def waiting(before: Wishes, after: Wishes, standing: Standing) -> tuple[str, ...]:
    """Return the changed fields that a running session cannot take any more: they wait for a new connection."""
    return tuple(name for name in changed(before, after) if acts(CONTROLS[name], standing) == "new_session")


def is_shown(control: Control, wishes: Wishes) -> bool:
    """Return whether the knob is in sight: one of another detection is not, unless it stands in front."""
    return control.in_front or not control.only_with or wishes.detection in control.only_with


def blocked(control: Control, standing: Standing) -> str | None:
    """Return the key of the reason why the knob cannot be turned; None when it can.

    Parameters
    ----------
    control : Control
    standing : Standing
        The reason may lie in what is chosen, or in what the target can do.
    """
    if control.only_with and standing.wishes.detection not in control.only_with:
        return f"blocked.only_with.{control.only_with[0] if len(control.only_with) == 1 else 'detection'}"
    if control.name in _SPOKEN and standing.wishes.modality == "text":
        return "blocked.text"
    if control.name == "tools" and standing.target == "local" and standing.reply == "mirror":
        return "blocked.mirror"
    return None


def in_force_value(control: Control, in_force: Mapping[str, Any]) -> Any:
    """Return what a session object says of this knob, in the words of `Wishes`; ``UNSET`` where it does not say."""
    return value_in(in_force, control.name)


def differs(control: Control, standing: Standing) -> Any:
    """Return what is in force where it is not what is asked for; ``UNSET`` where both agree or nothing is known."""
    there = in_force_value(control, standing.in_force)
    asked = getattr(standing.wishes, control.name)
    if there is UNSET or _same(asked, there):
        return UNSET
    # Without instructions nothing is asked for: the server's own are no contradiction.
    return UNSET if control.name == "instructions" and not asked else there


def _same(asked: Any, there: Any) -> bool:
    if isinstance(asked, float) and isinstance(there, int | float):
        return math.isclose(asked, there, rel_tol=1e-6)  # some servers keep single precision
    return bool(asked == there)


@dataclass(frozen=True)
class ChunkCost:
    """What a chunk size costs.

    Parameters
    ----------
    events_per_s : float
    later_ms : int
        How much later the first sample of a chunk leaves than in the smallest one, at worst.
    overhead : float
        Bytes on the wire beyond the sound itself, as a share of the sound.
    """

    events_per_s: float
    later_ms: int
    overhead: float


def chunk_cost(chunk_ms: int, input_format: str) -> ChunkCost:
    """Return what it costs to send so much sound in one event, from the very JSON that is sent.

    Parameters
    ----------
    chunk_ms : int
    input_format : str
        ``pcm``, ``pcmu`` or ``pcma``: the same JSON around fewer bytes weighs more.
    """
    n_bytes = chunk_ms * by_name(input_format).bytes_per_ms
    event = ce.InputAudioAppend(audio=bytes(n_bytes), event_id=Ids(seed=0).new("event"))
    return ChunkCost(
        events_per_s=1000 / chunk_ms,
        later_ms=chunk_ms - min(get_args(ChunkMs)),
        overhead=len(wire.encode(event)) / n_bytes - 1,
    )
