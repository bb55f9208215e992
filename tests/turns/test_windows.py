"""Windows as rows of floats."""

from __future__ import annotations

import numpy as np
import pytest

from voicelab.errors import AudioError
from voicelab.turns.windows import to_float


def test_int16_full_scale_becomes_minus_1_and_floats_stay() -> None:
    """Both ways of writing a sample mean the same to a detector."""
    rows = np.array([[-32768, 16384]], np.int16)
    assert to_float(rows, 2).tolist() == [[-1.0, 0.5]]
    assert to_float(np.array([[-1.0, 0.5]], np.float32), 2).tolist() == [[-1.0, 0.5]]


def test_other_types_are_refused_by_name() -> None:
    """A float64 array is more often a mistake of scale than a wish."""
    with pytest.raises(AudioError, match="float64"):
        to_float(np.zeros((1, 512)), 512)


@pytest.mark.parametrize("shape", [(1, 511), (1, 1024), (512,)])
def test_windows_of_another_length_are_refused(shape: tuple[int, ...]) -> None:
    """The error names the length that is right."""
    with pytest.raises(AudioError, match="windows of 512 samples"):
        to_float(np.zeros(shape, np.int16), 512)
