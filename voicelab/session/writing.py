"""Who writes the run folder of a live session: a thread of its own (in virtual time nobody else: `DirectWriting`).

In: records as lines, samples.  Out: files, written and flushed twice a second; what found no room to wait is counted.
Does not know: what a record means.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress

from voicelab.audio.samples import Samples
from voicelab.errors import RunError
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import Track
from voicelab.runlog.writer import RunWriter

FLUSH_S = 0.5
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
        """Wait until the thread has written what it was handed so far."""
        reached = threading.Event()
        if self._thread.is_alive():
            self._post_now(reached)
            reached.wait(timeout=SYNC_TIMEOUT_S)

    def finish(self, manifest: Manifest) -> None:
        """Wait until everything is written.

        Raises
        ------
        RunError
            When the disk did not take it; what was written before is still there.
        """
        if self._thread.is_alive():
            self._post_now(manifest)
            self._thread.join()
        if self._failure is not None:
            raise RunError(
                f"{self._writer.folder} could not be written to the end: {self._failure.strerror or self._failure}; "
                f"{self._writer.n_records:,} records are in it"
            )

    def _post(self, item: bytes | _Audio) -> None:
        n_waiting = len(self._waiting)
        if n_waiting >= MOST_WAITING:
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
                    self._writer.flush()
                    reached.set()
        return False
