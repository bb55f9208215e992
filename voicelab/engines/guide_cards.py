"""The cards: sentences that a person can read aloud to the guide and be understood.

In: nothing, this is a table.  Out: `sayings`, short sentences, each a phrase of the recogniser's grammar that the guide
answers from its script, by itself and without a function of the client.
Does not know: who shows them, or in which order.  The first ones need no explanation; the last ones are about the lab.
"""

from __future__ import annotations

_SAYINGS = (
    "What can you do?",
    "What time is it?",
    "What is seven times eight?",
    "Tell me a joke",
    "Read me something long",
    "What did you just say?",
    "Count to ten",
    "Tell me a fact",
    "How do I interrupt you?",
    "What is latency?",
    "What is a token?",
    "Where does my voice go?",
)


def sayings() -> tuple[str, ...]:
    """Return what can be said to the guide, written as on a card: 12 sentences of at most six words."""
    return _SAYINGS
