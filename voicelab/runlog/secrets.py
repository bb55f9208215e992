"""What never gets into a log: keys and tokens, by name, by shape, and by value.

In: an event as plain JSON values.  Out: the same with every secret replaced.
Does not know: where secrets come from.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

HIDDEN = "[hidden]"
_SECRET_FIELDS = {"authorization", "api_key", "api-key", "client_secret", "token", "password", "headers"}
_SECRET_SHAPES = re.compile(r"\b(?:(?:sk-|ek_)[A-Za-z0-9_\-.]{8,}|Bearer [A-Za-z0-9_\-.~+/=]{8,})")


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
