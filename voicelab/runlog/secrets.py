"""What never gets into a log: keys and tokens, by name, by shape, and by value.

In: an event as plain JSON values.  Out: the same with every secret replaced; or, from its JSON text and at little cost,
that there is nothing to replace.
Does not know: where secrets come from.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import msgspec

HIDDEN = "[hidden]"
_SECRET_FIELDS = {"authorization", "api_key", "api-key", "client_secret", "token", "password", "headers"}
_SECRET_SHAPES = re.compile(r"\b(?:(?:sk-|ek_)[A-Za-z0-9_\-.]{8,}|Bearer [A-Za-z0-9_\-.~+/=]{8,})")
# What stands in the JSON text of whatever holds a secret by shape or, in small letters, by name.
_SHAPE_BEGINNINGS = ("sk-", "ek_", "Bearer ")
_QUOTED_FIELDS = tuple(f'"{name}"' for name in sorted(_SECRET_FIELDS))


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
        for secret in known:
            if secret and secret in value:
                value = value.replace(secret, HIDDEN)
        return _SECRET_SHAPES.sub(HIDDEN, value)
    if isinstance(value, dict):
        # Beside a probability, a token is a piece of a transcript.
        names = _SECRET_FIELDS - {"token"} if "logprob" in value else _SECRET_FIELDS
        return {
            key: HIDDEN if key.lower() in names and inner else hide_secrets(inner, known)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [hide_secrets(inner, known) for inner in value]
    return value


class Suspicion:
    """Tells from a line of JSON whether `hide_secrets` has to look: nearly never, and a search in text is quick.

    Parameters
    ----------
    known : collection of str
        Secrets of this session.
    """

    def __init__(self, known: Collection[str] = ()) -> None:
        as_json = (msgspec.json.encode(secret).decode()[1:-1] for secret in known if secret)
        self._traces = (*_SHAPE_BEGINNINGS, *as_json)

    def falls_on(self, line: bytes) -> bool:
        """Return False only where `hide_secrets` would change nothing of what ``line`` is the JSON of."""
        text = line.decode()
        return any(map(text.__contains__, self._traces)) or any(map(text.lower().__contains__, _QUOTED_FIELDS))
