"""From what is asked to what is in force: what may change, and when; what is passed over, implied, refused.

In: the configuration in force, the partial session object, and what has happened in the session.  Out: the new
configuration and the refused fields, or the error that refuses the whole update.
Does not know: who asks (an update, or a client secret), or events.
Source: OpenAI's session reference; the words of ``cannot_update_voice`` are the hosted service's, as others report
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicelab.errors import ConfigError
from voicelab.protocol.settings import AudioInput, Config, SessionConfig, TranscriptionConfig, merge, update
from voicelab.server.capabilities import split_update

TRANSCRIPTION_MODELS = (
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
    "gpt-transcribe",
    "gpt-live-transcribe",
    "gpt-realtime-whisper",
)
# A client may send the session back as it got it; what only the server sets is passed over.
READ_ONLY = ("id", "object", "expires_at", "voicelab", "client_secret")
# Models that write while somebody speaks, and leave it to the client to say where an utterance ends.
UNDETECTED_MODELS = ("gpt-realtime-whisper",)


def apply_change(
    config: Config, asked: Mapping[str, Any], *, audio_was_sent: bool = False, response_runs: bool = False
) -> tuple[Config, list[ConfigError]]:
    """Return the configuration after an update, and an error for each field that cannot be honoured.

    Parameters
    ----------
    config : SessionConfig or TranscriptionConfig
        In force now.
    asked : mapping
        The partial session object.
    audio_was_sent, response_runs : bool
        As in `check_change`.

    Raises
    ------
    ConfigError
        A value is wrong, the type is another session's, or the change comes at the wrong time: nothing holds then.
    """
    change = _with_implied({key: value for key, value in asked.items() if key not in READ_ONLY})
    kind = change.get("type", config.type)
    if kind != config.type and kind in ("realtime", "transcription"):
        raise ConfigError(
            f"Passing a {kind} session update event to a {config.type} session is not allowed.",
            param="session.type",
            code="invalid_value",
        )
    update(config, change)  # a wrong value is an error even in a field that is refused
    allowed, refusals = split_update(change)
    changed = update(config, allowed)
    check_change(config, changed, audio_was_sent=audio_was_sent, response_runs=response_runs)
    return changed, refusals


def _with_implied(change: dict[str, Any]) -> dict[str, Any]:
    """Switch turn detection off where a model is named that works without, and detection is not mentioned."""
    ears: Any = change
    for key in ("audio", "input"):
        ears = ears.get(key) if isinstance(ears, Mapping) else None
    transcription = ears.get("transcription") if isinstance(ears, Mapping) else None
    model = transcription.get("model") if isinstance(transcription, Mapping) else None
    if model not in UNDETECTED_MODELS or "turn_detection" in ears:
        return change
    return merge(change, {"audio": {"input": {"turn_detection": None}}})  # type: ignore[no-any-return]


def check_change(
    before: SessionConfig | TranscriptionConfig,
    after: SessionConfig | TranscriptionConfig,
    *,
    audio_was_sent: bool,
    response_runs: bool,
) -> None:
    """Refuse a change that comes at the wrong time.

    Parameters
    ----------
    before, after
        In force now, and asked for.
    audio_was_sent : bool
        The client has heard this session's voice.
    response_runs : bool
        A response is in progress.

    Raises
    ------
    ConfigError
        ``cannot_update_voice`` after the first audio, speed inside a response, tracing once it is on, a transcription
        model that does not exist or does not fit the turn detection.
    """
    _check_transcription(after.audio.input)
    if not isinstance(before, SessionConfig) or not isinstance(after, SessionConfig):
        return
    if audio_was_sent and after.audio.output.voice != before.audio.output.voice:
        raise cannot_update_voice("session.audio.output.voice")
    if response_runs and after.audio.output.speed != before.audio.output.speed:
        raise ConfigError(
            "session.audio.output.speed: the speed can change between turns only, not while a response is in progress.",
            param="session.audio.output.speed",
            code="cannot_update_speed",
        )
    if before.tracing is not None and after.tracing != before.tracing:
        raise ConfigError(
            "session.tracing: tracing cannot change once it is on.", param="session.tracing", code="invalid_value"
        )


def cannot_update_voice(param: str) -> ConfigError:
    """Return the refusal of another voice in a conversation that has been heard."""
    return ConfigError(
        "Cannot update a conversation's voice if assistant audio is present.", param=param, code="cannot_update_voice"
    )


def _check_transcription(audio: AudioInput) -> None:
    model = None if audio.transcription is None else audio.transcription.model
    if model is None:
        return
    if model not in TRANSCRIPTION_MODELS:
        raise ConfigError(
            f"Invalid value: '{model}'. Supported values are: {', '.join(TRANSCRIPTION_MODELS)}.",
            param="session.audio.input.transcription.model",
            code="invalid_value",
        )
    if model in UNDETECTED_MODELS and audio.turn_detection is not None:
        raise ConfigError(
            f"session.audio.input.turn_detection: {model} works without turn detection: send null and commit yourself.",
            param="session.audio.input.turn_detection",
            code="invalid_value",
        )
