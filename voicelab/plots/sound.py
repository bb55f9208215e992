"""A run's sound to listen to: both sides mixed on one clock, as text that stands inside an HTML file.

In: a `Run`.  Out: samples; ``data:`` addresses that any browser plays.
Does not know: HTML, players.
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO

import numpy as np

from voicelab.audio.samples import RATE_HZ, Samples
from voicelab.measure.facts import TurnFacts
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn

# What is played in front of the first word, so that it is not missed.
_LEAD_MS = 300.0


def mixed(run: Run, start_ms: float, end_ms: float) -> Samples:
    """Return what was sent and what was heard between two instants of the run, added up."""
    both = [run.stretch(track, start_ms, end_ms).astype(np.int32) for track in ("input", "heard")]
    return np.asarray(np.sum(both, axis=0).clip(-32768, 32767), np.int16)


def turn_stretch_ms(turn: Turn, found: TurnFacts) -> tuple[float, float] | None:
    """Return where a turn's sound begins and ends on the run's time line; None when it has none.

    From just before the user's first word (or, typed, the reply's) to the last sample of the reply that was heard,
    or to the end of the speech where nothing was.
    """
    heard = [ref for response in found.responses for item in response.items.values() for ref in item.heard_refs]
    starts_ms = [start * 1000 / RATE_HZ for start, _ in heard]
    ends_ms = [(start + n) * 1000 / RATE_HZ for start, n in heard]
    if turn.speech_start_ms is not None and turn.speech_end_ms is not None:
        starts_ms.append(turn.speech_start_ms)
        ends_ms.append(turn.speech_end_ms)
    return (max(0.0, min(starts_ms) - _LEAD_MS), max(ends_ms)) if starts_ms else None


def flac_address(samples: Samples) -> str:
    """Return 16-bit mono 24 kHz samples as a ``data:`` address of a FLAC file: nothing lost, under half of a WAV."""
    import soundfile

    file = BytesIO()
    soundfile.write(file, samples, RATE_HZ, format="FLAC", subtype="PCM_16")
    return "data:audio/flac;base64," + b64encode(file.getvalue()).decode("ascii")
