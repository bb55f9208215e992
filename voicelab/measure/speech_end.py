"""The last voiced sample of an utterance: speech scores say roughly where speech ended, its sound says exactly where.

In: where the scores say that the user spoke, and the sent sound.  Out: the same with its end moved back to the sound's.
Does not know: how scores are made, or turns.

A scored window covers 32 ms and its probability falls off late, so an end by the scores alone is late: on 50 turns that
people labelled by 47 ms at the median, and always by about as much, since the detector that is measured errs alike.
The end of the sound is right at the median there, and off by 20 ms instead of 55. The end is only ever moved back:
breath, reverberation and the room go on after speech, and the scores know better that they are none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from voicelab.audio.samples import Samples
from voicelab.measure.speech import Speech
from voicelab.runlog.record import TRACK_RATE_HZ, Track
from voicelab.turns.voiced import audible_end_ms

#: How far back from the scores' end the sound's is looked for: no longer than their windows and their decay.
_BACK_MS = 400.0
#: How much of the speech tells how loud it is.
_LOUDNESS_MS = 3_000.0
#: A tail this far below the loud part of the speech still is speech, however quiet the recording, within limits.
_BELOW_LOUD_DB = 30.0
_QUIETEST_DBFS, _LOUDEST_DBFS = -60.0, -45.0
_FRAME = TRACK_RATE_HZ // 100


def with_sound(speech: Speech, read_track: Callable[[Track, int, int], Samples]) -> Speech:
    """Return the speech with its end where its sound ends; as it was where that is known better, or not at all.

    Parameters
    ----------
    speech : Speech
        Only one whose ``end_from`` is the speech scores is moved.
    read_track : callable
        ``(track, start, n) -> samples``; fewer samples, or none, where the sound is missing.
    """
    if speech.end_from != "speech scores" or speech.start_ms is None or speech.end_ms is None:
        return speech
    first = round(max(speech.start_ms, speech.end_ms - _LOUDNESS_MS) * TRACK_RATE_HZ / 1000)
    n = round(speech.end_ms * TRACK_RATE_HZ / 1000) - first
    samples = read_track("input", first, n)
    if n < _FRAME or len(samples) < n:
        return speech
    back = min(n, round(_BACK_MS * TRACK_RATE_HZ / 1000))
    end_ms = audible_end_ms(samples[n - back :], TRACK_RATE_HZ, _threshold_dbfs(samples))
    return speech if end_ms is None else replace(speech, end_ms=(first + n - back) * 1000 / TRACK_RATE_HZ + end_ms)


def _threshold_dbfs(samples: Samples) -> float:
    """Return the level that ends speech: 30 dB below its loud part (95th percentile over 10 ms), -60 to -45 dBFS."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    power = np.maximum((frames**2).mean(axis=1) / 32768**2, 1e-12)
    loud_dbfs = float(np.percentile(10 * np.log10(power), 95))
    return min(max(loud_dbfs - _BELOW_LOUD_DB, _QUIETEST_DBFS), _LOUDEST_DBFS)
