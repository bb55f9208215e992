"""What all tests share: the human speech, where it is there, and the watch over everything the server sends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.strict import fail_on_violations, forget_violations, watching_sessions

# The rooms whose files take minutes: at the end of the suite one core would wait for them.
_LONG = ("widgets", "notebooks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files; all else stays in the order of the folders."""
    items.sort(key=lambda item: item.path.parent.name not in _LONG)


@pytest.fixture(scope="session")
def speech_share() -> Path:
    """The folder of labelled human speech, named by VOICELAB_SPEECH; the test is skipped where there is none."""
    named = os.environ.get("VOICELAB_SPEECH", "")
    if not (named and (Path(named) / "clips.jsonl").is_file()):
        pytest.skip("VOICELAB_SPEECH names no folder of labelled speech")
    return Path(named)


@pytest.fixture(scope="session", autouse=True)
def _frames_watched() -> Iterator[None]:
    """Every frame that our session receives from an embedded server is held against the official models."""
    with watching_sessions():
        yield


@pytest.fixture(autouse=True)
def _frames_valid(_frames_watched: None) -> Iterator[None]:
    """A frame that breaks the official models fails the test in which it came."""
    yield
    fail_on_violations()


@pytest.fixture
def wrong_frames_on_purpose(_frames_valid: None) -> Iterator[None]:
    """For a test that puts broken frames onto the wire itself: they are not the server's."""
    yield
    forget_violations()
