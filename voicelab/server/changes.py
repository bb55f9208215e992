"""Which settings may change, and when: the rules that no single value shows.

In: the configuration in force, the one that was asked for, and what has happened in the session.  Out: nothing, or
the error that refuses the whole update.
Does not know: how an update is merged (``protocol.settings``) or what the engines can do (``capabilities``).
Source: OpenAI's session reference; the words of ``cannot_update_voice`` are the hosted service's, as others report
them.
"""

from __future__ import annotations

from voicelab.errors import ConfigError
from voicelab.protocol.settings import AudioInput, SessionConfig, TranscriptionConfig

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
# Models that write while somebody speaks, and leave it to the client to say where an utterance ends.
UNDETECTED_MODELS = ("gpt-realtime-whisper",)


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
