"""Recorded exchanges (``data/exchanges``, one JSON file an event): read, understood, written again as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.exchanges import EXCHANGES, FOLDER
from voicelab.protocol import wire
from voicelab.protocol.conversation import Conversation
from voicelab.protocol.dialects import make_dialect

FILES = sorted(FOLDER.glob("*/*.json"))
GA_FILES = [path for path in FILES if path.parent.name != "beta-turn"]


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def events_of(exchange: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the side and the body of each event of an exchange."""
    paths = sorted((FOLDER / exchange).glob("*.json"))
    return [(path.stem.split("-")[1], json.loads(path.read_text("utf-8"))) for path in paths]


@pytest.mark.parametrize("path", GA_FILES, ids=name_of)
def test_a_recorded_event_is_written_again_as_it_was(path: Path) -> None:
    """Parsed into its typed form and dumped: the same JSON, for either side."""
    body = json.loads(path.read_text("utf-8"))
    if "-client-" in path.name:
        dumped = json.loads(wire.encode(wire.parse_client(body)))
        # What a client leaves out has a default in the typed form; what it said is there unchanged.
        assert _without_defaults(dumped, body) == body
    else:
        assert json.loads(wire.encode(wire.parse_server(body))) == body


@pytest.mark.parametrize("exchange", sorted(EXCHANGES))
def test_a_recorded_exchange_is_one_legal_conversation(exchange: str) -> None:
    """Replayed, no event comes where it cannot; in the end nobody speaks and no response runs."""
    dialect = make_dialect("beta" if exchange.startswith("beta") else "ga")
    conversation = Conversation()
    for side, body in events_of(exchange):
        for ga in dialect.server_from_wire(body) if side == "server" else ():
            conversation.apply(wire.parse_server(ga))
    assert (conversation.irregular, conversation.active_response, conversation.floor) == (0, None, "listening")


@pytest.mark.parametrize("exchange", sorted(EXCHANGES))
def test_the_server_still_says_what_was_recorded(exchange: str) -> None:
    """The same words of the client get the same events in the same order; record anew when that is meant to change."""
    told = [event["type"] for event in EXCHANGES[exchange]() if "from" not in event]
    assert told == [body["type"] for side, body in events_of(exchange) if side == "server"]


def _without_defaults(dumped: Any, said: Any) -> Any:
    if isinstance(dumped, dict) and isinstance(said, dict):
        return {key: _without_defaults(value, said[key]) for key, value in dumped.items() if key in said}
    if isinstance(dumped, list) and isinstance(said, list):
        return [_without_defaults(*pair) for pair in zip(dumped, said, strict=True)]
    return dumped
