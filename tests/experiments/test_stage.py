"""Promises of `voicelab.experiments.stage`: however a script ends, its run folder is complete and says how."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from voicelab.errors import ConfigError
from voicelab.experiments.stage import Staging, play_in_virtual_time
from voicelab.runlog.manifest import Manifest, read_manifest
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun


def failing(folder: Path, error: Exception) -> Manifest:
    """Run a script that raises; return the manifest of what is left."""

    async def script(core: SessionCore, live: LiveRun) -> None:
        raise error

    with pytest.raises(type(error)):
        play_in_virtual_time(script, Staging(folder, hearing="none"), datetime(2026, 11, 20, tzinfo=UTC))
    return read_manifest(folder)


def test_a_mistake_in_the_script_is_told_and_the_folder_is_complete(tmp_path: Path) -> None:
    """Whose mistake it was: the type of the error is named."""
    manifest = failing(tmp_path / "run", ZeroDivisionError("division by zero"))
    assert (manifest.state, manifest.reason) == ("failed", "ZeroDivisionError: division by zero")


def test_an_error_of_the_session_is_told_as_it_is(tmp_path: Path) -> None:
    """Its sentence says what was wrong."""
    manifest = failing(tmp_path / "run", ConfigError("the voice is not one of ten", param="voice"))
    assert (manifest.state, manifest.reason) == ("failed", "the voice is not one of ten")
