"""Who may in: where a client shows its key, which key opens what, and what is said to those without one.

In: a request or a WebSocket's upgrade.  Out: who came, or a refusal in the words of the hosted service.
Does not know: what happens inside.  A key is compared and never repeated: not in an answer, not in a log.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse

from voicelab.server.client_secrets import ClientSecret, ClientSecrets

REALTIME, BETA = "realtime", "openai-beta.realtime-v1"
KEY_PREFIX = "openai-insecure-api-key."


@dataclass(frozen=True)
class Admitted:
    """Somebody who may start a session: with the server's key, or with a client secret."""

    secret: ClientSecret | None = None


class Door:
    """Knows the server's key and its client secrets.

    Parameters
    ----------
    api_key : str
        Who has it may do everything.
    client_secrets : ClientSecrets
        Who has one may start sessions.
    now_s : callable
        Wall time in Unix seconds.
    """

    def __init__(self, api_key: str, client_secrets: ClientSecrets, now_s: Callable[[], float]) -> None:
        self._api_key = api_key.encode()
        self._secrets = client_secrets
        self._now_s = now_s

    def admit(self, connection: HTTPConnection) -> Admitted | None:
        """Return who wants to start a session; None: nobody that is known."""
        if self.has_key(connection):
            return Admitted()
        secret = self._secrets.find(shown_key(connection) or "", now_s=self._now_s())
        return None if secret is None else Admitted(secret)

    def has_key(self, connection: HTTPConnection) -> bool:
        """Whether the server's own key is shown; only that one makes client secrets."""
        shown = shown_key(connection)
        return shown is not None and secrets.compare_digest(shown.encode(), self._api_key)


def shown_key(connection: HTTPConnection) -> str | None:
    """Return the key that a client shows, wherever it does: the first of the four places in which there is one.

    ``Authorization: Bearer``; the header ``api-key`` and the query ``api-key`` (Azure); a subprotocol (a browser).
    """
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    named = connection.headers.get("api-key") or connection.query_params.get("api-key")
    if named:
        return named
    for name in offered_subprotocols(connection):
        if name.startswith(KEY_PREFIX):
            return name.removeprefix(KEY_PREFIX)
    return None


def offered_subprotocols(connection: HTTPConnection) -> list[str]:
    """Return what a WebSocket client offers; nothing for a plain request."""
    return list(connection.scope.get("subprotocols") or ())


def chosen_subprotocol(offered: list[str]) -> str | None:
    """Return the one to answer with: ``realtime`` where it is offered, never the one that holds the key."""
    return next((name for name in (REALTIME, BETA) if name in offered), None)


def speaks_beta(connection: HTTPConnection) -> bool:
    """Whether a client asks for the beta dialect, by header or subprotocol."""
    asked = connection.headers.get("openai-beta", "").split(",")
    return "realtime=v1" in (one.strip() for one in asked) or BETA in offered_subprotocols(connection)


def refusal(message: str, *, code: str | None, status: int, param: str | None = None) -> JSONResponse:
    """Return an answer with the error body of the hosted service."""
    body = {"message": message, "type": "invalid_request_error", "code": code, "param": param}
    return JSONResponse({"error": body}, status_code=status)


def not_admitted(connection: HTTPConnection) -> JSONResponse:
    """Return the HTTP 401 for a key that is missing, wrong or expired."""
    message = (
        "You didn't provide an API key: send it as 'Authorization: Bearer KEY'."
        if shown_key(connection) is None
        else "Incorrect API key provided, or a client secret that has expired."
    )
    return refusal(message, code="invalid_api_key", status=401)
