"""Promises of `voicelab.server.changes`: what may change, and when."""

from __future__ import annotations

from typing import Any

import pytest

from voicelab.errors import ConfigError
from voicelab.protocol.settings import SessionConfig, TranscriptionConfig, update
from voicelab.server.changes import TRANSCRIPTION_MODELS, apply_change, check_change


def change(asked: dict[str, Any], *, audio_was_sent: bool = False, response_runs: bool = False) -> None:
    """Check an update of a fresh conversation."""
    before = SessionConfig()
    check_change(before, update(before, asked), audio_was_sent=audio_was_sent, response_runs=response_runs)


def test_the_voice_may_change_until_it_was_heard() -> None:
    """Before the first audio any voice; after it only the one that was heard."""
    cedar = {"audio": {"output": {"voice": "cedar"}}}
    change(cedar)
    with pytest.raises(ConfigError, match="assistant audio is present") as caught:
        change(cedar, audio_was_sent=True)
    assert (caught.value.code, caught.value.param) == ("cannot_update_voice", "session.audio.output.voice")
    change({"audio": {"output": {"voice": "marin"}}}, audio_was_sent=True)


def test_the_speed_may_change_between_turns_only() -> None:
    """While a response is in progress another speed is refused; the same one is no change."""
    change({"audio": {"output": {"speed": 1.2}}})
    with pytest.raises(ConfigError) as caught:
        change({"audio": {"output": {"speed": 1.2}}}, response_runs=True)
    assert caught.value.param == "session.audio.output.speed"
    change({"audio": {"output": {"speed": 1.0}}}, response_runs=True)


def test_tracing_stays_as_it_is_once_it_is_on() -> None:
    """It may be switched on, and then neither changed nor switched off."""
    off, on = SessionConfig(), SessionConfig(tracing="auto")
    check_change(off, on, audio_was_sent=False, response_runs=False)
    check_change(on, on, audio_was_sent=False, response_runs=False)
    with pytest.raises(ConfigError, match="tracing"):
        check_change(on, off, audio_was_sent=False, response_runs=False)


@pytest.mark.parametrize("model", TRANSCRIPTION_MODELS)
def test_every_listed_transcription_model_can_be_named(model: str) -> None:
    """Without turn detection, all of them."""
    change({"audio": {"input": {"turn_detection": None, "transcription": {"model": model}}}})


def test_a_transcription_model_that_does_not_exist_is_refused_with_those_that_do() -> None:
    """A slip in a name is told at once."""
    with pytest.raises(ConfigError, match="whisper-1") as caught:
        change({"audio": {"input": {"transcription": {"model": "whisper-9"}}}})
    assert caught.value.param == "session.audio.input.transcription.model"


def test_a_transcription_session_has_the_same_rules_for_its_ears() -> None:
    """Voice, speed and tracing are nothing to it."""
    before = TranscriptionConfig()
    after = update(before, {"audio": {"input": {"transcription": {"model": "nobody"}}}})
    with pytest.raises(ConfigError, match="nobody"):
        check_change(before, after, audio_was_sent=True, response_runs=True)


def test_a_model_without_detection_switches_it_off_unless_it_is_asked_for() -> None:
    """``turn_detection`` omitted beside gpt-realtime-whisper is null; asked for, it is refused."""
    ears: dict[str, Any] = {"transcription": {"model": "gpt-realtime-whisper"}}
    changed, refusals = apply_change(TranscriptionConfig(), {"audio": {"input": ears}})
    assert (changed.audio.input.turn_detection, refusals) == (None, [])
    with pytest.raises(ConfigError, match="send null") as caught:
        apply_change(TranscriptionConfig(), {"audio": {"input": {**ears, "turn_detection": {"type": "server_vad"}}}})
    assert caught.value.param == "session.audio.input.turn_detection"
    plain = {"audio": {"input": {"transcription": {"model": "whisper-1"}}}}
    assert apply_change(TranscriptionConfig(), plain)[0].audio.input.turn_detection is not None


def test_a_session_can_be_sent_back_as_it_came() -> None:
    """What only a server sets is passed over, voicelab's own part included."""
    asked = {"type": "realtime", "id": "sess_1", "object": "realtime.session", "expires_at": 1, "voicelab": {"x": 1}}
    assert apply_change(SessionConfig(), asked) == (SessionConfig(), [])
