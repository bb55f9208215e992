"""Every frame of the server against the official client's own models: missing fields and wrong types do not pass.

In: server frames, as text or as decoded JSON.  Out: `check` raises for a frame that breaks the models; `note` keeps
what it found until the end of the test, which `fail_on_violations` turns into a failure; two watchers that feed
``note`` with whatever our own session and the official clients receive.
Does not know: the order of events, or whether a value is right.

The official client itself is lenient: it takes whatever comes. The models are strict when pydantic validates with
them, as the official agents client does with each event, by the discriminator ``type``. Fields that the models do not
know pass, as they do there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import msgspec

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_SHOWN_CHARACTERS = 400
_violations: list[str] = []


@cache
def _adapter(beta: bool) -> TypeAdapter[Any]:
    """Return the validator of all server events; made once, since the official types take half a second to import."""
    from typing import Annotated

    from openai.types import realtime
    from openai.types.beta import realtime as beta_realtime
    from pydantic import Field, TypeAdapter

    events: Any = beta_realtime.RealtimeServerEvent if beta else realtime.RealtimeServerEvent
    return TypeAdapter(Annotated[events, Field(discriminator="type")])


def check(frame: str | bytes | dict[str, Any], *, beta: bool = False) -> None:
    """Validate one server frame, GA unless told otherwise.

    Numbers in quotes, whole numbers with a fraction and the like are violations too (pydantic's strict mode).

    Raises
    ------
    AssertionError
        The frame is no server event of the official models; says which, where and why.
    """
    from pydantic import ValidationError

    text = msgspec.json.encode(frame) if isinstance(frame, dict) else frame
    try:
        _adapter(beta).validate_json(text, strict=True)
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        )
        shown = text.decode() if isinstance(text, bytes) else text
        raise AssertionError(f"not an event of the official client: {found}: {shown[:_SHOWN_CHARACTERS]}") from None


def note(frame: str | bytes | dict[str, Any], *, beta: bool = False) -> None:
    """Validate one frame where raising would be swallowed: what is wrong is kept for the end of the test."""
    try:
        check(frame, beta=beta)
    except AssertionError as violation:
        _violations.append(str(violation))


def fail_on_violations() -> None:
    """Raise an AssertionError with everything noted since the last call; the list is empty afterwards."""
    found = list(dict.fromkeys(_violations))
    _violations.clear()
    assert not found, f"{len(found)} frames break the official models:\n" + "\n".join(found)


def forget_violations() -> None:
    """Drop what was noted: the test broke the frames itself."""
    _violations.clear()


@contextmanager
def watching_sessions() -> Iterator[None]:
    """Note everything that our own sessions receive from an embedded server, whichever process it runs in.

    An embedded server says what it is in its first event (``session.voicelab``); the made-up servers of a few tests,
    which say wrong things on purpose, do not. A beta session is known by its flat ``modalities``.
    """
    from voicelab.session.incoming import Incoming

    take = Incoming.take
    is_embedded: WeakKeyDictionary[Incoming, bool] = WeakKeyDictionary()

    def checked_take(incoming: Incoming, frame: Any, *rest: Any, **named: Any) -> None:
        first = _first_session(frame)
        if first is not None:
            is_embedded[incoming] = "voicelab" in first and "modalities" not in first
        if is_embedded.get(incoming, False):
            note(frame)
        take(incoming, frame, *rest, **named)

    Incoming.take = checked_take  # type: ignore[method-assign]
    try:
        yield
    finally:
        Incoming.take = take  # type: ignore[method-assign]


@contextmanager
def watching_official_clients() -> Iterator[None]:
    """Note every raw frame that the official clients (GA and beta, sync and async) are about to parse."""
    from openai.resources.beta.realtime import realtime as old
    from openai.resources.realtime import realtime as new

    kinds: dict[Any, bool] = {
        new.RealtimeConnection: False,
        new.AsyncRealtimeConnection: False,
        old.RealtimeConnection: True,
        old.AsyncRealtimeConnection: True,
    }
    parsers = {kind: kind.parse_event for kind in kinds}

    def checking(parse: Any, beta: bool) -> Any:
        def checked_parse(connection: Any, data: str | bytes) -> Any:
            note(data, beta=beta)
            return parse(connection, data)

        return checked_parse

    for kind, beta in kinds.items():
        kind.parse_event = checking(parsers[kind], beta)
    try:
        yield
    finally:
        for kind, parse in parsers.items():
            kind.parse_event = parse


def _first_session(frame: Any) -> dict[str, Any] | None:
    """Return the session object of a ``session.created`` frame; None for every other frame."""
    if isinstance(frame, str) and "session.created" not in frame[:200]:
        return None
    try:
        body = frame if isinstance(frame, dict) else msgspec.json.decode(frame)
    except msgspec.DecodeError:
        return None
    if not isinstance(body, dict) or body.get("type") != "session.created":
        return None
    session = body.get("session")
    return session if isinstance(session, dict) else None
