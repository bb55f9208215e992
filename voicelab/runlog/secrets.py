"""What never gets into a log: keys and tokens, by name, by shape, and by value.

In: an event as plain JSON values.  Out: the same with every secret replaced; or, at little cost and from its JSON text,
that there is nothing to replace.
Does not know: where secrets come from.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from voicelab.runlog.record import Placed

HIDDEN = "[hidden]"
_SECRET_FIELDS = {"authorization", "api_key", "api-key", "client_secret", "token", "password", "headers"}
_SECRET_SHAPES = re.compile(r"\b(?:(?:sk-|ek_)[A-Za-z0-9_\-.]{8,}|Bearer [A-Za-z0-9_\-.~+/=]{8,})")
# What stands in the JSON text of whatever holds a secret by shape or, in small letters, by name.
_SHAPE_BEGINNINGS = ("sk-", "ek_", "Bearer ")
_QUOTED_FIELDS = tuple(f'"{name}"' for name in sorted(_SECRET_FIELDS))
_WITHOUT_TEXT = frozenset((int, float, bool, type(None), Placed))
# A server that makes up names for ever does not fill the memory.
_MOST_NAMES = 1_000


def hide_secrets(value: Any, known: Collection[str] = ()) -> Any:
    """Return ``value`` without secrets; anything that holds none comes back unchanged.

    Parameters
    ----------
    value
        Plain JSON values.
    known : collection of str
        Secrets of this session, hidden wherever they stand.
    """
    if isinstance(value, str):
        for secret in _as_written(known):
            value = value.replace(secret, HIDDEN)
        return _SECRET_SHAPES.sub(HIDDEN, value)
    if isinstance(value, dict):
        # Beside a probability, a token is a piece of a transcript.
        names = _SECRET_FIELDS - {"token"} if "logprob" in value else _SECRET_FIELDS
        return {
            hide_secrets(key, known): HIDDEN if key.lower() in names and inner else hide_secrets(inner, known)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [hide_secrets(inner, known) for inner in value]
    return value


class Suspicion:
    """Tells at little cost whether `hide_secrets` has to look at an event: nearly never.

    Parameters
    ----------
    known : collection of str
        Secrets of this session.
    """

    def __init__(self, known: Collection[str] = ()) -> None:
        written = _as_written(known)
        self._plain_traces = (*_SHAPE_BEGINNINGS, *written)
        self._traces = (*_SHAPE_BEGINNINGS, *(msgspec.json.encode(secret).decode()[1:-1] for secret in written))
        self._telling: dict[tuple[str, ...], bool] = {}

    def is_idle(self, event: Mapping[str, Any]) -> bool:
        """Return True only where `hide_secrets` would change nothing of a flat event: of short texts and numbers.

        Most records of a run are such events, and looking at their few texts takes a third of the time of `falls_on`.
        False says nothing.
        """
        names = tuple(event)
        telling = self._telling.get(names)
        if telling is None:
            telling = self._look_at(names)
        if telling:
            return False
        texts = []
        for value in event.values():
            kind = type(value)
            if kind is str:
                texts.append(value)
            elif kind not in _WITHOUT_TEXT and not (kind is list and _WITHOUT_TEXT.issuperset(map(type, value))):
                return False
        text = "\n".join(texts)
        return not any(map(text.__contains__, self._plain_traces))

    def falls_on(self, line: bytes) -> bool:
        """Return False only where `hide_secrets` would change nothing of what ``line`` is the JSON of."""
        text = line.decode()
        return any(map(text.__contains__, self._traces)) or any(map(text.lower().__contains__, _QUOTED_FIELDS))

    def _look_at(self, names: tuple[str, ...]) -> bool:
        """Return whether one of an event's names tells of a secret; kept: the same few sets come again and again."""
        shaped = any(trace in name for trace in self._plain_traces for name in names)
        telling = shaped or any(name.lower() in _SECRET_FIELDS for name in names)
        if len(self._telling) < _MOST_NAMES:
            self._telling[names] = telling
        return telling


def _as_written(known: Collection[str]) -> list[str]:
    """Return secrets in the ways they may stand in a text: as they are, and as an address writes them."""
    forms = (form for secret in known if secret for form in (secret, quote(secret, safe=""), quote_plus(secret)))
    return list(dict.fromkeys(forms))
