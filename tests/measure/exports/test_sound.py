"""Promises of `voicelab.measure.exports.sound`."""

from __future__ import annotations

from pathlib import Path

from tests.measure.room import Tape, loud
from voicelab.measure.exports.sound import copy_tracks


def test_what_there_is_of_the_sound_is_copied(tmp_path: Path) -> None:
    """A track that was left out is no error."""
    tape = Tape()
    tape.place("input", 0, loud(20))
    run = tape.save(tmp_path / "run")
    (run.folder / "heard.wav").unlink()
    copies = copy_tracks(run, tmp_path / "deep" / "copy")
    assert [path.name for path in copies] == ["input.wav", "output.wav"]
    assert copies[0].read_bytes() == (run.folder / "input.wav").read_bytes()
