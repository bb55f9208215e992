"""The promises of the messages between a host and its worker."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from voicelab.engines.worker_messages import (
    HEADER_BYTES,
    Answer,
    Failed,
    Feed,
    Final,
    Finish,
    Hear,
    Partial,
    Pause,
    Request,
    Resume,
    Speak,
    Spoken,
    Start,
    from_wire,
    pack,
    to_wire,
)
from voicelab.errors import ConfigError, EngineError

REQUESTS = (
    Hear("guide", ("hello", "count to {number}")),
    Start(7),
    Feed(b"\x01\x00\xff\x7f"),
    Pause(),
    Resume(),
    Finish(),
    Speak(3, "naïve 😀", "marin", 1.25),
)
ANSWERS = (
    Partial(7, "hel"),
    Final(7, "hello", False, 0.75, "pocketsphinx guide"),
    Spoken(3, b"\x00\x00", "hello ", False),
    Failed(3, "no", None),
)


@pytest.mark.parametrize("message", REQUESTS, ids=lambda message: type(message).__name__)
def test_a_request_arrives_as_it_was_sent(message: Request) -> None:
    """The header tells the length of exactly the rest."""
    data = pack(message)
    assert int.from_bytes(data[:HEADER_BYTES], "big") == len(data) - HEADER_BYTES
    assert msgspec.msgpack.decode(data[HEADER_BYTES:], type=Request) == message


@pytest.mark.parametrize("message", ANSWERS, ids=lambda message: type(message).__name__)
def test_an_answer_arrives_as_it_was_sent(message: Answer) -> None:
    """As a request does."""
    assert msgspec.msgpack.decode(pack(message)[HEADER_BYTES:], type=Answer) == message


def test_samples_survive_the_wire() -> None:
    """Every value, little-endian whatever the machine is."""
    samples = np.arange(-32768, 32768, dtype=np.int16)
    assert np.array_equal(from_wire(to_wire(samples)), samples)
    assert to_wire(np.array([1, -2], np.int16)) == b"\x01\x00\xfe\xff"


def test_an_engine_error_keeps_its_kind_and_words() -> None:
    """What failed in the worker reads the same at the caller."""
    error = Failed.of(1, EngineError("it broke")).as_error()
    assert isinstance(error, EngineError)
    assert str(error) == "it broke"


@pytest.mark.parametrize("param", ["session.voice", None])
def test_a_setting_error_keeps_its_kind_words_and_path(param: str | None) -> None:
    """So the server can tell the client which setting was wrong."""
    error = Failed.of(1, ConfigError("not that", param=param)).as_error()
    assert isinstance(error, ConfigError)
    assert (str(error), error.param) == ("not that", param)
