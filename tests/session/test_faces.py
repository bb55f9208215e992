"""Two faces of one session: the same calls, the same arguments, the same answers."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from voicelab.session.faces import AsyncSession, Session


def calls(face: type[Any]) -> dict[str, Any]:
    """Return what a face can do by itself."""
    return {name: one for name, one in vars(face).items() if not name.startswith("_") and inspect.isfunction(one)}


def test_both_faces_do_the_same() -> None:
    """Every call of one is a call of the other; what is common to both is inherited."""
    assert calls(Session).keys() == calls(AsyncSession).keys()
    assert {"append", "commit", "clear", "respond", "respond_aside", "request", "memory"} <= calls(Session).keys()


@pytest.mark.parametrize("name", sorted(calls(Session)))
def test_arguments_and_answers_are_the_same(name: str) -> None:
    """One waits, the other is awaited; nothing else differs."""
    one, other = calls(Session)[name], calls(AsyncSession)[name]
    assert inspect.signature(one) == inspect.signature(other)
    assert not inspect.iscoroutinefunction(one)
    assert inspect.iscoroutinefunction(other)
