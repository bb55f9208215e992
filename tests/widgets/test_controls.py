"""The knobs as data: every wish has one, and each tells the truth about when it acts and what is in force."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tests.widgets.test_wishes import TOOLS, wishes_of_any_kind
from voicelab.protocol.paths import setting_paths
from voicelab.protocol.settings import SessionConfig, to_plain, update
from voicelab.server.changes import apply_change
from voicelab.widgets.controls import (
    CONTROLS,
    Control,
    acts,
    blocked,
    chunk_cost,
    differs,
    in_force_value,
    is_shown,
    waiting,
)
from voicelab.widgets.standing import Standing
from voicelab.widgets.wishes import Wishes, is_possible, to_change
from voicelab.widgets.words import words

READY = Standing()
SPOKEN = Standing(state="live", agent_spoke=True)
ranged = [control for control in CONTROLS.values() if control.kind in ("float", "int")]


def test_every_wish_has_one_knob() -> None:
    """No field of the wishes can only be asked for in code, and no knob turns nothing."""
    assert set(CONTROLS) == {field.name for field in fields(Wishes)}


def test_knobs_stand_where_the_protocol_has_them() -> None:
    """Each knob's path is one of a session's settings; only the chunk size is the client's own affair."""
    assert {control.path for control in CONTROLS.values()} - set(setting_paths()) == {""}
    assert [control.name for control in CONTROLS.values() if not control.path] == ["chunk_ms"]


@pytest.mark.parametrize("control", ranged, ids=lambda control: control.name)
def test_limits_are_those_of_a_session(control: Control) -> None:
    """What a person is told to be possible is possible, and what lies beyond is not."""
    kind = int if control.kind == "int" else float
    assert is_possible(control.name, kind(control.least))
    assert is_possible(control.name, kind(control.most))
    assert not is_possible(control.name, kind(control.least - 1))
    assert not is_possible(control.name, kind(control.most + 1))
    assert control.least <= control.low < control.high <= control.most


@pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda control: control.name)
def test_every_choice_can_be_asked_for(control: Control) -> None:
    """A menu offers nothing that is refused, and it has the choice that holds at first."""
    assert all(is_possible(control.name, choice) for choice in control.choices)
    if control.kind == "menu":
        assert getattr(Wishes(), control.name) in control.choices


@pytest.mark.parametrize("control", CONTROLS.values(), ids=lambda control: control.name)
def test_every_knob_has_its_words(control: Control) -> None:
    """Label, choices, badge and reasons stand in the catalogue."""
    catalogue = words("knobs")
    assert catalogue[control.label]
    assert catalogue[f"acts.{control.usually_acts}"]
    if control.name != "voice":  # a name is no word
        assert all(
            f"{control.name}.{choice}" in catalogue or f"{control.name}.any" in catalogue for choice in control.choices
        )
    for detection in ("none", "server_vad", "semantic_vad"):
        for modality in ("audio", "text"):
            standing = Standing(wishes=Wishes(detection=detection, modality=modality), reply="mirror")
            reason = blocked(control, standing)
            assert reason is None or catalogue[reason]


def test_the_voice_is_fixed_once_the_agent_has_spoken() -> None:
    """Until then another voice acts at the next turn; afterwards it waits for a new session."""
    assert acts(CONTROLS["voice"], READY) == "next_turn"
    assert acts(CONTROLS["voice"], SPOKEN) == "new_session"
    assert waiting(Wishes(), Wishes(voice="marin", threshold=0.7), SPOKEN) == ("voice",)
    assert waiting(Wishes(), Wishes(voice="marin", threshold=0.7), READY) == ()


@given(wishes_of_any_kind, wishes_of_any_kind, st.booleans())
def test_what_does_not_wait_is_taken_by_a_running_session(before: Wishes, after: Wishes, spoke: bool) -> None:
    """The embedded server takes every change that no badge calls one for a new session."""
    standing = Standing(state="live", agent_spoke=spoke)
    held = {name: getattr(before, name) for name in waiting(before, after, standing)}
    sendable = replace(after, **held)
    config = update(SessionConfig(), before.to_session(TOOLS))
    after_it, refused = apply_change(config, to_change(before, sendable, TOOLS), audio_was_sent=spoke)
    assert refused == []
    assert Wishes.from_session(to_plain(after_it), otherwise=sendable) == sendable


def test_knobs_of_another_detection_are_out_of_sight_or_say_why() -> None:
    """The three in front stay in sight and give the reason; the others are hidden."""
    semantic = Standing(wishes=Wishes(detection="semantic_vad"))
    assert is_shown(CONTROLS["threshold"], semantic.wishes)
    assert blocked(CONTROLS["threshold"], semantic) == "blocked.only_with.server_vad"
    assert blocked(CONTROLS["eagerness"], semantic) is None
    assert not is_shown(CONTROLS["prefix_padding_ms"], semantic.wishes)
    assert is_shown(CONTROLS["interrupt_response"], semantic.wishes)
    assert not is_shown(CONTROLS["interrupt_response"], Wishes(detection="none"))
    assert blocked(CONTROLS["eagerness"], READY) == "blocked.only_with.semantic_vad"


def test_what_cannot_act_is_blocked() -> None:
    """A reply in text has no voice; the mirror calls no functions, a hosted model does."""
    text = Standing(wishes=Wishes(modality="text"))
    assert [name for name, control in CONTROLS.items() if blocked(control, text) == "blocked.text"] == [
        "voice",
        "speed",
        "output_format",
    ]
    assert blocked(CONTROLS["tools"], Standing(reply="mirror")) == "blocked.mirror"
    assert blocked(CONTROLS["tools"], Standing(reply="guide")) is None
    assert blocked(CONTROLS["tools"], Standing(target="openai", reply="mirror")) is None


@given(wishes_of_any_kind)
def test_what_is_in_force_as_asked_is_not_mentioned(wishes: Wishes) -> None:
    """A session that fulfils all wishes differs in nothing."""
    in_force = to_plain(update(SessionConfig(), {**wishes.to_session(), "tools": []}))
    standing = Standing(wishes=replace(wishes, tools=False), in_force=in_force)
    assert [name for name, control in CONTROLS.items() if differs(control, standing) is not UNSET] == []


@pytest.mark.parametrize(
    ("wishes", "session", "name", "there"),
    [
        (Wishes(voice="marin"), {"audio": {"output": {"voice": "alloy"}}}, "voice", "alloy"),
        (Wishes(), {"audio": {"output": {"voice": {"id": "voice_1"}}}}, "voice", {"id": "voice_1"}),
        (Wishes(), {"audio": {"input": {"turn_detection": None}}}, "detection", "none"),
        (Wishes(), {"audio": {"input": {"turn_detection": {"threshold": 0.4}}}}, "threshold", 0.4),
        (Wishes(), {"audio": {"input": {"turn_detection": {"threshold": 0.5000000074}}}}, "threshold", UNSET),
        (Wishes(), {"instructions": "You are helpful."}, "instructions", UNSET),
        (Wishes(instructions="Be brief."), {"instructions": "You are."}, "instructions", "You are."),
        (Wishes(tools=True), {"tools": []}, "tools", False),
        (Wishes(chunk_ms=40), {}, "chunk_ms", UNSET),
    ],
)
def test_what_is_in_force_otherwise_is_told(wishes: Wishes, session: dict[str, Any], name: str, there: Any) -> None:
    """The value in force is given where it is another one than was asked for, and only there."""
    assert differs(CONTROLS[name], Standing(wishes=wishes, in_force=session)) == there


def test_a_session_that_does_not_say_leaves_it_open() -> None:
    """Nothing is claimed of what a server does not show."""
    assert in_force_value(CONTROLS["speed"], {}) is UNSET
    assert in_force_value(CONTROLS["speed"], {"audio": {"output": {"speed": 1.2}}}) == 1.2


def test_bigger_chunks_are_fewer_later_and_cheaper() -> None:
    """Events a second, delay and overhead follow from the sound and the JSON around it."""
    small, big = chunk_cost(20, "pcm"), chunk_cost(100, "pcm")
    assert (small.events_per_s, small.later_ms) == (50, 0)
    assert (big.events_per_s, big.later_ms) == (10, 80)
    # 960 bytes of sound are 1,280 letters of base64; the rest is JSON.
    assert 1280 / 960 - 1 < big.overhead < small.overhead
    assert chunk_cost(20, "pcmu").overhead > small.overhead
    n_json = round((small.overhead + 1) * 960) - 1280
    assert round((big.overhead + 1) * 4800) - 6400 == n_json
