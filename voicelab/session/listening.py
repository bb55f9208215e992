"""Listening to a microphone: its sound becomes the session's, for as long as it lasts.

In: a `Microphone`.  Out: appended sound; facts: when it began, why it ended.
Does not know: what kind of microphone it is, how loud it is (``levels``), or what the server makes of it.
"""

from __future__ import annotations

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.errors import AudioError
from voicelab.runlog.recorder import Recorder
from voicelab.session.appending import Appending
from voicelab.session.incoming import Incoming
from voicelab.session.levels import Levels
from voicelab.session.microphone import Microphone
from voicelab.session.source import Source

#: Why a microphone was let go, where nothing was wrong with it.
STOPPED, REPLACED = "stopped", "replaced"


class Listening:
    """The microphone of one session, one at a time.

    Parameters
    ----------
    appending, incoming, source, levels, recorder
        The session's parts.
    """

    def __init__(
        self, appending: Appending, incoming: Incoming, source: Source, levels: Levels, recorder: Recorder
    ) -> None:
        self._appending = appending
        self._in = incoming
        self._source = source
        self._levels = levels
        self._recorder = recorder
        self._microphone: Microphone | None = None
        self.muted = False
        """Silence is sent instead of what the microphone hears."""

    @property
    def name(self) -> str | None:
        """The microphone that is listened to."""
        return self._microphone.name if self._microphone is not None else None

    async def begin(self, microphone: Microphone) -> None:
        """Listen to a microphone, instead of the one before.

        Raises
        ------
        AudioError
            It cannot be had.
        """
        self.end(REPLACED)
        self._levels.begin()
        # Set first: it may be lost, or another one be chosen, while it is being opened.
        self._microphone = microphone

        def lost(reason: str) -> None:
            if self._microphone is microphone:  # it may say so late, when another one is listened to
                self.end(reason)

        try:
            await microphone.open(self._heard, lost)
        except AudioError:
            if self._microphone is not microphone:
                return  # nobody waits for it any more
            self._microphone = None
            raise
        if self._microphone is microphone:
            self._recorder.local("source.started", microphone=microphone.name)

    def end(self, reason: str = STOPPED) -> None:
        """Listen no more; harmless when nobody listens."""
        microphone, self._microphone = self._microphone, None
        if microphone is not None:
            microphone.close()
            self._recorder.local("source.stopped", microphone=microphone.name, reason=reason)

    def _heard(self, samples: Samples) -> None:
        # A clip that is played speaks for the user until it is over.
        if self._microphone is None or self._source.busy:
            return
        self._appending.append(np.zeros_like(samples) if self.muted else samples, self._in.format_of("input"))
        if not self.muted:
            self._levels.heard_by_microphone(samples)
