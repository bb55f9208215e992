"""What a dialect is: the same protocol under other names, translated at the socket so that nobody else has to know.

In: the name of a dialect.  Out: an object for one connection that turns events into GA's and back.
Does not know: what any event means.  Everything inside voicelab, and every log, speaks GA.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from voicelab.errors import ConfigError
from voicelab.protocol.beta import Beta


class Dialect(Protocol):
    """One connection's translator; it may remember what it saw, so each connection has its own.

    Bodies are plain JSON objects with a string ``type``; audio is still base64. Each method returns the events that
    the given one becomes, in order: mostly one, sometimes none or two.
    """

    @property
    def name(self) -> str:
        """``ga`` or ``beta``."""

    def client_to_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Our session speaks: a GA client event becomes the service's."""

    def client_from_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The embedded server listens: what came becomes GA client events; `ConfigError` for what cannot be meant."""

    def server_to_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The embedded server speaks: a GA server event becomes the client's."""

    def server_from_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Our session listens: what came becomes GA server events."""


class GA:
    """The protocol as it is: nothing to translate."""

    name = "ga"

    def client_to_wire(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the event as it is."""
        return [body]

    client_from_wire = server_to_wire = server_from_wire = client_to_wire


DIALECTS: Mapping[str, Callable[[], Dialect]] = {"ga": GA, "beta": Beta}


def make_dialect(name: str) -> Dialect:
    """Return a translator for one connection.

    Raises
    ------
    ConfigError
        There is no such dialect; the error names those that exist.
    """
    make = DIALECTS.get(name)
    if make is None:
        raise ConfigError(f"dialect must be one of {', '.join(DIALECTS)}, not {name!r}", param="dialect")
    return make()
