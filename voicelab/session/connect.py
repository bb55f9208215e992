"""``voicelab.connect``: the front door.

In: a target and settings.  Out: an opener whose ``with`` gives a `Session` and whose ``async with`` an `AsyncSession`.
Does not know: what happens inside a session.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from msgspec import UNSET, UnsetType

from voicelab.audio.frames import FRAME_MS
from voicelab.errors import ConfigError, RunError
from voicelab.measure.budget import Budget, checked_budget
from voicelab.measure.prices import read_prices
from voicelab.protocol.dialects import make_dialect
from voicelab.protocol.ids import Ids
from voicelab.protocol.settings import SemanticVAD, ServerVAD, merge
from voicelab.session.asking import FIRST_ASK, ask_for
from voicelab.session.faces import AsyncSession, Session
from voicelab.session.live import LiveRun, Plan
from voicelab.session.local_server import LocalServer, shared_local_server
from voicelab.session.outgoing import checked_chunk
from voicelab.session.playback import FileSink, NullSink, Sink
from voicelab.session.portal import portal, session_began, session_ended, wall_now
from voicelab.session.profiles import LOCAL_MODEL, Auth, DialectName, Target, hosted_target, with_query
from voicelab.session.terms import terms_of
from voicelab.session.tools import Tool, as_tools
from voicelab.session.writing import ThreadedWriting
from voicelab.transports.clock import Clock
from voicelab.transports.websocket import open_websocket


def connect(
    target: str = "local",
    *,
    model: str | None = None,
    voice: str | None = None,
    speed: float | None = None,
    instructions: str | None = None,
    turn_detection: ServerVAD | SemanticVAD | UnsetType | None = UNSET,
    input_format: str | None = None,
    output_format: str | None = None,
    transcription: str | UnsetType | None = UNSET,
    modality: Literal["audio", "text"] | None = None,
    tools: Iterable[Tool | Callable[..., Any]] = (),
    settings: Mapping[str, Any] | None = None,
    out: str | PathLike[str] | None = None,
    tags: Mapping[str, str] | None = None,
    note: str = "",
    sink: str | PathLike[str] | Sink = "null",
    chunk_ms: int = FRAME_MS,
    budget: Budget | None = None,
    prices: str | PathLike[str] | Mapping[str, Any] | None = None,
    api_key: str | None = None,
    auth: Auth | None = None,
    dialect: DialectName = "ga",
    server: LocalServer | None = None,
    hearing: Literal["guide", "dictation", "none"] = "dictation",
    reply: Literal["guide", "mirror"] = "guide",
) -> Opener:
    """Prepare a session with a voice model; ``with`` opens it.

    Parameters
    ----------
    target : str
        ``local`` (the embedded server: no key, no network), ``openai``, ``azure``, or a full ``ws(s)://`` URL.
    model : str, optional
        The target's default when absent.
    voice, speed, instructions, turn_detection, input_format, output_format, transcription, modality, settings
        See `voicelab.session.asking.ask_for`. Asked nothing, detection is ``ServerVAD()`` and transcription is on.
    tools : iterable of Tool or callable
        Functions the model may call; a plain function is declared by its name, docstring and types.
    out : path, optional
        The run folder, new or empty; ``runs/<time>-<target>`` when absent.
    tags, note
        Kept in the manifest; tags become columns over many runs.
    sink : {"null", "device"}, path or Sink
        Where replies are heard: by nobody (at real-time pace), the sound card, or a new WAV file; also any object that
        does what `voicelab.session.playback.Sink` says.
    chunk_ms : {20, 40, 60, 80, 100}
        How much sound goes into one event: more means fewer events, and a later one.
    budget : Budget, optional
        What may be spent: a response that would pass the limit is refused before it begins; see
        `voicelab.session.spending`.
    prices : path or mapping, optional
        Your own prices, where the price table is wrong or knows none; see `voicelab.measure.prices.read_prices`. They
        are kept with the run.
    api_key : str, optional
        For the target; otherwise from ``OPENAI_API_KEY`` (OpenAI only), ``AZURE_OPENAI_API_KEY`` (Azure only) or
        ``VOICELAB_API_KEY`` (other URLs).
    auth : {"bearer", "api-key", "query", "subprotocol"}, optional
        How the key is shown; the target's usual way when absent.
    dialect : {"ga", "beta"}
        What is spoken: the protocol of today, or that of older articles. The log speaks ``ga`` in any case.
    server : LocalServer, optional
        Use this embedded server instead of the shared one.
    hearing, reply
        How the embedded server hears and who answers; see `LocalServer`. Other targets have their own.

    Raises
    ------
    ConfigError
        A wrong value, before anything is opened; so is a budget for a model whose price is unknown.
    """
    declared = as_tools(tools)
    asked = merge(
        FIRST_ASK,
        ask_for(
            voice=voice,
            speed=speed,
            instructions=instructions,
            turn_detection=turn_detection,
            input_format=input_format,
            output_format=output_format,
            transcription=transcription,
            modality=modality,
            tools=declared.values() if declared else None,
            settings=settings,
        ),
    )
    make_dialect(dialect)  # a wrong name is told here
    if auth is not None and auth not in get_args(Auth):
        raise ConfigError(f"auth must be one of {', '.join(get_args(Auth))}, not {auth!r}", param="auth")
    found = None if target == "local" else hosted_target(target, model, api_key, auth=auth, dialect=dialect)
    own_prices = read_prices(prices)
    terms_of(checked_budget(budget), (model or LOCAL_MODEL) if found is None else found.model, own_prices)

    def find_target() -> Target:
        if found is not None:
            return found
        embedded = server or shared_local_server(hearing, reply)
        query = urlencode({"model": model or LOCAL_MODEL})
        url = f"{embedded.url}?{query}"
        return Target("local", url, model or LOCAL_MODEL, embedded.api_key, auth=auth or "bearer", dialect=dialect)

    folder = Path(out) if out is not None else fresh_folder(target)
    plan = Plan(
        provider="",
        url="",
        model="",
        folder=folder,
        open_transport=_not_yet,
        asked=asked,
        tools=declared,
        tags=dict(tags or {}),
        note=note,
        chunk_ms=checked_chunk(chunk_ms),
        budget=budget,
        prices=own_prices,
    )
    return Opener(plan, find_target, sink)


class Opener:
    """A session that is ready to be opened, by ``with`` or ``async with``; made by `connect`."""

    def __init__(self, plan: Plan, find_target: Callable[[], Target], sink: str | PathLike[str] | Sink) -> None:
        self._plan = plan
        self._find_target = find_target
        self._sink = sink
        self._live: LiveRun | None = None
        self._closed = False
        # What a reconnect may choose anew at the embedded server; it stands in the address.
        self._chosen: dict[str, str] = {}

    def open(self) -> Session:
        """Open the session without ``with``, as suits a notebook; its ``close()`` completes the run folder.

        A session that is still open when Python ends is closed then.
        """
        target, here = self._find_target(), portal()
        session = Session(here.call(self._open(target)), here, self._close, self._choose)
        atexit.register(self._close_at_exit)
        return session

    def __enter__(self) -> Session:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        portal().call(self._close(error))

    async def __aenter__(self) -> AsyncSession:
        here = portal()
        target = await here.wait(here.in_thread(self._find_target))
        return AsyncSession(await here.wait(self._open(target)), here, self._close, self._choose)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await portal().wait(self._close(error))

    async def _open(self, target: Target) -> LiveRun:
        if self._live is not None:
            raise ConfigError("this session was opened before: call connect() again for another")
        plan = replace(
            self._plan,
            provider=target.provider,
            url=target.url,
            model=target.model,
            open_transport=lambda: open_websocket(
                with_query(target.connect_url, self._chosen), target.headers, target.subprotocols
            ),
            dialect=target.dialect,
            secrets=(target.key,) if target.key else (),
        )
        clock = Clock(asyncio.get_running_loop(), wall_now())
        self._live = LiveRun(plan, clock, Ids(), ThreadedWriting, _make_sink(self._sink))
        await self._live.open()
        session_began()
        return self._live

    def _choose(self, chosen: Mapping[str, str]) -> None:
        """Take note of how the embedded server shall hear and who answers, from the next connection on."""
        if self._live is None or "voicelab" not in self._live.core.in_force:
            raise ConfigError(
                f"{' and '.join(chosen)} can be chosen at the embedded server only; this target has its own",
                param=next(iter(chosen)),
            )
        self._chosen.update(chosen)

    def _close_at_exit(self) -> None:
        portal().call(self._close())

    async def _close(self, error: BaseException | None = None) -> None:
        if self._live is None or self._closed:
            return
        self._closed = True
        atexit.unregister(self._close_at_exit)
        session_ended()
        if error is None:
            await self._live.close()
        elif isinstance(error, KeyboardInterrupt):
            await self._live.close("interrupted", "interrupted from the keyboard")
        else:
            await self._live.close("failed", f"{type(error).__name__}: {error}")


def _make_sink(sink: str | PathLike[str] | Sink) -> Sink:
    if not isinstance(sink, str | PathLike):
        return sink
    if sink == "null":
        return NullSink()
    if sink == "device":
        from voicelab.session.devices import DeviceSink

        return DeviceSink()
    path = Path(sink)
    if path.suffix.lower() != ".wav":
        raise ConfigError(
            f"sink {str(sink)!r} is neither 'null' nor 'device' nor the name of a .wav file", param="sink"
        )
    if path.exists():
        raise RunError(f"{path} exists: give a new file for the sink, so that nothing recorded is overwritten")
    return FileSink(path)


def fresh_folder(target: str) -> Path:
    """Return a run folder that does not exist yet, named by the time."""
    name = target if target.isidentifier() else "server"
    stamp = wall_now().astimezone().strftime("%Y%m%d-%H%M%S")
    folder = Path("runs") / f"{stamp}-{name}"
    n = 2
    while folder.exists():
        folder = Path("runs") / f"{stamp}-{name}-{n}"
        n += 1
    return folder


async def _not_yet() -> Any:
    raise ConfigError("the session has no target yet")
