"""Presets turn what a situation asks for, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.widgets.test_wishes import wishes_of_any_kind
from voicelab.widgets.presets import PRESETS, Preset
from voicelab.widgets.wishes import Wishes, changed
from voicelab.widgets.words import words


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
@given(wishes=wishes_of_any_kind)
def test_a_preset_turns_its_own_knobs_only(preset: Preset, wishes: Wishes) -> None:
    """Whatever stood before, its knobs stand as it says and all others as they were."""
    after = preset.apply(wishes)
    assert set(changed(wishes, after)) <= set(preset.change)
    assert {name: getattr(after, name) for name in preset.change} == dict(preset.change)
    assert preset.holds(after)
    assert preset.apply(after) == after


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_every_preset_says_its_name_and_why(preset: Preset) -> None:
    """Each has a label and one sentence in the catalogue."""
    why = words("knobs")[f"preset.{preset.name}.why"]
    assert words("knobs")[f"preset.{preset.name}"]
    assert why.endswith(".")
    assert why.count(".") == 1


def test_presets_of_pace_line_and_room_can_be_combined() -> None:
    """Patient, on the telephone, in a noisy room: all three hold at once."""
    chosen = [PRESETS[name] for name in ("patient", "telephone", "noisy_room")]
    wishes = Wishes()
    for preset in chosen:
        wishes = preset.apply(wishes)
    assert all(preset.holds(wishes) for preset in chosen)


def test_rooms_exclude_each_other() -> None:
    """After another room nothing of the one before is left."""
    rooms = [PRESETS[name] for name in ("noisy_room", "headphones", "shared_room")]
    for before in rooms:
        for after in rooms:
            assert after.apply(before.apply(Wishes())) == after.apply(Wishes())
            assert before.holds(after.apply(Wishes())) is (before is after)


def test_the_presets_do_what_they_are_named_for() -> None:
    """Quick waits less and patient more than usual; the phone has 8 kHz; headphones let one interrupt."""
    usual = Wishes()
    assert PRESETS["quick"].apply(usual).silence_ms < usual.silence_ms < PRESETS["patient"].apply(usual).silence_ms
    phone = PRESETS["telephone"].apply(usual)
    assert phone.input_format == phone.output_format == "pcmu"
    off = Wishes(interrupt_response=False)
    assert PRESETS["headphones"].apply(off).interrupt_response
    assert not PRESETS["shared_room"].apply(usual).interrupt_response
    assert PRESETS["noisy_room"].apply(usual).noise_reduction == "far_field"
    for name in ("noisy_room", "shared_room"):
        assert PRESETS[name].apply(usual).threshold > usual.threshold
