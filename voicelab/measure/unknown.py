"""What a log cannot tell: numbers that need a clock it does not have, or words that were taken out of it, are null.

In: a run's manifest, and what was computed from its log.  Out: the same without what nobody can know.
Does not know: how anything is computed.

An imported log may have no time stamps at all (its clock ``t_ns`` begins with ``unknown`` in the manifest; the order of
the events is all there is), or its sound may have been sent faster than anybody speaks (``input``): a position in the
sound then is at no instant of the run, and nothing can be measured from the end of speech.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from voicelab.measure.metric import Metric
from voicelab.measure.turns import Turn
from voicelab.runlog.manifest import Manifest

#: Lengths between the end of the user's speech and something else.
_FROM_SPEECH: tuple[str, ...] = ("voice_to_voice_ms", "endpoint_ms", "transcript_delay_ms", "residual_ms")
#: Lengths between any two records.
_BETWEEN_RECORDS = (*_FROM_SPEECH, "from_stopped_ms", "request_ms", "model_ms", "playout_ms", "first_audio_ms")
_WORDS = ("wer", "word_")


def is_clock_known(manifest: Manifest, clock: str) -> bool:
    """Return whether a clock of a run measures anything.

    Parameters
    ----------
    manifest : Manifest
    clock : {"t_ns", "input", "heard"}
    """
    return not manifest.clocks.get(clock, "").startswith("unknown")


def known_of_turn(turn: Turn, manifest: Manifest) -> Turn:
    """Return a turn with null for the lengths that this run's clocks do not measure."""
    if not is_clock_known(manifest, "t_ns"):
        names = _BETWEEN_RECORDS
    elif not is_clock_known(manifest, "input"):
        names = _FROM_SPEECH
    else:
        return turn
    nothing: dict[str, Any] = dict.fromkeys(names)
    return replace(turn, **nothing)


def known_of_metric(metric: Metric, manifest: Manifest) -> Metric:
    """Return a metric, null and with the reason where this run's log cannot tell it."""
    is_about_words = metric.metric.startswith(_WORDS)
    if manifest.redaction == "no text" and (is_about_words or metric.metric.startswith("takeover")):
        return _nothing(metric, "the words were taken out of this copy")
    if is_about_words:
        return metric
    if not is_clock_known(manifest, "t_ns"):
        return _nothing(metric, "the log has no time stamps")
    if metric.basis != "measured" and not is_clock_known(manifest, "input"):
        return _nothing(metric, "the sound was sent faster than it was spoken")
    return metric


def _nothing(metric: Metric, why: str) -> Metric:
    return replace(metric, value=None, low=None, high=None, n=0, n_missing=metric.n + metric.n_missing, note=why)
