"""Who writes the run folder of a live session: a thread of its own (in virtual time nobody else: `DirectWriting`).

In: records as lines, samples.  Out: files, written and flushed more than twice a second; what found no room to wait, or
no disk to go to, is counted.
Does not know: what a record means.

A disk that refuses something ends the log, not the session: what was written before stays, what comes after is counted
as dropped, and whoever completes the folder is told.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress

import msgspec

from voicelab.audio.samples import Samples
from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest, write_manifest
from voicelab.runlog.reader import read_records
from voicelab.runlog.record import Track
from voicelab.runlog.writer import RunWriter

# A process that is killed loses at most half a second: that leaves a tenth for the writing itself.
FLUSH_S = 0.4
SYNC_TIMEOUT_S = 5.0
MOST_WAITING = 50_000
# So much at once does not wait for its half second: it comes faster than speech.
_MANY = 10_000

_Audio = tuple[Track, int, Samples]


class ThreadedWriting:
    """Writes on a thread of its own: a slow disk never stops the sound.

    The thread wakes twice a second and takes all that waits: waking it for each record would cost the session more time
    than all the rest of writing it down.

    Parameters
    ----------
    writer : RunWriter
        Used by that thread alone from now on.
    """

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer
        # Appending and popping at the ends are safe between threads.
        self._waiting: deque[bytes | _Audio | Manifest | threading.Event] = deque()
        self._wake = threading.Event()
        self._failure: OSError | None = None
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="voicelab-writer", daemon=True)
        self._thread.start()

    def line(self, line: bytes) -> None:
        """Hand a record to the thread."""
        self._post(line)

    def audio(self, track: Track, start: int, samples: Samples) -> None:
        """Hand samples to the thread."""
        self._post((track, start, samples))

    def sync(self) -> None:
        """Wait until the thread has written what it was handed so far; not where the disk has refused it."""
        reached = threading.Event()
        if self._thread.is_alive():
            self._post_now(reached)
            # Asked again after posting: a thread that failed in between has not seen the question.
            if self._failure is None:
                reached.wait(timeout=SYNC_TIMEOUT_S)

    def finish(self, manifest: Manifest) -> None:
        """Wait until everything is written.

        Raises
        ------
        RunError
            When the disk did not take it; what was written before is still there, and the manifest says ``failed``
            where the disk takes that.
        """
        if self._thread.is_alive():
            self._post_now(manifest)
            self._thread.join()
        if self._failure is None:
            return
        why = self._failure.strerror or str(self._failure)
        # Counted in the folder: what was handed to the file may have been held in its buffer.
        n_records = len(read_records(self._writer.folder)[0])
        with suppress(OSError):
            write_manifest(
                self._writer.folder,
                msgspec.structs.replace(
                    manifest,
                    state="failed",
                    reason=f"the log could not be written to the end: {why}",
                    records=n_records,
                    dropped=self.dropped,
                ),
            )
        raise RunError(f"{self._writer.folder} could not be written to the end: {why}; {n_records:,} records are in it")

    def _post(self, item: bytes | _Audio) -> None:
        n_waiting = len(self._waiting)
        if n_waiting >= MOST_WAITING or self._failure is not None:
            self.dropped += 1
            return
        self._waiting.append(item)
        if n_waiting >= _MANY and not self._wake.is_set():
            self._wake.set()

    def _post_now(self, item: Manifest | threading.Event) -> None:
        self._waiting.append(item)
        self._wake.set()

    def _run(self) -> None:
        try:
            while not self._write_what_waits():
                self._writer.flush()
                self._wake.wait(FLUSH_S)
                self._wake.clear()
        except OSError as error:
            self._failure = error
            with suppress(OSError):  # the disk that refused a record may refuse the last bytes of a file as well
                self._writer.close()
            self._drop_what_waits()

    def _write_what_waits(self) -> bool:
        """Write what waits now, no later arrivals, since a flush is due; return whether the last thing was among it."""
        for _ in range(len(self._waiting)):
            match self._waiting.popleft():
                case bytes(line):
                    self._writer.line(line)
                case (track, start, samples):
                    self._writer.audio(track, start, samples)
                case Manifest() as manifest:
                    self._writer.finish(manifest)
                    return True
                case threading.Event() as reached:
                    try:
                        self._writer.flush()
                    finally:
                        reached.set()
        return False

    def _drop_what_waits(self) -> None:
        """Count what will not be written any more, and let nobody wait for it."""
        while self._waiting:
            match self._waiting.popleft():
                case threading.Event() as reached:
                    reached.set()
                case bytes() | tuple():
                    self.dropped += 1
