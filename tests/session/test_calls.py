"""Waiting for answers: the right one, the right error, the right end."""

from __future__ import annotations

import asyncio

import pytest

from voicelab.errors import ServerError, TransportClosed, TransportError
from voicelab.protocol.server_events import ErrorDetail
from voicelab.session.calls import Calls
from voicelab.transports.virtual_time import run_in_virtual_time


def test_call_returns_when_what_it_waits_for_is_true() -> None:
    """The condition is looked at after each event, and at once."""

    async def act() -> None:
        calls, seen = Calls(), []
        await calls.until(lambda: True, what="nothing")
        waiting = asyncio.ensure_future(calls.until(lambda: bool(seen), what="something"))
        await asyncio.sleep(0)
        calls.look()
        assert not waiting.done()
        seen.append(1)
        calls.look()
        await waiting

    run_in_virtual_time(act())


def test_error_reaches_the_call_that_caused_it_and_no_other() -> None:
    """error.event_id decides whose mistake it was."""

    async def act() -> None:
        calls = Calls()
        mine = asyncio.ensure_future(calls.until(lambda: False, what="a", event_id="mine"))
        other = asyncio.ensure_future(calls.until(lambda: False, what="b", event_id="other"))
        await asyncio.sleep(0)
        assert calls.fail(ErrorDetail(message="No.", code="invalid_value", param="x", event_id="mine"))
        assert not calls.fail(ErrorDetail(message="No.", event_id=None))
        with pytest.raises(ServerError, match=r"No\.") as caught:
            await mine
        assert (caught.value.code, caught.value.param) == ("invalid_value", "x")
        assert not other.done()
        other.cancel()

    run_in_virtual_time(act())


def test_end_of_the_connection_fails_all_calls_and_those_to_come() -> None:
    """Nobody waits for a dead server; a new connection allows waiting again."""

    async def act() -> None:
        calls = Calls()
        waiting = asyncio.ensure_future(calls.until(lambda: False, what="a"))
        await asyncio.sleep(0)
        calls.end(TransportClosed("gone"))
        with pytest.raises(TransportClosed, match="gone"):
            await waiting
        with pytest.raises(TransportClosed, match="gone"):
            await calls.until(lambda: True, what="b")
        calls.begin()
        await calls.until(lambda: True, what="c")

    run_in_virtual_time(act())


def test_waiting_in_vain_says_for_what_and_how_long() -> None:
    """A time-out names what did not come."""

    async def act() -> None:
        with pytest.raises(TransportError, match=r"waited 3 s for response\.created, in vain"):
            await Calls().until(lambda: False, what="response.created", timeout_s=3)

    run_in_virtual_time(act())
