"""The demo's spoken clips and their labels.

In: the FLAC files and ``clips.jsonl`` beside this module.  Out: clips with text, onset and offset.
Does not know: how they were made (``make_clips``) or what they are for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from voicelab.audio.clip import Clip, read_clip


@dataclass(frozen=True, eq=False)
class SpokenLine:
    """One line of the scripted caller.

    Parameters
    ----------
    clip : Clip
    text : str
        What is said.
    speech_start_ms, speech_end_ms : float
        True onset and offset in the clip.
    """

    clip: Clip
    text: str
    speech_start_ms: float
    speech_end_ms: float

    @property
    def labels(self) -> dict[str, Any]:
        """What the log keeps beside the clip."""
        return {
            "text": self.text,
            "speech_start_ms": self.speech_start_ms,
            "speech_end_ms": self.speech_end_ms,
        }


@lru_cache(maxsize=1)
def spoken_lines() -> dict[str, SpokenLine]:
    """Return all lines by name."""
    folder = resources.files("voicelab.experiments").joinpath("clips")
    lines = {}
    for text in folder.joinpath("clips.jsonl").read_text("utf-8").splitlines():
        label = json.loads(text)
        with resources.as_file(folder.joinpath(f"{label['clip']}.flac")) as path:
            clip = read_clip(path)
        lines[label["clip"]] = SpokenLine(clip, label["text"], label["speech_start_ms"], label["speech_end_ms"])
    return lines
