"""Which words of a reply were heard when it was cut off: an estimate.

In: the words, how much of their sound was heard, how much sound there was.  Out: the words in two parts.
Does not know: when each word was spoken; no server tells. So the words are taken to be spread evenly over the sound,
and whoever shows the boundary has to say that it is estimated. The embedded server, which does know where each of its
words begins, forgets every word that was not heard to its end: so does this.
"""

from __future__ import annotations

import re

_WORD_END = re.compile(r"\S+\s*")


def split_at_heard(text: str, heard_ms: float, received_ms: float) -> tuple[str, str]:
    """Part a reply's words into those that were heard to their end and the rest.

    Parameters
    ----------
    text : str
        All the words that were generated.
    heard_ms, received_ms : float
        Sound that was played, and that there was.

    Returns
    -------
    (str, str)
        Heard, not heard; together they are ``text`` again. Without any sound nothing was heard.
    """
    if received_ms <= 0 or heard_ms <= 0:
        return "", text
    if heard_ms >= received_ms:
        return text, ""
    reached = len(text) * heard_ms / received_ms
    at = 0
    for word in _WORD_END.finditer(text):
        if word.start() + len(word.group().rstrip()) > reached:
            break
        at = word.end()
    return text[:at], text[at:]
