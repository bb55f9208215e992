"""Facts in words: counts, durations, money, how an end of speech is known, what was heard and said.

In: plain values, a turn.  Out: short texts, the same in the headline, the tables, the figures and the report.
Does not know: runs, figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from voicelab.measure.turns import Turn

#: How the end of the user's speech is known: a word for sentences, a phrase for legends, a mark for cells.
ANCHOR_WORDS = {
    "label": "labelled",
    "mark": "marked",
    "speech scores": "estimated",
    "detector": "from the detector",
}
ANCHOR_PHRASES = {
    "label": "end of speech labelled",
    "mark": "end of speech marked by a person",
    "speech scores": "end of speech estimated from speech scores",
    "detector": "end of speech taken from the detector, which hides its wait for silence",
}
ANCHOR_MARKS = {"label": "", "mark": "", "speech scores": "~", "detector": ">"}
#: Ends that a person has given: a clip's label, or a mark "true end". The two share an average, no other two do.
LABELLED = ("label", "mark")
_KNOWN_ALIKE = (LABELLED, ("speech scores",), ("detector",))
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def by_anchor(turns: Iterable[Turn]) -> dict[str, list[Turn]]:
    """Return the turns by how their end of speech is known, labelled and marked ones together.

    Returns
    -------
    dict of str to list of Turn
        By the word for it, such as ``labelled``, ``labelled or marked``, ``estimated``, ``from the detector``, in that
        order; what does not occur is absent, and so are turns without an end of speech.
    """
    known = [turn for turn in turns if turn.speech_end_from]
    groups = {}
    for alike in _KNOWN_ALIKE:
        found = [turn for turn in known if turn.speech_end_from in alike]
        words = [ANCHOR_WORDS[anchor] for anchor in alike if any(turn.speech_end_from == anchor for turn in found)]
        if found:
            groups[" or ".join(words)] = found
    return groups


def count(n: int, one: str, many: str | None = None) -> str:
    """Return ``1 turn`` or ``8 turns``."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def count_in_words(n: int, one: str, many: str | None = None) -> str:
    """Return ``one reply`` or ``two replies``; from ten on in digits."""
    return f"{_SMALL[n] if n < len(_SMALL) else f'{n:,}'} {one if n == 1 else many or one + 's'}"


def seconds(ms: float) -> str:
    """Return ``3.2 s``."""
    return f"{ms / 1000:.1f} s"


def money(usd: float) -> str:
    """Return ``$0.03``; below a cent two digits that say something, such as ``$0.0042``."""
    if usd >= 0.01 or usd == 0:
        return f"${usd:,.2f}"
    text = f"{usd:.2g}"
    return f"${float(text):.8f}".rstrip("0") if "e" in text else f"${text}"


def price_phrase(prices: Mapping[str, Any]) -> str:
    """Return what has to be said next to every cost: whose prices, and whether anything was billed.

    Parameters
    ----------
    prices : mapping
        As in a run's manifest: ``model``, ``billed``, ``known``, ``table``.
    """
    model = prices.get("model") or "an unknown model"
    return f"at {model} prices" if prices.get("billed", True) else f"at {model} prices, nothing billed"


def printable(text: str) -> str:
    """Return text on one line without control characters, so that no transcript can steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def heard_words(turn: Turn) -> str:
    """Return what the server heard of the user; what is not words stands in brackets."""
    if turn.transcript is None:
        return "[no transcript]"
    words = printable(turn.transcript) or "[no words recognised]"
    return f"[typed] {words}" if turn.kind == "typed" else words


def said_words(turn: Turn) -> str:
    """Return what was answered, calls first, with a note where the reply was cut off."""
    pieces = [*(f"[calls {printable(call)}]" for call in turn.calls), printable(turn.reply)]
    if turn.interrupted:
        pieces.append(_cut(turn.heard_ms))
    elif turn.status != "completed":
        pieces.append(f"[{turn.status.replace('_', ' ')}]")
    return " ".join(piece for piece in pieces if piece)


def _cut(heard_ms: float | None) -> str:
    if heard_ms is None:
        return "[cut off]"
    return f"[cut off at {seconds(heard_ms)}]" if heard_ms else "[not heard]"
