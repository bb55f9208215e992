"""The line to the page, whichever way it goes: who is at the other end, what it said, and what is known of it.

In: messages and sound of the page, from the comm or from an admitted WebSocket.  Out: the same, to the page; a
`SoundState`; calls to the microphone and the sink.
Does not know: threads (everything happens on the portal's loop), sessions, or what is played.

One page at a time has the sound. The last one that came has it: a page that was loaded again takes over, and what was
there before is told. When there is none for `GRACE_S`, the sound is over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed

from voicelab.errors import ProtocolError
from voicelab.widgets.sound.door import Door
from voicelab.widgets.sound.state import MICROPHONE_STATES, SoundState, Way
from voicelab.widgets.sound.wire import Chunk, number, pack_chunk, read_message, unpack_chunk

GRACE_S = 5.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

SendByComm = Callable[[dict[str, Any], list[bytes]], None]


class Line:
    """The line to the page.

    Parameters
    ----------
    send_by_comm : callable
        Takes a message and the bytes that go with it.
    words : mapping
        The texts of this part of the Lab.
    door : Door

    Attributes
    ----------
    state : SoundState
    listening : bool
        Whether the microphone is wanted; set by `listen`.
    generation : int
        Counts flushes; the sink raises it.
    """

    def __init__(self, send_by_comm: SendByComm, words: Mapping[str, str], door: Door) -> None:
        self.state = SoundState()
        self.listening = False
        self.generation = 1
        self.words = words
        self.took_sound: Callable[[Chunk], None] = lambda _: None
        self.changed: Callable[[], None] = lambda: None
        self.played: Callable[[int, int], None] = lambda *_: None
        self.flushed: Callable[[int, int], None] = lambda *_: None
        self.gone: Callable[[], None] = lambda: None
        self._send_by_comm = send_by_comm
        self._door = door
        self._page = ""
        self._socket: ServerConnection | None = None
        self._last_s = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._greeting: set[asyncio.Task[None]] = set()
        self._closed = False

    # ---- to the page

    def tell(self, type_: str, **fields: Any) -> None:
        """Send a message to the page that has the sound; without one it is dropped."""
        message = {"type": type_, "to": self._page, **fields}
        if self._socket is not None:
            broadcast([self._socket], json.dumps(message))
        elif self.state.way == "comm":
            self._send_by_comm(message, [])

    def send(self, chunk: Chunk) -> None:
        """Send sound to the page that has it; without one it is dropped."""
        if self._socket is not None:
            broadcast([self._socket], pack_chunk(chunk))
        elif self.state.way == "comm":
            self._send_by_comm({"type": "sound", "to": self._page}, [pack_chunk(chunk)])

    def listen(self, on: bool) -> None:
        """Want the microphone, or want it no more."""
        self.listening = on
        self.know(microphone="asking" if on else "off", problem="")
        self.tell("listen", on=on)

    def mute(self, on: bool) -> None:
        """Have the page send silence."""
        self.know(muted=on)
        self.tell("mute", on=on)

    def know(self, **news: Any) -> None:
        """Replace the snapshot."""
        state = replace(self.state, **news)
        if state != self.state:
            self.state = state
            self.changed()

    # ---- from the page

    def take_comm(self, content: Any, buffers: Sequence[bytes]) -> None:
        """Take a message that came by the notebook's comm."""
        if self._closed or not isinstance(content, dict):
            return
        page, kind = str(content.get("page")), content.get("type")
        if kind == "hello":
            greeting = asyncio.ensure_future(self._greet(page, str(content.get("origin"))))
            self._greeting.add(greeting)
            greeting.add_done_callback(self._greeting.discard)
        elif kind == "here":
            self._take_over(page, "comm", None)
        elif page == self._page and self._socket is None:
            for sound in buffers if kind == "sound" else [None]:
                self._take(content, sound)

    async def _greet(self, page: str, origin: str) -> None:
        """Answer a page that asks for ways: the door, and a ticket for each way to it."""
        await self._door.enter(self)
        if self._closed:
            self._door.leave(self)
            return
        # From another computer's page, 127.0.0.1 is not the kernel's: the ticket would go to a stranger.
        direct = self._ticket(page, origin, "direct") if _is_loopback(origin) else None
        fields = {"port": self._door.port, "direct": direct, "proxy": self._ticket(page, origin, "proxy")}
        self._send_by_comm({"type": "door", "to": page, **fields}, [])

    def _ticket(self, page: str, origin: str, way: Way) -> str:
        return self._door.ticket(origin, lambda socket: self._serve(socket, page, way))

    async def _serve(self, socket: ServerConnection, page: str, way: Way) -> None:
        self._take_over(page, way, socket)
        try:
            async for data in socket:
                if self._socket is not socket:
                    return
                self._take(
                    data if isinstance(data, str) else {"type": "sound"}, data if isinstance(data, bytes) else None
                )
        except ConnectionClosed:
            return  # how it ended makes no difference: the page may come back
        finally:
            if self._socket is socket:
                self._lose()

    def _take_over(self, page: str, way: Way, socket: ServerConnection | None) -> None:
        if self._closed:
            return
        if self._page not in ("", page):
            self.tell("replaced")
        self._page, self._socket = page, socket
        self._last_s = asyncio.get_running_loop().time()
        self.know(way=way, round_trip_ms=None, n_underruns=0)
        self._keep_watch(GRACE_S if way == "comm" else None)
        self.tell("welcome", listening=self.listening, muted=self.state.muted, generation=self.generation, way=way)

    def _take(self, message: dict[str, Any] | str, sound: bytes | None) -> None:
        """Take a message of the page that has the sound; one that cannot be read is left out."""
        self._last_s = asyncio.get_running_loop().time()
        try:
            if sound is not None:
                self.took_sound(unpack_chunk(sound))
            else:
                self._heed(read_message(message) if isinstance(message, str) else message)
        except ProtocolError:
            self.know(n_unreadable=self.state.n_unreadable + 1)

    def _heed(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "ping":
                self.tell("pong", at=message.get("at"), missing_ms=self.state.missing_ms)
                if message.get("round_trip_ms") is not None:
                    self.know(round_trip_ms=number(message, "round_trip_ms"))
            case "audio":
                self.know(
                    rate_hz=int(number(message, "rate_hz")),
                    running=bool(message.get("running")),
                    output_latency_ms=number(message, "output_latency_ms"),
                )
            case "microphone":
                self._heed_microphone(message)
            case "played":
                self.know(
                    output_latency_ms=number(message, "output_latency_ms"),
                    n_underruns=int(number(message, "n_underruns")),
                )
                self.played(int(number(message, "generation")), int(number(message, "position")))
            case "flushed":
                self.flushed(int(number(message, "generation")), int(number(message, "position")))
            case "bye":
                self._lose()

    def _heed_microphone(self, message: dict[str, Any]) -> None:
        state = message.get("state")
        if state not in MICROPHONE_STATES or not self.listening:
            return
        places = message.get("places")
        text = self.words.get(f"problem.{message.get('problem')}", "")
        for name, value in (places if isinstance(places, dict) else {}).items():
            text = text.replace(f"{{{name}}}", str(value))
        self.know(microphone=state, problem=text)

    # ---- when the page goes

    def _lose(self) -> None:
        self._socket = None
        self.know(way="none", round_trip_ms=None, running=False)
        self._keep_watch(GRACE_S)

    def _keep_watch(self, wait_s: float | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        loop = asyncio.get_running_loop()
        self._watch = None if wait_s is None else loop.call_at(loop.time() + wait_s, self._look, loop.time() + wait_s)

    def _look(self, due_s: float) -> None:
        """See whether a page is there: a comm does not say when its page has gone."""
        now_s = asyncio.get_running_loop().time()
        quiet_s = now_s - self._last_s
        if now_s - due_s > GRACE_S / 2:
            self._keep_watch(GRACE_S)  # the loop itself stood still, and what came meanwhile is not read yet
        elif self.state.way == "comm" and quiet_s < GRACE_S:
            self._keep_watch(GRACE_S - quiet_s)
        else:
            self._page = ""
            self._watch = None
            self.know(way="none", round_trip_ms=None, running=False, rate_hz=0)
            self.gone()

    def close(self) -> None:
        """Let the page and the door go; closing twice is harmless."""
        if self._closed:
            return
        self.tell("closed")
        self._closed = True
        self._keep_watch(None)
        socket, self._socket = self._socket, None
        if socket is not None:
            closing = asyncio.ensure_future(socket.close())
            self._greeting.add(closing)
            closing.add_done_callback(self._greeting.discard)
        self.know(way="none", microphone="off", running=False, rate_hz=0, problem="")
        self._door.leave(self)


def _is_loopback(origin: str) -> bool:
    """Return whether a page with this origin was loaded from its own computer."""
    try:
        return urlsplit(origin).hostname in LOOPBACK
    except ValueError:
        return False
