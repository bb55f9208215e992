"""``voicelab doctor``: each part, whether it works here, and the line that mends it.

In: nothing.  Out: findings; a part is really used, not only looked for.
Does not know: how findings are shown.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voicelab.audio.clip import read_clip, write_wav
from voicelab.engines.available import hearing_available, speaking_available
from voicelab.engines.base import Heard
from voicelab.engines.guide import Guide
from voicelab.engines.host import HostedRecogniser, HostedSpeaker
from voicelab.engines.language import Scenario
from voicelab.errors import EngineError, VoicelabError
from voicelab.experiments.clips import spoken_lines
from voicelab.session.devices import output_device
from voicelab.session.local_server import LocalServer
from voicelab.turns.scores import Scorer, score_clip


@dataclass(frozen=True)
class Finding:
    """One part.

    Parameters
    ----------
    part : str
    works : bool
    needed : bool
        Whether the main job needs it; a sound card is not.
    detail : str
        What was found, or what to do.
    """

    part: str
    works: bool
    needed: bool
    detail: str


def check_everything() -> list[Finding]:
    """Try every part, in the order in which sound meets them."""
    checks: tuple[tuple[str, bool, Callable[[], str]], ...] = (
        ("Python", True, _python),
        ("sound files", True, _sound_files),
        ("speech scores", True, _speech_scores),
        ("recogniser", True, _recogniser),
        ("synthesiser", True, _synthesiser),
        ("embedded server", True, _server),
        ("JupyterLab", True, _jupyter),
        ("sound card", False, output_device),
    )
    return [_try(part, needed, check) for part, needed, check in checks]


def _try(part: str, needed: bool, check: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, needed, check())
    except (VoicelabError, ImportError, OSError) as error:
        return Finding(part, False, needed, str(error))


def _python() -> str:
    return f"{platform.python_version()} at {sys.executable}, {platform.platform()}"


def _sound_files() -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tone.wav"
        write_wav(path, np.full(2400, 1000, np.int16))
        read_clip(path)
    return "written and read back"


def _speech_scores() -> str:
    scorer = Scorer()
    best = max(score.probability for score in score_clip(spoken_lines()["hello"].clip.samples))
    if scorer.note:
        raise EngineError(scorer.note)
    return f"{scorer.name}: a spoken hello scores {best:.2f}"


def _recogniser() -> str:
    works, mend = hearing_available()
    if not works:
        raise EngineError(mend)
    line = spoken_lines()["can-do"]

    async def hear() -> Heard:
        recogniser = HostedRecogniser(Scenario("guide", Guide().scenario))
        try:
            recogniser.start()
            recogniser.feed(line.clip.samples)
            return await recogniser.finish()
        finally:
            await recogniser.close()

    heard = asyncio.run(hear())
    return f'{heard.engine}: heard "{heard.text}" (true: "{line.text.lower()}")'


def _synthesiser() -> str:
    works, mend = speaking_available()
    if not works:
        raise EngineError(mend)

    async def speak() -> int:
        speaker = HostedSpeaker()
        try:
            return sum([len(chunk.samples) async for chunk in speaker.speak("It works.", "marin", 1.0)])
        finally:
            await speaker.close()

    return f"espeak-ng: {asyncio.run(speak()) / 24_000:.1f} s of speech"


def _server() -> str:
    with LocalServer(hearing="none", reply="mirror") as server:
        return f"started at {server.url} and stopped"


def _jupyter() -> str:
    versions = {name: importlib.metadata.version(name) for name in ("jupyterlab", "ipykernel", "ipywidgets")}
    if versions["ipykernel"] == "7.4.0":
        raise EngineError("ipykernel 7.4.0 stops delivering slider moves: pip install 'ipykernel!=7.4.0'")
    where = shutil.which("jupyter") or "beside this Python"
    return ", ".join(f"{name} {version}" for name, version in versions.items()) + f" ({where})"
