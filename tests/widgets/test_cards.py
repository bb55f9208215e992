"""What people are invited to say, and when."""

from __future__ import annotations

from voicelab.engines.guide_cards import sayings
from voicelab.widgets.reading.cards import Offer, offer_for
from voicelab.widgets.standing import Standing


def test_at_the_embedded_server_the_guides_own_sentences_are_offered() -> None:
    """Before there is a connection as well."""
    assert offer_for(Standing(target="local", source="browser")) == Offer(sayings(), mirror=False, as_text=False)


def test_while_the_mirror_answers_the_cards_say_so() -> None:
    """Choosing one changes to the guide."""
    assert offer_for(Standing(target="local", reply="mirror", source="browser")).mirror


def test_where_nobody_speaks_a_card_is_offered_as_text() -> None:
    """A clip or nothing is no mouth."""
    told = [offer_for(Standing(source=source)).as_text for source in ("browser", "device", "clip", "none")]
    assert told == [False, False, True, True]


def test_what_the_server_names_itself_comes_first() -> None:
    """It knows best what it understands, whoever it is."""
    standing = Standing(target="wss://example.org", in_force={"voicelab": {"try_saying": ["Hello there"]}})
    assert offer_for(standing).cards == ("Hello there",)


def test_a_hosted_model_gets_no_cards() -> None:
    """Nobody here knows what it understands."""
    assert offer_for(Standing(target="openai")) == Offer()


def test_another_engine_at_the_embedded_server_gets_no_cards() -> None:
    """The guide's sentences are the guide's."""
    assert offer_for(Standing(in_force={"voicelab": {"reply": "chat"}})) == Offer()
