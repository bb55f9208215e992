"""What all tests share: the human speech, where it is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def speech_share() -> Path:
    """The folder of labelled human speech, named by VOICELAB_SPEECH; the test is skipped where there is none."""
    named = os.environ.get("VOICELAB_SPEECH", "")
    if not (named and (Path(named) / "clips.jsonl").is_file()):
        pytest.skip("VOICELAB_SPEECH names no folder of labelled speech")
    return Path(named)
