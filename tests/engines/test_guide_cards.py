"""The cards: what people are invited to say."""

from __future__ import annotations

import re

import numpy as np
import pytest

from voicelab.engines.guide import understand
from voicelab.engines.guide_cards import sayings
from voicelab.engines.guide_script import PHRASES
from voicelab.engines.guide_sums import parse_sum


def plain(saying: str) -> str:
    """Return a card's words as the recogniser writes them."""
    return re.sub(r"[^a-z ]", "", saying.lower())


def slotted(phrase: str) -> str:
    """Return a phrase with its numbers replaced by the grammar's slot."""
    return re.sub(r"\b(seven|eight|ten)\b", "{number}", phrase)


@pytest.mark.parametrize("saying", sayings())
def test_every_card_is_understood(saying: str) -> None:
    """The guide answers what it invites people to say."""
    assert understand(saying) is not None or parse_sum(saying) is not None


@pytest.mark.parametrize("saying", sayings())
def test_every_card_is_in_the_grammar(saying: str) -> None:
    """The recogniser can hear what the guide invites people to say."""
    assert slotted(plain(saying)) in PHRASES


def test_no_card_needs_a_function_of_the_client() -> None:
    """Whoever has declared no tool is not told to declare one."""
    intents = [understand(saying) for saying in sayings()]
    assert not any(intent is not None and intent.name == "function" for intent in intents)


def test_cards_are_few_short_and_different() -> None:
    """Eight to twelve sentences that fit on a small card."""
    assert 8 <= len(set(sayings())) == len(sayings()) <= 12
    assert all(len(saying.split()) <= 6 for saying in sayings())


def test_most_cards_are_heard_as_they_were_spoken() -> None:
    """The embedded voice says them, the embedded recogniser hears at least ten of twelve word by word."""
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel here")
    from voicelab.engines.espeak import Espeak
    from voicelab.engines.language import Scenario
    from voicelab.engines.sphinx import Sphinx

    recogniser, voice = Sphinx(Scenario("guide", PHRASES)), Espeak()
    heard = []
    for saying in sayings():
        recogniser.start()
        spoken = [chunk.samples for chunk in voice.speak(saying, "emil", 1.0)]
        recogniser.feed(np.concatenate([np.zeros(7200, np.int16), *spoken]))
        result = recogniser.finish()
        heard.append(result.text == plain(saying) and not result.rejected)
    assert sum(heard) >= 10
