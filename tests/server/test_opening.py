"""Which engines a connection gets: what it asks for, what the server was told, what works here."""

from __future__ import annotations

import asyncio
import sys

import pytest

from voicelab.engines.chat import Chat
from voicelab.engines.guide import Guide
from voicelab.engines.host import ModelledCost
from voicelab.engines.mirror import Mirror
from voicelab.errors import ConfigError
from voicelab.server.opening import Choice, EngineRoom

HERE = ModelledCost()


def test_server_says_what_it_is() -> None:
    """Every session is told who hears and answers, and that rules are no model."""
    about = EngineRoom(Choice("guide", "guide"), in_place=HERE).engines().about
    assert (about["hearing"], about["reply"], about["reply_is_a_model"]) == ("guide", "guide", False)
    assert about["modelled_cost"] == {"hear_finish_ms": HERE.hear_finish_ms, "speak_first_ms": HERE.speak_first_ms}
    assert about["usage"].startswith("estimated")
    assert about["notes"] == []


def test_sentences_to_try_are_named_only_where_they_are_understood() -> None:
    """Cards hold what the ears' language model and the script both know: not for dictation, not for other minds."""
    room = EngineRoom(Choice("guide", "guide", "http://127.0.0.1:9/v1"), in_place=HERE)
    assert "What time is it?" in room.engines(reply="guide").about["try_saying"]
    assert room.engines("dictation", "guide").about["try_saying"] == []
    assert room.engines(reply="mirror").about["try_saying"] == []
    assert room.engines().about["try_saying"] == []  # a chat endpoint answers


def test_connection_may_choose_otherwise() -> None:
    """?hearing= and ?reply= of a connection go over the server's own choice."""
    room = EngineRoom(Choice("guide", "guide", "http://127.0.0.1:9/v1"), in_place=HERE)
    assert isinstance(room.engines().reply, Chat)
    assert isinstance(room.engines(reply="mirror").reply, Mirror)
    assert isinstance(room.engines(reply="guide").reply, Guide)
    assert room.engines(hearing="none").open_hearing is None


@pytest.mark.parametrize(("asked", "named"), [("llama3.2", "llama3.2"), ("voicelab-guide", None), (None, None)])
def test_chat_endpoint_is_asked_for_the_clients_model(asked: str | None, named: str | None) -> None:
    """What a client names as its model reaches the chat endpoint; voicelab's own names do not."""
    mind = EngineRoom(Choice(chat_url="http://127.0.0.1:9/v1"), in_place=HERE).engines(model=asked).reply
    assert isinstance(mind, Chat)
    assert mind.model == named


def test_key_of_the_chat_endpoint_comes_from_the_environment_and_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """VOICELAB_CHAT_API_KEY is sent as a bearer token and stands in no repr."""
    monkeypatch.setenv("VOICELAB_CHAT_API_KEY", "chat-secret-123")
    mind = EngineRoom(Choice(chat_url="http://127.0.0.1:9/v1"), in_place=HERE).engines().reply
    assert mind._headers == {"Authorization": "Bearer chat-secret-123"}
    assert "chat-secret" not in repr(mind)


@pytest.mark.parametrize("wrong", [{"hearing": "everything"}, {"reply": "oracle"}])
def test_unknown_choice_lists_those_that_exist(wrong: dict[str, str]) -> None:
    """A wrong word is told with the right ones."""
    with pytest.raises(ConfigError, match="must be one of"):
        Choice(**wrong)


def test_without_a_recogniser_the_mirror_answers_and_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pocketsphinx has no wheel, a session works all the same: mirror, no ears, one note."""
    monkeypatch.setattr("voicelab.server.opening.hearing_available", lambda: (False, "run: pip install pocketsphinx"))
    engines = EngineRoom(Choice("guide", "guide"), in_place=HERE).engines()
    assert isinstance(engines.reply, Mirror)
    assert engines.open_hearing is None
    assert [note for note in engines.about["notes"] if "mirror" in note and "pip install" in note]


def test_ears_in_place_are_opened_for_each_connection() -> None:
    """Two sessions never share a recogniser."""
    room = EngineRoom(Choice("guide", "guide"), in_place=HERE)
    opened = room.engines().open_hearing
    assert opened is not None

    async def open_two() -> tuple[object, object]:
        return await opened(), await opened()

    first, second = asyncio.run(open_two())
    assert first is not second
    assert "pocketsphinx" in sys.modules
