"""The server as a child process: ready or explained, shared, and never left behind."""

from __future__ import annotations

import pytest

from voicelab.errors import TransportError
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
