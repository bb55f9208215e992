"""Label files for Audacity beside copies of the sound: one folder a run, one label file a lane.

In: runs.  Out: ``<run>/<lane>.txt`` on the time line of ``input.wav`` and ``heard.wav``, ``<run>/output.txt`` on that
of ``output.wav``.
Does not know: what happened (``lanes``).

Source of the form: the Audacity manual, "Importing and Exporting Labels": a label a line, begin and end in seconds and
a text, parted by tabs; a point has one time twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from voicelab.measure.exports.lanes import MARKS, Stretch, instants_of, lanes_of, received_sound
from voicelab.measure.exports.named import NamedRun
from voicelab.measure.exports.sound import copy_tracks

OUTPUT_LABELS = "output"


def write_audacity(named: Sequence[NamedRun], out: Path) -> list[Path]:
    """Write one folder a run."""
    written = []
    for one in named:
        folder = out / one.name
        written += copy_tracks(one.run, folder)
        lanes: dict[str, list[Stretch]] = dict(lanes_of(one.run).items())
        lanes[OUTPUT_LABELS] = received_sound(one.run)
        lanes[MARKS] = [Stretch(instant.at_ms, instant.at_ms, instant.name, {}) for instant in instants_of(one.run)]
        for lane, stretches in lanes.items():
            path = folder / f"{lane}.txt"
            path.write_text(_labels(stretches), "utf-8", newline="\n")
            written.append(path)
    return written


def _labels(stretches: Iterable[Stretch]) -> str:
    return "".join(
        f"{_s(stretch.start_ms)}\t{_s(stretch.end_ms)}\t{_on_one_line(stretch.name)}\n" for stretch in stretches
    )


def _s(ms: float) -> str:
    return f"{max(0.0, ms) / 1000:.6f}"


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
