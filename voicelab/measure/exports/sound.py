"""The sound of runs, copied to where labels lie beside it.

In: a run, a folder.  Out: copies of its WAV files.
Does not know: labels.  A run that was shared without its sound leaves none.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from voicelab.measure.run import Run
from voicelab.runlog.writer import TRACKS


def copy_tracks(run: Run, folder: Path) -> list[Path]:
    """Copy what there is of a run's tracks into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    copies = []
    for track in TRACKS:
        source = run.folder / f"{track}.wav"
        if source.is_file():
            copies.append(Path(shutil.copyfile(source, folder / source.name)))
    return copies
