"""What the tests with the official clients share: what is said to the server, and what its answers have to look like.

In: the address of a running server; lists of the official client's typed events.  Out: audio ready to send, ready-made
requests, assertions on whole lifecycles.
Does not know: which official client sends, sync or async; the checks are the same for both.
Source: the GA protocol as OpenAI documents it; one function here for each lifecycle of it.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from voicelab.audio.formats import PCM24, AudioFormat, Decoder, Encoder
from voicelab.audio.samples import Samples
from voicelab.experiments.clips import spoken_lines
from voicelab.session.local_server import LocalServer

MODEL = "gpt-realtime"
WATCHDOG_S = 30.0
SILENCE_SAMPLES = 24_000
APPEND_BYTES = 4_800
WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TEXT_ONLY: Any = {"type": "realtime", "output_modalities": ["text"]}
PUSH_TO_TALK: Any = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
NEVER_IN_AN_UNSPOKEN_TURN = ("response.output_audio.delta", "response.output_audio_transcript.delta")


def base_url(server: LocalServer) -> str:
    """Return the address as the official clients want it: HTTP, without the last step."""
    return server.url.replace("ws://", "http://").removesuffix("/realtime")


def said(text: str) -> Any:
    """Return a typed user message."""
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def appends(name: str, wire: AudioFormat = PCM24, *, silence: bool = True) -> list[str]:
    """Return one of the demo's clips as base64 chunks, with a second of silence behind it unless told otherwise."""
    samples = spoken_lines()[name].clip.samples
    if silence:
        samples = np.concatenate([samples, np.zeros(SILENCE_SAMPLES, np.int16)])
    encoder = Encoder(wire)
    data = encoder.feed(samples) + encoder.finish()
    return [base64.b64encode(data[at : at + APPEND_BYTES]).decode() for at in range(0, len(data), APPEND_BYTES)]


def kinds_of(events: list[Any]) -> list[str]:
    """Return the types in order, runs of the same type as one."""
    kinds: list[str] = []
    for event in events:
        if not kinds or kinds[-1] != event.type:
            kinds.append(event.type)
    return kinds


def of(events: list[Any], kind: str) -> list[Any]:
    """Return the events of one type."""
    return [event for event in events if event.type == kind]


def sound_of(events: list[Any], wire: AudioFormat = PCM24) -> Samples:
    """Return all reply audio as 24 kHz samples."""
    decoder = Decoder(wire)
    heard = [decoder.feed(base64.b64decode(e.delta)) for e in of(events, "response.output_audio.delta")]
    return np.concatenate([*heard, decoder.finish()]) if heard else np.zeros(0, np.int16)


def text_of_response(done: Any) -> str:
    """Return what a finished response says in its message, written or spoken."""
    parts = [part for item in done.response.output if item.type == "message" for part in item.content]
    return " ".join(part.text or part.transcript or "" for part in parts)


def assert_in_order(events: list[Any], *kinds: str) -> None:
    """Assert that the first events of these types came in this order."""
    seen = [event.type for event in events]
    missing = [kind for kind in kinds if kind not in seen]
    assert not missing, f"never came: {missing}; came: {kinds_of(events)}"
    places = [seen.index(kind) for kind in kinds]
    assert places == sorted(places), f"wanted {kinds}, got {kinds_of(events)}"


def assert_nothing_refused(events: list[Any]) -> None:
    """Assert that no ``error`` came."""
    assert [event.error.message for event in of(events, "error")] == []


def assert_usage_adds_up(usage: Any) -> None:
    """Assert that the totals of one response are the sums of their parts, the cached ones by modality too."""
    given, made = usage.input_token_details, usage.output_token_details
    cached = given.cached_tokens_details
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.input_tokens == given.text_tokens + given.audio_tokens + (given.image_tokens or 0)
    assert usage.output_tokens == made.text_tokens + made.audio_tokens
    assert given.cached_tokens == cached.text_tokens + cached.audio_tokens + (cached.image_tokens or 0)
    assert cached.text_tokens <= given.text_tokens
    assert cached.audio_tokens <= given.audio_tokens


def assert_text_turn(events: list[Any], text: str) -> None:
    """Assert the lifecycle of a written answer: its order, its ids, its words, and no sound."""
    assert_in_order(
        events,
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    )
    assert not [e for e in events if e.type in NEVER_IN_AN_UNSPOKEN_TURN]
    assert_nothing_refused(events)
    (created,), (done,) = of(events, "response.created"), of(events, "response.done")
    assert (created.response.status, done.response.status) == ("in_progress", "completed")
    assert created.response.id == done.response.id
    (item,) = done.response.output
    deltas = of(events, "response.output_text.delta")
    assert {(e.response_id, e.item_id, e.output_index, e.content_index) for e in deltas} == {
        (done.response.id, item.id, 0, 0)
    }
    (written,) = of(events, "response.output_text.done")
    assert "".join(e.delta for e in deltas) == written.text == text_of_response(done)
    assert item.content[0].type == "output_text"
    assert text in written.text
    assert_usage_adds_up(done.response.usage)
    assert done.response.usage.output_token_details.audio_tokens == 0


def assert_spoken_turn(events: list[Any], words: str, wire: AudioFormat = PCM24) -> None:
    """Assert the lifecycle of a turn that the detector found: heard, written down, answered in sound."""
    assert_in_order(
        events,
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    )
    assert_nothing_refused(events)
    started, stopped, committed = (
        of(events, f"input_audio_buffer.{end}")[0] for end in ("speech_started", "speech_stopped", "committed")
    )
    assert started.item_id == stopped.item_id == committed.item_id
    assert started.audio_start_ms < stopped.audio_end_ms
    user = of(events, "conversation.item.done")[0].item
    assert (user.id, user.role, user.content[0].type) == (committed.item_id, "user", "input_audio")
    written = of(events, "conversation.item.input_audio_transcription.completed")
    assert [(e.item_id, e.transcript) for e in written] == [(committed.item_id, words)]
    (done,) = of(events, "response.done")
    assert done.response.status == "completed"
    (item,) = done.response.output
    (spoken,) = of(events, "response.output_audio_transcript.done")
    assert spoken.transcript == "".join(e.delta for e in of(events, "response.output_audio_transcript.delta"))
    assert item.content[0].type == "output_audio"
    assert item.content[0].transcript == spoken.transcript != ""
    assert item.content[0].audio is None
    sound = sound_of(events, wire)
    assert np.sqrt(np.mean(sound.astype(float) ** 2)) > 300
    assert_usage_adds_up(done.response.usage)
    made = done.response.usage.output_token_details
    # One token for each 50 ms begun; a telephone code's last millisecond may still be in the filter.
    assert abs(made.audio_tokens - len(sound) / 1_200) <= 1.1
    assert done.response.usage.input_token_details.audio_tokens > 0


def assert_barge_in(events: list[Any]) -> Any:
    """Assert that the reply was cancelled because somebody began to speak; return its ``response.done``."""
    done = of(events, "response.done")[-1]
    assert done.response.status == "cancelled"
    assert (done.response.status_details.type, done.response.status_details.reason) == ("cancelled", "turn_detected")
    (item,) = done.response.output
    assert item.status == "incomplete"
    last = events.index(done)
    started = max(i for i, e in enumerate(events[:last]) if e.type == "input_audio_buffer.speech_started")
    assert [e.type for e in events[started:last] if e.type.endswith(".done")][:1]
    assert_usage_adds_up(done.response.usage)
    assert done.response.usage.output_token_details.audio_tokens > 0
    return done


def assert_out_of_band(events: list[Any], topics: dict[str, str]) -> None:
    """Assert several answers beside the conversation: told apart by metadata, and never items of it."""
    done = {e.response.metadata["topic"]: e for e in of(events, "response.done")}
    assert set(done) == set(topics)
    for topic, words in topics.items():
        response = done[topic].response
        assert (response.status, response.conversation_id) == ("completed", None)
        assert words in text_of_response(done[topic])
        deltas = [e.delta for e in of(events, "response.output_text.delta") if e.response_id == response.id]
        assert "".join(deltas) == text_of_response(done[topic])
    created = of(events, "response.created")
    assert [e.response.conversation_id for e in created] == [None] * len(topics)
    assert sorted(e.response.metadata["topic"] for e in created) == sorted(topics)
    assert not [e.type for e in events if e.type.startswith("conversation.item.")]
    assert_nothing_refused(events)


def assert_transcribed(events: list[Any], words: str) -> None:
    """Assert a turn of a transcription session: found, committed, written down, billed apart, never answered."""
    assert_in_order(
        events,
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.input_audio_transcription.completed",
    )
    assert not [e.type for e in events if e.type.startswith("response.")]
    assert_nothing_refused(events)
    (committed,) = of(events, "input_audio_buffer.committed")
    (written,) = of(events, "conversation.item.input_audio_transcription.completed")
    assert (written.item_id, written.transcript) == (committed.item_id, words)
    deltas = of(events, "conversation.item.input_audio_transcription.delta")
    assert "".join(e.delta for e in deltas) in ("", words)
    assert written.usage.type in ("tokens", "duration")
