"""What all tests share: the human speech, where it is there, and the watch over everything the server sends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.strict import fail_on_violations, forget_violations, watching_sessions

# The rooms whose files take minutes, and most of it waiting for a browser or for speech.
_LONG = ("widgets", "notebooks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the long files among the others: two at once are in each other's way, the last waits alone."""
    files = list(dict.fromkeys(item.path for item in items))
    places = {}
    for is_long in (True, False):
        some = [path for path in files if (path.parent.name in _LONG) == is_long]
        places |= {path: (k + 0.5) / len(some) for k, path in enumerate(some)}
    items.sort(key=lambda item: places[item.path])


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
