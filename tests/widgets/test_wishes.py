"""What the knobs ask for: the session object, the difference, and the code all ask for the same."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

import voicelab as vl
from voicelab.errors import ConfigError
from voicelab.experiments.script import DEMO_TOOLS
from voicelab.protocol.settings import SessionConfig, VoiceName, merge, to_plain, update
from voicelab.session.asking import FIRST_ASK, ask_for
from voicelab.session.tools import as_tools
from voicelab.widgets.wishes import Wishes, changed, to_change, value_in
from voicelab.widgets.wishes_code import as_code

TOOLS = tuple(DEMO_TOOLS.values())

wishes_of_any_kind = st.builds(
    Wishes,
    detection=st.sampled_from(["none", "server_vad", "semantic_vad"]),
    threshold=st.floats(0, 1),
    silence_ms=st.integers(0, 10_000),
    prefix_padding_ms=st.integers(0, 10_000),
    idle_timeout_ms=st.none() | st.integers(5_000, 30_000),
    eagerness=st.sampled_from(["auto", "low", "medium", "high"]),
    create_response=st.booleans(),
    interrupt_response=st.booleans(),
    voice=st.sampled_from(get_args(VoiceName)),
    speed=st.floats(0.25, 1.5),
    input_format=st.sampled_from(["pcm", "pcmu", "pcma"]),
    output_format=st.sampled_from(["pcm", "pcmu", "pcma"]),
    chunk_ms=st.sampled_from([20, 40, 60, 80, 100]),
    instructions=st.text(max_size=40),
    noise_reduction=st.sampled_from(["none", "near_field", "far_field"]),
    modality=st.sampled_from(["audio", "text"]),
    tools=st.booleans(),
)


def session_of(wishes: Wishes) -> SessionConfig:
    """Return the session that a server has which was asked for these wishes."""
    return update(SessionConfig(), wishes.to_session(TOOLS))


class Asked:
    """A `connect` that keeps what it was asked; what it returns can be opened."""

    def __init__(self) -> None:
        self.target = ""
        self.arguments: dict[str, Any] = {}

    def __call__(self, target: str = "local", **arguments: Any) -> Asked:
        self.target, self.arguments = target, arguments
        return self

    def open(self) -> Asked:
        return self


def run(code: str) -> Asked:
    """Run code whose ``voicelab`` has a `connect` that opens nothing."""
    asked = Asked()
    front_door = ModuleType("voicelab")
    front_door.__path__ = []  # type: ignore[attr-defined]
    front_door.connect = asked  # type: ignore[attr-defined]
    front_door.ServerVAD, front_door.SemanticVAD = vl.ServerVAD, vl.SemanticVAD  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "voicelab", front_door)
        exec(code, {})
    return asked


@given(wishes_of_any_kind, wishes_of_any_kind)
def test_the_change_leads_from_one_session_to_the_other(before: Wishes, after: Wishes) -> None:
    """Applying the change to the session before gives the session after, whatever was turned."""
    assert update(session_of(before), to_change(before, after, TOOLS)) == session_of(after)


@given(wishes_of_any_kind)
def test_no_difference_is_no_change(wishes: Wishes) -> None:
    """Equal wishes need no message."""
    assert to_change(wishes, wishes, TOOLS) == {}
    assert changed(wishes, wishes) == ()


@given(wishes_of_any_kind, wishes_of_any_kind)
def test_a_change_repeats_nothing_that_holds_already(before: Wishes, after: Wishes) -> None:
    """What stays as it was is not in the change, except beside its neighbours in one object."""
    change = to_change(before, after)
    for name in ("voice", "speed", "input_format", "output_format", "noise_reduction", "modality"):
        if getattr(before, name) == getattr(after, name):
            assert value_in(change, name) is UNSET
    if session_of(before).audio.input.turn_detection == session_of(after).audio.input.turn_detection:
        assert value_in(change, "detection") is UNSET


@given(wishes_of_any_kind)
def test_the_code_asks_for_the_same(wishes: Wishes) -> None:
    """The copied code, run, asks for the session that the knobs ask for."""
    asked = run(as_code(wishes, "local"))
    assert asked.target == "local"
    arguments = dict(asked.arguments)
    assert arguments.pop("chunk_ms", 20) == wishes.chunk_ms
    tools = as_tools(arguments.pop("tools", ()))
    by_code = merge(FIRST_ASK, ask_for(**arguments, tools=tools.values() if tools else None))
    by_knobs = merge(FIRST_ASK, wishes.to_session(TOOLS))
    assert update(SessionConfig(), by_code) == update(SessionConfig(), by_knobs)


@given(wishes_of_any_kind)
def test_the_code_uses_arguments_that_connect_has(wishes: Wishes) -> None:
    """No name in the code is unknown to `vl.connect`."""
    assert set(run(as_code(wishes, "local")).arguments) <= set(inspect.signature(vl.connect).parameters)


def test_the_code_says_only_what_differs() -> None:
    """Untouched knobs leave nothing but the voice, which a server would choose otherwise."""
    assert run(as_code(Wishes(), "local")).arguments == {"voice": "alloy"}
    patient = Wishes(silence_ms=900)
    assert "vl.ServerVAD(silence_duration_ms=900)" in as_code(patient, "local")


def test_the_code_shows_no_key() -> None:
    """A key in a target's URL is not passed on with the code; the rest of the URL is."""
    code = as_code(Wishes(), "wss://lab.example/v1/realtime?model=m&api-key=geheim")
    assert "geheim" not in code
    assert run(code).target == "wss://lab.example/v1/realtime?model=m"


@given(wishes_of_any_kind)
def test_a_session_in_force_is_read_back(wishes: Wishes) -> None:
    """From the server's whole session object come the wishes it fulfils; the rest stays as it was."""
    whole = to_plain(session_of(wishes))
    assert Wishes.from_session(whole, otherwise=wishes) == wishes
    read = Wishes.from_session(whole)
    assert session_of(read) == session_of(wishes)
    assert read.chunk_ms == Wishes().chunk_ms


@pytest.mark.parametrize(
    "session",
    [
        {},
        {"audio": {"output": {"voice": {"id": "voice_1"}, "speed": 9}}},
        {"audio": {"input": {"turn_detection": {"type": "azure_semantic_vad"}}}},
        {"output_modalities": [], "audio": None},
        {"output_modalities": None},
    ],
)
def test_what_no_knob_can_show_leaves_the_knob_alone(session: dict[str, Any]) -> None:
    """A server of another kind, or one that says nothing, breaks no knob."""
    assert Wishes.from_session(session) == Wishes()


def test_detection_off_is_read_as_none() -> None:
    """``null`` in the session object is the choice "none", for detection and for noise reduction."""
    said = {"audio": {"input": {"turn_detection": None, "noise_reduction": None}}}
    patient = Wishes(silence_ms=900, noise_reduction="far_field")
    assert Wishes.from_session(said, otherwise=patient) == Wishes(detection="none", silence_ms=900)


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("threshold", 1.2, "session.audio.input.turn_detection.threshold"),
        ("threshold", float("nan"), "session.audio.input.turn_detection.threshold"),
        ("silence_ms", -1, "session.audio.input.turn_detection.silence_duration_ms"),
        ("idle_timeout_ms", 100, "session.audio.input.turn_detection.idle_timeout_ms"),
        ("create_response", "yes", "session.audio.input.turn_detection.create_response"),
        ("eagerness", "wild", "session.audio.input.turn_detection.eagerness"),
        ("detection", "magic", "session.audio.input.turn_detection.type"),
        ("voice", "nobody", "session.audio.output.voice"),
        ("voice", {"id": "voice_1"}, "session.audio.output.voice"),
        ("speed", 1.6, "session.audio.output.speed"),
        ("input_format", "mp3", "session.audio.input.format.type"),
        ("noise_reduction", "strong", "session.audio.input.noise_reduction.type"),
        ("modality", "smell", "session.output_modalities"),
        ("instructions", 3, "session.instructions"),
        ("tools", "yes", "session.tools"),
        ("chunk_ms", 30, "chunk_ms"),
        ("chunk_ms", 20.0, "chunk_ms"),
    ],
)
def test_a_wish_that_no_session_can_have_is_refused(field: str, value: Any, path: str) -> None:
    """A bad value is told when it is made, with its path, even where the chosen detection has no such field."""
    for detection in ("server_vad", "semantic_vad", "none"):
        with pytest.raises(ConfigError) as told:
            Wishes(**{"detection": detection, field: value})
        assert told.value.param == path


def test_chunk_size_is_no_business_of_the_server() -> None:
    """Another chunk size is a change of the knobs and none of the session."""
    before, after = Wishes(), Wishes(chunk_ms=100)
    assert changed(before, after) == ("chunk_ms",)
    assert to_change(before, after) == {}


def test_changes_are_named_by_field() -> None:
    """What was turned is listed by the names of the fields, in their order."""
    assert changed(Wishes(), Wishes(voice="marin", threshold=0.7)) == ("threshold", "voice")


def test_cleared_instructions_are_cleared_at_the_server_too() -> None:
    """An emptied text box sends the empty text; one that was empty all along sends nothing."""
    assert to_change(Wishes(instructions="Be brief."), Wishes()) == {"instructions": ""}
    assert "instructions" not in Wishes().to_session()
