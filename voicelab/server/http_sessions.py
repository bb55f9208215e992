"""The POST routes beside the WebSocket: client secrets of GA, and the sessions of the beta.

In: requests with the server's key.  Out: a secret, and the whole session that it will start.
Does not know: who connects with it later (``admission``), or how a session runs.
Source: ``/realtime/client_secrets``, ``/realtime/sessions`` and ``/realtime/transcription_sessions`` in OpenAI's
published API description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.errors import ConfigError
from voicelab.protocol.beta_session import USUAL_TEMPERATURE, check_flat, flatten, nest, param_to_beta
from voicelab.protocol.ids import Ids
from voicelab.server.admission import Door, not_admitted, refusal
from voicelab.server.client_secrets import (
    BETA_LIFETIME_S,
    ClientSecret,
    ClientSecrets,
    read_lifetime,
    whole_session,
)

MOST_BODY_BYTES = 2**20
_OBJECTS = {"realtime": "realtime.session", "transcription": "realtime.transcription_session"}


class SessionRoutes:
    """What can be asked over plain HTTP.

    Parameters
    ----------
    door : Door
        Knows who has the server's key.
    client_secrets : ClientSecrets
        Where new secrets are kept.
    ids : Ids
        Makes them.
    now_s : callable
        Wall time in Unix seconds.
    """

    def __init__(self, door: Door, client_secrets: ClientSecrets, ids: Ids, now_s: Callable[[], float]) -> None:
        self._door = door
        self._secrets = client_secrets
        self._ids = ids
        self._now_s = now_s

    def below(self, prefix: str) -> list[Route]:
        """Return the routes, below a path such as ``/v1``."""
        answers = {
            "client_secrets": self._client_secret,
            "sessions": self._beta_session,
            "transcription_sessions": self._beta_transcription,
        }

        def route(name: str, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Route:
            async def handle(request: Request) -> Response:
                if not self._door.has_key(request):
                    return not_admitted(request)
                try:
                    return JSONResponse(answer(await _body(request)))
                except _NotThere as error:
                    return refusal(str(error), code=error.code, status=501, param=error.param)
                except ConfigError as error:
                    return refusal(str(error), code=error.code, status=400, param=error.param)

            return Route(f"{prefix}/realtime/{name}", handle, methods=["POST"])

        return [route(name, answer) for name, answer in answers.items()]

    def _client_secret(self, body: dict[str, Any]) -> dict[str, Any]:
        for name in body.keys() - {"expires_after", "session"}:
            raise ConfigError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        lifetime_s = read_lifetime(body.get("expires_after"), root="expires_after")
        asked = body.get("session")
        if asked is not None and not isinstance(asked, dict):
            raise ConfigError("session: expected an object.", param="session", code="invalid_type")
        whole = whole_session(asked if asked is not None else {"type": "realtime"})
        minted = self._mint(ClientSecret(0, asked or {}), lifetime_s)
        return {**minted, "session": self._shown(whole)}

    def _beta_session(self, body: dict[str, Any]) -> dict[str, Any]:
        _refuse_webrtc(body)
        try:
            temperature = check_flat(body, "session")
            asked = {"type": "realtime", **nest({key: body[key] for key in body if key != "client_secret"})}
            whole = self._shown(whole_session(asked))
        except ConfigError as error:
            raise _without_root(error) from None
        lifetime_s = _beta_lifetime(body, "expires_after")
        minted = self._mint(ClientSecret(0, asked, temperature), lifetime_s)
        flat = {key: value for key, value in flatten(whole).items() if key != "type"}
        return {**flat, "temperature": temperature or USUAL_TEMPERATURE, "client_secret": minted}

    def _beta_transcription(self, body: dict[str, Any]) -> dict[str, Any]:
        _refuse_webrtc(body)
        passed_over = ("client_secret", "modalities")
        try:
            check_flat(body, "session")
            asked = {"type": "transcription", **nest({key: body[key] for key in body if key not in passed_over})}
            whole = self._shown(whole_session(asked))
        except ConfigError as error:
            raise _without_root(error) from None
        minted = self._mint(ClientSecret(0, asked), _beta_lifetime(body, "expires_at"))
        flat = {key: value for key, value in flatten(whole).items() if key != "type"}
        return {**flat, "client_secret": minted}

    def _mint(self, secret: ClientSecret, lifetime_s: int) -> dict[str, Any]:
        now_s = self._now_s()
        value, expires_at = self._ids.new("ek"), int(now_s) + lifetime_s
        self._secrets.add(value, ClientSecret(expires_at, secret.session, secret.temperature), now_s=now_s)
        return {"value": value, "expires_at": expires_at}

    def _shown(self, whole: dict[str, Any]) -> dict[str, Any]:
        """Return a configuration as a session object; its ``expires_at`` is 0 because it has not begun."""
        return {**whole, "id": self._ids.new("sess"), "object": _OBJECTS[whole["type"]], "expires_at": 0}


class _NotThere(ConfigError):
    """Something that the hosted service has and this server does not."""


def _refuse_webrtc(body: Mapping[str, Any]) -> None:
    """Tell who sends an offer, as one article does, what is missing here."""
    name = "offer" if "offer" in body else "type" if body.get("type") == "webrtc" else None
    if name is not None:
        raise _NotThere(
            f"{name}: the embedded server has no WebRTC so far: connect by WebSocket to /v1/realtime.",
            param=name,
            code="unsupported",
        )


def _beta_lifetime(body: Mapping[str, Any], field: str) -> int:
    asked = body.get("client_secret")
    if asked is not None and not isinstance(asked, Mapping):
        raise ConfigError("client_secret: expected an object.", param="client_secret", code="invalid_type")
    return read_lifetime((asked or {}).get(field), root=f"client_secret.{field}", default_s=BETA_LIFETIME_S)


def _without_root(error: ConfigError) -> ConfigError:
    """Return an error with the path as this request has it: flat, and with no ``session`` around it."""
    param = error.param or ""
    renamed = param_to_beta(param, error.code).removeprefix("session.")
    return ConfigError(str(error).replace(param, renamed), param=renamed, code=error.code)


async def _body(request: Request) -> dict[str, Any]:
    """Return the request's JSON object; an empty body is an empty object."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BODY_BYTES:
            raise ConfigError(f"The body is longer than {MOST_BODY_BYTES:,} bytes.", code="invalid_request")
    try:
        body = msgspec.json.decode(bytes(data) or b"{}")
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ConfigError(f"The body is not valid JSON: {error}.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise ConfigError("The body must be a JSON object.", code="invalid_type")
    return body
