"""Who writes the run folder of a live session: a thread of its own (in virtual time nobody else: `DirectWriting`).

In: records, samples.  Out: files, flushed twice a second; what a full queue could not take is counted.
Does not know: what a record means.
"""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress

from voicelab.audio.samples import Samples
from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import Record, Track
from voicelab.runlog.recorder import DirectWriting, Writing
from voicelab.runlog.writer import RunWriter

__all__ = ["DirectWriting", "ThreadedWriting", "Writing"]

FLUSH_S = 0.5
SYNC_TIMEOUT_S = 5.0
MOST_WAITING = 50_000

_Audio = tuple[Track, int, Samples]


class ThreadedWriting:
    """Writes on a thread of its own: a slow disk never stops the sound.

    Parameters
    ----------
    writer : RunWriter
        Used by that thread alone from now on.
    """

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer
        self._waiting: queue.Queue[Record | _Audio | Manifest | threading.Event] = queue.Queue(MOST_WAITING)
        self._failure: OSError | None = None
        self.dropped = 0
        self._flush_at_s = 0.0
        self._thread = threading.Thread(target=self._run, name="voicelab-writer", daemon=True)
        self._thread.start()

    def record(self, record: Record) -> None:
        """Hand a record to the thread."""
        self._post(record)

    def audio(self, track: Track, start: int, samples: Samples) -> None:
        """Hand samples to the thread."""
        self._post((track, start, samples))

    def sync(self) -> None:
        """Wait until the thread has written what it was handed so far."""
        reached = threading.Event()
        if self._thread.is_alive():
            self._waiting.put(reached)
            reached.wait(timeout=SYNC_TIMEOUT_S)

    def finish(self, manifest: Manifest) -> None:
        """Wait until everything is written.

        Raises
        ------
        RunError
            When the disk did not take it; what was written before is still there.
        """
        if self._thread.is_alive():
            self._waiting.put(manifest)
            self._thread.join()
        if self._failure is not None:
            raise RunError(
                f"{self._writer.folder} could not be written to the end: {self._failure.strerror or self._failure}; "
                f"{self._writer.n_records:,} records are in it"
            )

    def _post(self, item: Record | _Audio) -> None:
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            self.dropped += 1

    def _run(self) -> None:
        try:
            while not self._write_one():
                pass
        except OSError as error:
            self._failure = error
            with suppress(OSError):  # the disk that refused a record may refuse the last bytes of a file as well
                self._writer.close()

    def _write_one(self) -> bool:
        """Write the next thing, flush twice a second in any case, and return whether it was the last."""
        if time.monotonic() >= self._flush_at_s:
            self._writer.flush()
            self._flush_at_s = time.monotonic() + FLUSH_S
        try:
            item = self._waiting.get(timeout=FLUSH_S)
        except queue.Empty:
            return False
        match item:
            case Record():
                self._writer.record(item)
            case Manifest():
                self._writer.finish(item)
                return True
            case threading.Event():
                self._writer.flush()
                item.set()
            case (track, start, samples):
                self._writer.audio(track, start, samples)
        return False
