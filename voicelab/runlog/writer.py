"""A run folder being written.

In: records (or their lines) and samples, in order.  Out: ``manifest.json``, ``events.jsonl`` and the WAV tracks.
Does not know: threads or time; whoever calls decides when to flush (the session does, twice a second).
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

from voicelab.audio.samples import Samples
from voicelab.errors import RunError
from voicelab.runlog.manifest import MANIFEST, Manifest, write_manifest
from voicelab.runlog.record import Record, Track, encode_line
from voicelab.runlog.tracks import WavTrack

EVENTS = "events.jsonl"
TRACKS: tuple[Track, ...] = ("input", "output", "heard")
_BUFFER_BYTES = 2**16


def prepare_folder(path: Path) -> Path:
    """Make a run folder, new or empty.

    Raises
    ------
    RunError
        When there is something in it (nothing recorded is ever overwritten), or it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise RunError(f"{path} is not empty: give a new folder, so that nothing recorded is overwritten")
    except (FileExistsError, NotADirectoryError):
        raise RunError(f"{path} is a file: give the name of a new folder for the run") from None
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    return path


class RunWriter:
    """Writes one run.

    Parameters
    ----------
    folder : Path
        As `prepare_folder` gave it.
    manifest : Manifest
        Written at once; `finish` replaces it.

    Raises
    ------
    RunError
        Another writer was quicker in this folder (its files stay as they are), or the folder cannot be written (nothing
        stays in it).
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.n_records = 0
        try:
            # Made new or not at all: of two writers that found the folder empty, one gets it. A writer that is killed
            # leaves nothing to unlock, for a folder is never written twice.
            self._events = (folder / EVENTS).open("xb", buffering=_BUFFER_BYTES)
        except FileExistsError:
            raise RunError(f"{folder} has a writer already: give another folder, so that no run is mixed up") from None
        except OSError as error:
            raise _cannot_be_written(folder, error) from None
        self._tracks: dict[Track, WavTrack] = {}
        try:
            write_manifest(folder, manifest)
            for track in TRACKS:
                self._tracks[track] = WavTrack(folder / f"{track}.wav")
        except OSError as error:
            with suppress(OSError):
                self.close()
            for name in (EVENTS, MANIFEST, *(f"{track}.wav" for track in TRACKS)):
                (folder / name).unlink(missing_ok=True)
            raise _cannot_be_written(folder, error) from None

    def record(self, record: Record) -> None:
        """Append one record."""
        self.line(encode_line(record))

    def line(self, line: bytes) -> None:
        """Append one record as `encode_line` gives it."""
        self._events.write(line)
        self.n_records += 1

    def audio(self, track: Track, start: int, samples: Samples) -> None:
        """Write samples into a track."""
        self._tracks[track].write(start, samples)

    def flush(self) -> None:
        """Hand everything to the operating system: a killed process loses nothing that was flushed."""
        for track in self._tracks.values():
            track.flush()
        # Last: what a record says of its sound is there to be found.
        self._events.flush()

    def finish(self, manifest: Manifest) -> None:
        """Close the files and write the final manifest."""
        self.close()
        write_manifest(self.folder, manifest)

    def close(self) -> None:
        """Close the files as they are; the manifest goes on saying ``running``.

        One that cannot be completed (a full disk) does not keep the others open.
        """
        with ExitStack() as files:
            files.callback(self._events.close)
            for track in self._tracks.values():
                files.callback(track.close)


def _cannot_be_written(folder: Path, error: OSError) -> RunError:
    return RunError(f"{folder} cannot be written ({error.strerror}): choose a folder with room where you may write")
