"""Client secrets (``ek_…``): keys for a page or a telephone, short-lived, each with the session that it is for.

In: what a request asks for, and the time.  Out: secrets that can be found until they expire.
Does not know: HTTP, or sessions that run: an expired secret starts none, and ends none.
Source: ``POST /v1/realtime/client_secrets`` in OpenAI's published API description.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from voicelab.errors import ConfigError
from voicelab.protocol.beta_session import hint
from voicelab.protocol.settings import SessionConfig, TranscriptionConfig, convert, to_plain
from voicelab.server.changes import apply_change

USUAL_LIFETIME_S = 600
# The words of the beta's answer type: all its secrets expire after one minute.
BETA_LIFETIME_S = 60


class ExpiresAfter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a secret ends: so many seconds after it was made."""

    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, Meta(ge=10, le=7200)] = USUAL_LIFETIME_S


@dataclass(frozen=True)
class ClientSecret:
    """What is known of one secret; its value is known to its owner only.

    Parameters
    ----------
    expires_at : int
        Unix seconds; from then on it starts nothing.
    session : mapping
        The partial GA session object that came with it; empty for none.
    temperature : float, optional
        Of a session that was asked for in the beta dialect.
    """

    expires_at: int
    session: Mapping[str, Any] = field(default_factory=dict)
    temperature: float | None = None


class ClientSecrets:
    """The secrets of one server."""

    def __init__(self) -> None:
        # Found by a digest: looking one up takes equally long however much of a guess is right.
        self._known: dict[bytes, ClientSecret] = {}

    def add(self, value: str, secret: ClientSecret, *, now_s: float) -> None:
        """Keep a secret until it expires; those that did are forgotten."""
        self._known = {digest: one for digest, one in self._known.items() if now_s < one.expires_at}
        self._known[_digest(value)] = secret

    def find(self, value: str, *, now_s: float) -> ClientSecret | None:
        """Return what belongs to a value; None when there is no such secret, or it has expired."""
        secret = self._known.get(_digest(value))
        return secret if secret is not None and now_s < secret.expires_at else None


def read_lifetime(asked: Any, *, root: str, default_s: int = USUAL_LIFETIME_S) -> int:
    """Return the lifetime, in seconds, that an ``expires_after`` object asks for.

    Raises
    ------
    ConfigError
        Not 10 to 7200 s, or another anchor than ``created_at``; ``param`` begins with ``root``.
    """
    if asked is None:
        return default_s
    named = isinstance(asked, Mapping) and "seconds" in asked
    expires = convert(asked, ExpiresAfter, root=root)
    return expires.seconds if named else default_s


def whole_session(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that a session with this partial object begins with.

    Parameters
    ----------
    asked : mapping
        A GA ``session`` object with its ``type``.

    Raises
    ------
    ConfigError
        A value that a session cannot have; ``param`` is its path.
    """
    if "type" not in asked:
        raise ConfigError(
            "session.type: missing; send 'realtime' or 'transcription'.",
            param="session.type",
            code="missing_required_parameter",
        )
    for name in asked:
        if (other := hint(name)) is not None:
            raise ConfigError(
                f"session.{name}: unknown parameter; {other}", param=f"session.{name}", code="unknown_parameter"
            )
    config = TranscriptionConfig() if asked["type"] == "transcription" else SessionConfig()
    plain: dict[str, Any] = to_plain(apply_change(config, asked)[0])  # what is refused is told when a session begins
    return plain


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode()).digest()
