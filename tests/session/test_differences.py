"""Asked against in force: what really differs, at its path, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.session.differences import explains, find_differences, part_in_force

ADD = {"type": "function", "name": "add", "description": "Add.", "parameters": {"required": ["a", "b"]}}
SAY = {"type": "function", "name": "say", "description": "Say.", "parameters": {}}


def differing(asked: dict[str, Any], in_force: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the differences as tuples."""
    return [(one.path, one.asked, one.in_force) for one in find_differences(asked, in_force)]


@pytest.mark.parametrize(
    ("asked", "in_force"),
    [
        ({"audio": {"output": {"speed": 1}}}, {"audio": {"output": {"speed": 1.0, "voice": "ash"}}, "id": "sess_1"}),
        ({"output_modalities": ["text"]}, {"output_modalities": ["text"]}),
        ({"tools": [ADD, SAY]}, {"tools": [SAY, {**ADD, "strict": False}]}),
        ({"tools": []}, {"tools": []}),
        ({"audio": {"input": {"turn_detection": None}}}, {"audio": {"input": {"turn_detection": None}}}),
        ({"prompt": {"id": "p"}}, {}),
        ({"include": ()}, {"include": []}),
    ],
    ids=["number by value", "list", "tools by name", "no tools", "null", "not shown", "tuple"],
)
def test_what_is_in_force_as_asked_is_no_difference(asked: dict[str, Any], in_force: dict[str, Any]) -> None:
    """Numbers by value, tools by name, and what the server does not show is not known."""
    assert differing(asked, in_force) == []
    assert part_in_force(asked, in_force) == {key: value for key, value in asked.items() if key in in_force}


@pytest.mark.parametrize(
    ("asked", "in_force", "path"),
    [
        ({"audio": {"output": {"speed": 1.5}}}, {"audio": {"output": {"speed": 1.0}}}, "audio.output.speed"),
        ({"output_modalities": ["text"]}, {"output_modalities": ["audio"]}, "output_modalities[0]"),
        ({"include": ["a"]}, {"include": []}, "include"),
        ({"include": ["a"]}, {"include": None}, "include"),
        ({"tools": [ADD]}, {"tools": []}, "tools[add]"),
        ({"tools": [ADD]}, {"tools": [ADD, SAY]}, "tools[say]"),
        ({"tools": [ADD]}, {"tools": [{**ADD, "description": ""}]}, "tools[add].description"),
        ({"tools": [ADD]}, {"tools": [{**ADD, "parameters": {"required": ["a"]}}]}, "tools[add].parameters.required"),
        ({"tools": []}, {"tools": [ADD]}, "tools"),
        ({"audio": {"input": {"turn_detection": None}}}, {"audio": {"input": {"turn_detection": {}}}}, None),
        (
            {"audio": {"input": {"noise_reduction": {"type": "x"}}}},
            {"audio": {"input": {"noise_reduction": None}}},
            None,
        ),
        ({"parallel": True}, {"parallel": 1}, "parallel"),
    ],
)
def test_what_is_not_is_named_by_its_path(asked: dict[str, Any], in_force: dict[str, Any], path: str | None) -> None:
    """Exactly one difference, however deep it lies."""
    ((found, _, _),) = differing(asked, in_force)
    assert path is None or found == path
    assert part_in_force(asked, in_force) == {}


def test_part_that_is_in_force_is_what_was_not_refused() -> None:
    """One field is in force, its neighbour is not."""
    asked = {"instructions": "Yes.", "audio": {"input": {"noise_reduction": {"type": "far_field"}, "format": "x"}}}
    in_force = {"instructions": "Yes.", "audio": {"input": {"noise_reduction": None, "format": "x"}}}
    assert part_in_force(asked, in_force) == {"instructions": "Yes.", "audio": {"input": {"format": "x"}}}


@pytest.mark.parametrize(
    ("param", "path", "does"),
    [
        ("session.audio.input.noise_reduction", "audio.input.noise_reduction", True),
        ("session.audio.input.noise_reduction", "audio.input.noise_reduction.type", True),
        ("session.audio.input.noise_reduction.type", "audio.input.noise_reduction", True),
        ("session.tools[0].type", "tools[add]", True),
        ("session.audio.input.noise_reduction", "audio.input.turn_detection", False),
        ("session.audio.input", "audio.output.voice", False),
        ("session.tool", "tools", False),
        (None, "tools", False),
    ],
)
def test_error_explains_its_own_field(param: str | None, path: str, does: bool) -> None:
    """An error about a field, one around it or one inside it; no error about another."""
    assert explains(param, path) is does
