"""The server as a child process: ready or explained, shared, and never left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as websocket

from voicelab.errors import TransportClosed, TransportError
from voicelab.measure.run import open_run
from voicelab.session.connect import connect
from voicelab.session.local_server import LocalServer, shared_local_server


def test_wrong_choice_is_told_in_the_servers_own_words() -> None:
    """A server that cannot start says why in one line."""
    with pytest.raises(TransportError, match="before it was ready: hearing must be one of guide, dictation, none"):
        LocalServer(hearing="everything")


def test_sessions_of_a_process_share_a_server_until_it_is_gone() -> None:
    """Same settings, same server; another one when it was closed."""
    first = shared_local_server("none", "mirror")
    assert shared_local_server("none", "mirror") is first
    assert first.running
    first.close()
    second = shared_local_server("none", "mirror")
    assert second is not first
    assert second.running
    second.close()


def test_server_has_a_key_of_its_own_and_listens_on_this_computer_only() -> None:
    """127.0.0.1, a free port, a fresh key each time; nothing complained of."""
    with LocalServer(hearing="none", reply="mirror") as one, LocalServer(hearing="none", reply="mirror") as other:
        assert one.url.startswith("ws://127.0.0.1:")
        assert one.url != other.url
        assert one.api_key != other.api_key
        assert len(one.api_key) >= 32
        assert one.log() == ""


def test_limits_and_the_trace_can_be_chosen_to_teach_with(tmp_path: Path) -> None:
    """A short life, a blocked word, and each session written down from the server's side."""
    with (
        LocalServer(hearing="none", session_seconds=2, blocked_words=["Ask"], trace=tmp_path / "traces") as server,
        connect(server.url, api_key=server.api_key, modality="text", out=tmp_path / "run") as session,
    ):
        turn = session.ask("Hello.")
        assert (turn.status, turn.reply.strip()) == ("incomplete", "Hello.")
        with pytest.raises(TransportClosed, match="session expired"):
            while True:
                session.ask("Hello.")
    (trace,) = (open_run(folder) for folder in (tmp_path / "traces").iterdir())
    assert trace.manifest.side == "server"
    assert trace.manifest.state == "complete"
    errors = [record.event["error"]["code"] for record in trace.records() if record.type == "error"]
    assert "session_expired" in errors


def test_a_frame_beyond_all_limits_is_told_and_one_beyond_reason_closes_only_its_session() -> None:
    """30 MiB: an error event, and the session goes on; 90 MiB: the end of this session, and the server goes on."""
    frame = '{"type": "input_audio_buffer.append", "audio": "' + "A" * (30 * 2**20) + '"}'
    with LocalServer(hearing="none") as server:
        headers = {"Authorization": f"Bearer {server.api_key}"}
        with websocket(server.url, additional_headers=headers, max_size=None) as connection:
            connection.send(frame)
            kinds = [json.loads(connection.recv())["type"] for _ in range(3)]
            assert kinds == ["session.created", "conversation.created", "error"]
            connection.send('{"type": "session.update", "session": {"type": "realtime"}}')
            assert json.loads(connection.recv())["type"] == "session.updated"
        with websocket(server.url, additional_headers=headers) as connection, pytest.raises(ConnectionClosed):
            connection.send(frame + frame + frame)
            while True:
                connection.recv()
        with websocket(server.url, additional_headers=headers) as connection:
            assert json.loads(connection.recv())["type"] == "session.created"
