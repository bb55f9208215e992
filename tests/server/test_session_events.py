"""session.update: merged, checked, refused where it cannot be honoured, always answered with what is in force."""

from __future__ import annotations

import pytest

from tests.server.room import Client, converse


def updated(*sessions: dict[str, object]) -> Client:
    """Send updates one after the other."""

    async def talk(client: Client) -> None:
        for n, session in enumerate(sessions, start=1):
            await client.send("session.update", session={"type": "realtime", **session}, event_id=f"update-{n}")
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
        await client.send("conversation.item.create", item=item)
        await client.until("conversation.item.done")

    return converse(talk)


def test_absent_fields_stay_and_null_clears() -> None:
    """An update changes what it names and nothing else; null takes a setting away."""
    client = updated(
        {"instructions": "Be brief.", "audio": {"output": {"voice": "cedar"}}},
        {"audio": {"input": {"turn_detection": None}}},
    )
    session = client.of("session.updated")[-1]["session"]
    assert session["instructions"] == "Be brief."
    assert session["audio"]["output"]["voice"] == "cedar"
    assert session["audio"]["input"]["turn_detection"] is None


def test_one_wrong_value_rejects_the_whole_update() -> None:
    """Nothing of an update holds when a value in it is wrong; the error names the path."""
    client = updated(
        {"instructions": "No.", "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}}
    )
    error = client.of("error")[0]["error"]
    assert error["param"] == "session.audio.input.turn_detection.threshold"
    assert error["event_id"] == "update-1"
    assert not client.of("session.updated")


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"reasoning": {"effort": "low"}}, "session.reasoning"),
        ({"prompt": {"id": "pmpt_1"}}, "session.prompt"),
        ({"tools": [{"type": "mcp", "server_label": "s", "server_url": "https://example.org"}]}, "session.tools[0]"),
        ({"include": ["item.input_audio_transcription.logprobs"]}, "session.include"),
    ],
)
def test_what_cannot_be_done_is_refused_field_by_field(session: dict[str, object], param: str) -> None:
    """The rest of the update is applied, session.updated is sent, then one error for the refused field."""
    client = updated({"instructions": "Yes.", **session})
    kinds = client.kinds
    assert kinds.index("session.updated") + 1 == kinds.index("error")
    assert client.of("session.updated")[0]["session"]["instructions"] == "Yes."
    assert client.of("error")[0]["error"]["param"] == param
    assert client.of("error")[0]["error"]["event_id"] == "update-1"


def test_voice_cannot_change_after_audio_was_sent() -> None:
    """cannot_update_voice refuses the whole update; the same voice again is no change."""

    async def talk(client: Client) -> None:
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
        await client.send("conversation.item.create", item=item)
        await client.send("response.create")
        await client.until("response.done")
        for voice in ("cedar", "marin"):
            change = {"type": "realtime", "instructions": voice, "audio": {"output": {"voice": voice}}}
            await client.send("session.update", session=change)
        await client.until("session.updated")

    client = converse(talk)
    assert [e["error"]["code"] for e in client.of("error")] == ["cannot_update_voice"]
    assert [e["session"]["instructions"] for e in client.of("session.updated")] == ["marin"]


def test_session_sent_back_as_it_came_changes_nothing() -> None:
    """A client may return the session object: read-only fields are passed over."""

    async def talk(client: Client) -> None:
        created = await client.until("session.created")
        await client.send("session.update", session=created["session"])
        await client.until("session.updated")

    client = converse(talk)
    assert client.of("session.updated")[0]["session"] == client.of("session.created")[0]["session"]


def test_missing_type_is_an_error() -> None:
    """The GA protocol requires session.type."""

    async def talk(client: Client) -> None:
        await client.send("session.update", session={"instructions": "x"})
        await client.until("error")

    assert converse(talk).of("error")[0]["error"]["param"] == "session.type"


def test_two_refused_fields_are_two_errors() -> None:
    """Each names its own path and the event that asked."""
    client = updated({"reasoning": {"effort": "low"}, "prompt": {"id": "pmpt_1"}})
    assert {(e["error"]["param"], e["error"]["event_id"]) for e in client.of("error")} == {
        ("session.prompt", "update-1"),
        ("session.reasoning", "update-1"),
    }


EVERYTHING = {
    "instructions": "Be brief.",
    "output_modalities": ["text"],
    "audio": {
        "input": {
            "format": {"type": "audio/pcmu"},
            "transcription": {"model": "whisper-1", "language": "en"},
            "noise_reduction": {"type": "far_field", "strength": 0.5},
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.7,
                "prefix_padding_ms": 100,
                "silence_duration_ms": 900,
                "idle_timeout_ms": 6000,
                "create_response": False,
                "interrupt_response": False,
            },
        },
        "output": {"format": {"type": "audio/pcma"}, "voice": "verse", "speed": 1.25},
    },
    "tools": [{"type": "function", "name": "get_weather", "description": "", "parameters": {"type": "object"}}],
    "tool_choice": {"type": "function", "name": "get_weather"},
    "parallel_tool_calls": False,
    "max_output_tokens": 500,
    "truncation": {"type": "retention_ratio", "retention_ratio": 0.8, "token_limits": {"post_instructions": 2000}},
    "tracing": {"workflow_name": "lab", "group_id": "g", "metadata": {"n": "1"}},
}


def within(asked: object, echoed: object) -> bool:
    """Whether everything that was asked stands in what was echoed."""
    if isinstance(asked, dict) and isinstance(echoed, dict):
        return all(key in echoed and within(value, echoed[key]) for key, value in asked.items())
    if isinstance(asked, list) and isinstance(echoed, list):
        return len(asked) == len(echoed) and all(map(within, asked, echoed))
    return asked == echoed


def test_every_setting_is_echoed_as_it_is_in_force() -> None:
    """All fields of a session at once: nothing is lost on the way, nothing refused."""
    client = updated(EVERYTHING)
    assert within(EVERYTHING, client.of("session.updated")[0]["session"])
    assert not client.of("error")


def test_null_clears_what_can_be_cleared() -> None:
    """Detection, transcription and noise reduction go; text and tools are cleared by empty values."""
    cleared = {
        "instructions": "",
        "tools": [],
        "audio": {"input": {"turn_detection": None, "transcription": None, "noise_reduction": None}},
    }
    client = updated({**EVERYTHING, "tool_choice": "auto"}, cleared)
    session = client.of("session.updated")[1]["session"]
    assert within(cleared, session)
    assert session["audio"]["output"]["voice"] == "verse"


def test_the_strength_of_noise_reduction_is_kept_when_left_out() -> None:
    """Another type is no reset."""
    client = updated(
        {"audio": {"input": {"noise_reduction": {"type": "near_field", "strength": 0.5}}}},
        {"audio": {"input": {"noise_reduction": {"type": "far_field"}}}},
    )
    reduction = client.of("session.updated")[1]["session"]["audio"]["input"]["noise_reduction"]
    assert reduction == {"type": "far_field", "strength": 0.5}


def test_another_kind_of_detection_begins_with_its_own_defaults() -> None:
    """Server and semantic detection have other fields; nothing of the one is left in the other."""
    client = updated(
        {"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 900}}}},
        {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "high"}}}},
    )
    detection = client.of("session.updated")[1]["session"]["audio"]["input"]["turn_detection"]
    assert detection == {
        "type": "semantic_vad",
        "eagerness": "high",
        "create_response": True,
        "interrupt_response": True,
    }


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"audio": {"output": {"speed": 1.6}}}, "session.audio.output.speed"),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}, "session.audio.input.format.rate"),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 1000}}}},
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "greedy"}}}},
            "session.audio.input.turn_detection.eagerness",
        ),
        ({"max_output_tokens": 5000}, "session.max_output_tokens"),
        ({"output_modalities": ["audio", "text"]}, "session.output_modalities"),
        ({"truncation": {"type": "retention_ratio", "retention_ratio": 2}}, "session.truncation.retention_ratio"),
        ({"audio": {"input": {"transcription": {"model": "nobody"}}}}, "session.audio.input.transcription.model"),
        ({"modalities": ["text"]}, "session.modalities"),
    ],
)
def test_a_value_out_of_range_is_named_by_its_path(session: dict[str, object], param: str) -> None:
    """And the whole update is off, instructions and all."""
    client = updated({"instructions": "No.", **session})
    assert [e["error"]["param"] for e in client.of("error")] == [param]
    assert not client.of("session.updated")


def test_a_beta_name_is_answered_with_its_new_name() -> None:
    """Whoever copied an old example is told what the field is called now."""
    message = updated({"voice": "cedar"}).of("error")[0]["error"]["message"]
    assert "audio.output.voice" in message


def test_a_session_stays_of_its_kind() -> None:
    """A conversation does not become a transcription session, nor the other way round."""
    client = updated({"type": "transcription"})
    assert client.of("error")[0]["error"]["param"] == "session.type"
    assert "transcription" in client.of("error")[0]["error"]["message"]


def test_a_transcription_session_is_configured_by_its_ears_alone() -> None:
    """Format, model, detection, noise reduction; a voice is no part of it."""

    async def talk(client: Client) -> None:
        ears = {"transcription": {"model": "whisper-1"}, "turn_detection": None}
        await client.send("session.update", session={"type": "transcription", "audio": {"input": ears}})
        voice = {"output": {"voice": "ash"}}
        await client.send("session.update", session={"type": "transcription", "audio": voice}, event_id="voice")
        await client.until("error")

    client = converse(talk, kind="transcription")
    session = client.of("session.updated")[0]["session"]
    assert (session["type"], session["object"]) == ("transcription", "realtime.transcription_session")
    assert session["audio"]["input"]["transcription"]["model"] == "whisper-1"
    assert "output" not in session["audio"]
    assert client.of("error")[0]["error"]["param"] == "session.audio.output"


def test_what_came_with_the_client_secret_is_in_force_from_the_start() -> None:
    """The first event shows it; what of it cannot be done is said behind."""

    async def talk(client: Client) -> None:
        await client.until("error")

    attached = {"type": "realtime", "instructions": "Be kind.", "prompt": {"id": "pmpt_1"}}
    client = converse(talk, attached=attached)
    assert client.of("session.created")[0]["session"]["instructions"] == "Be kind."
    assert client.kinds[:3] == ["session.created", "conversation.created", "error"]
    assert client.of("error")[0]["error"]["param"] == "session.prompt"
