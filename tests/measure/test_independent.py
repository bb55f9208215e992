"""Voice-to-voice of the log against an ear: the same number measured in the two sound files alone.

The ear knows no event, no label and no speech score. It reads input.wav and heard.wav, takes the level of every 10 ms,
and looks for the last energetic 10 ms of what the user says and the next onset of what the listener hears.
"""

from __future__ import annotations

import json
import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from voicelab.audio.clip import Clip, read_clip
from voicelab.experiments.clips import spoken_lines
from voicelab.experiments.stage import Staging, play_in_virtual_time
from voicelab.measure.run import Run, open_run
from voicelab.session.core import SessionCore
from voicelab.session.live import LiveRun

FRAME_MS = 10
#: Sound of the user below this is a room; of the listener below this nobody hears.
ROOM_DBFS, AUDIBLE_DBFS = -50.0, -45.0
#: Quieter than the loud part of an utterance by more than this is no longer its end.
TAIL_DB = 30.0
SHORTEST_MS = 100
WALL = datetime(2026, 11, 20, 12, tzinfo=UTC)
Lines = list[tuple[Clip, dict[str, Any] | None]]


# --- the ear -----------------------------------------------------------------------------------------------------


def levels(path: Path) -> NDArray[np.float64]:
    """Return the level of each 10 ms, dBFS."""
    with wave.open(str(path), "rb") as file:
        n = file.getframerate() * FRAME_MS // 1000
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768
    frames = sound[: len(sound) // n * n].reshape(-1, n)
    return 10 * np.log10(np.maximum((frames**2).mean(axis=1), 1e-12))


def stretches(loud: NDArray[np.bool_], pause_ms: int) -> list[tuple[int, int]]:
    """Return the frames from first to behind last of each stretch; what a shorter pause parts is one."""
    at = np.flatnonzero(loud)
    if not len(at):
        return []
    gaps = np.flatnonzero(np.diff(at) * FRAME_MS > pause_ms)
    firsts, lasts = at[np.concatenate([[0], gaps + 1])], at[np.concatenate([gaps, [len(at) - 1]])]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def utterances(db: NDArray[np.float64], pause_ms: int) -> list[tuple[int, int]]:
    """Return what the user says, each up to its last energetic 10 ms."""
    found = []
    for first, last in stretches(db >= ROOM_DBFS, pause_ms):
        part = np.flatnonzero(db[first:last] >= np.percentile(db[first:last], 95) - TAIL_DB)
        if (part[-1] - part[0]) * FRAME_MS >= SHORTEST_MS:
            found.append((first + int(part[0]), first + int(part[-1]) + 1))
    return found


def ear(folder: Path, pause_ms: int) -> list[tuple[float, float]]:
    """Return end of speech and voice-to-voice of every utterance that was answered before the next one, ms."""
    said = utterances(levels(folder / "input.wav"), pause_ms)
    onsets = [first for first, _ in stretches(levels(folder / "heard.wav") >= AUDIBLE_DBFS, FRAME_MS)]
    followed = [*(first for first, _ in said[1:]), 10**9]
    answers = [
        (end, next((onset for onset in onsets if end <= onset < until), None))
        for (_, end), until in zip(said, followed, strict=True)
    ]
    return [(end * FRAME_MS, (onset - end) * FRAME_MS) for end, onset in answers if onset is not None]


# --- real conversations ------------------------------------------------------------------------------------------


def hold(folder: Path, lines: Lines, *, hearing: str, silence_ms: int) -> Run:
    """Play the clips to the embedded server, one turn after the other."""

    async def script(core: SessionCore, live: LiveRun) -> None:
        for clip, labels in lines:
            await core.play(clip, labels)

    detection = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": silence_ms}
    asked = {"audio": {"input": {"turn_detection": {**detection, "create_response": True, "interrupt_response": True}}}}
    play_in_virtual_time(script, Staging(folder=folder, hearing=hearing, asked=asked), WALL, seed=1)
    return open_run(folder)


def demo_lines(*, labelled: bool) -> Lines:
    """Return the phrases of the demo; the one with a pause is said whole, since 700 ms are waited."""
    return [(line.clip, line.labels if labelled else None) for line in spoken_lines().values()]


def human_lines(share: Path, *, labelled: bool) -> Lines:
    """Return telephone numbers said by people, whose ends are known exactly."""
    lines: Lines = []
    for n in range(12):
        name = f"turn-phone-{n:02d}"
        rows = [json.loads(row) for row in (share / "labels" / f"{name}.jsonl").read_text("utf-8").splitlines()]
        start = next(row["start"] for row in rows if row["kind"] == "turn") * 1000
        end = next(row["start"] for row in rows if row["kind"] == "turn_end") * 1000
        labels = {"speech_start_ms": start, "speech_end_ms": end} if labelled else None
        lines.append((read_clip(share / "audio" / f"{name}.wav"), labels))
    return lines


def differences(run: Run, pause_ms: int) -> NDArray[np.float64]:
    """Return log less ear of every uninterrupted turn, ms; both have found the same turns."""
    heard = ear(run.folder, pause_ms)
    turns = [turn for turn in run.turn_list() if not turn.interrupted]
    assert len(turns) == len(run.turn_list()) == len(heard)
    assert all(abs(turn.residual_ms or 0.0) < 20 and turn.residual_ms is not None for turn in turns)
    assert all(abs((turn.speech_end_ms or 0.0) - end_ms) < 500 for turn, (end_ms, _) in zip(turns, heard, strict=True))
    return np.array([(turn.voice_to_voice_ms or 0.0) - ms for turn, (_, ms) in zip(turns, heard, strict=True)])


@pytest.mark.parametrize("labelled", [True, False], ids=["by labels", "by the sound alone"])
def test_the_log_hears_what_an_ear_hears(tmp_path: Path, labelled: bool) -> None:
    """On the demo's phrases: within 20 ms at the median, 60 ms at worst; the parts of the stack leave under 20 ms."""
    off = differences(hold(tmp_path / "run", demo_lines(labelled=labelled), hearing="guide", silence_ms=700), 650)
    assert len(off) == 10
    assert np.median(np.abs(off)) < 20
    assert np.abs(off).max() < 60


@pytest.mark.speech
@pytest.mark.parametrize("labelled", [True, False], ids=["by labels", "by the sound alone"])
def test_the_log_hears_people_as_an_ear_does(tmp_path: Path, speech_share: Path, labelled: bool) -> None:
    """The same on telephone numbers that people said, with pauses up to 1.5 s in them."""
    off = differences(
        hold(tmp_path / "run", human_lines(speech_share, labelled=labelled), hearing="none", silence_ms=2000), 1700
    )
    assert len(off) == 12
    assert np.median(np.abs(off)) < 20
    assert np.abs(off).max() < 60


def test_the_ear_hears_what_was_put_there(tmp_path: Path) -> None:
    """Known sound: two utterances, one with a pause in it, ending at 1500 and 5000; answers at 2100 and 5250."""
    noise = np.random.default_rng(0)

    def track(name: str, *parts: tuple[int, int]) -> None:
        sound = np.zeros(24 * 8000, np.int16)
        for begin, end in parts:
            sound[24 * begin : 24 * end] = noise.normal(0, 3000, 24 * (end - begin)).astype(np.int16)
        with wave.open(str(tmp_path / name), "wb") as file:
            file.setparams((1, 2, 24_000, 0, "NONE", ""))
            file.writeframes(sound.tobytes())

    track("input.wav", (500, 900), (1200, 1500), (4000, 5000), (7500, 7550))
    track("heard.wav", (2100, 3000), (3200, 3500), (5250, 6000))
    assert ear(tmp_path, 650) == [(1500, 600), (5000, 250)]
