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
        ({"audio": {"input": {"turn_detection": {"type": "semantic_vad"}}}}, "session.audio.input.turn_detection"),
        ({"audio": {"input": {"noise_reduction": {"type": "near_field"}}}}, "session.audio.input.noise_reduction"),
        ({"truncation": "disabled"}, "session.truncation"),
        ({"reasoning": {"effort": "low"}}, "session.reasoning"),
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
