"""The pump repaints what is registered, on one thread that lives as long as something is."""

from __future__ import annotations

import threading

from tests.widgets.browser import until
from voicelab.widgets.pump import Pump


def test_what_is_registered_is_called_again_and_again_on_one_thread() -> None:
    """Two painters share a thread; the faster one is called more often."""
    pump, often, seldom = Pump(), [], []
    handles = [
        pump.every(40, lambda: often.append(threading.current_thread())),
        pump.every(200, lambda: seldom.append(threading.current_thread())),
    ]
    until(lambda: len(seldom) >= 3, "three slow calls")
    assert len(often) > len(seldom)
    assert len({*often, *seldom}) == 1
    for handle in handles:
        handle.close()


def test_a_painter_that_fails_is_taken_off_and_the_others_go_on() -> None:
    """Its failure is kept, with the line that failed; nobody else notices."""
    pump, calls = Pump(), []

    def broken() -> None:
        raise ZeroDivisionError("broken view")

    bad, good = pump.every(40, broken), pump.every(40, lambda: calls.append(1))
    until(lambda: bad.failure is not None, "the failure")
    assert bad.failure is not None
    assert "broken view" in bad.failure
    n = len(calls)
    until(lambda: len(calls) > n + 2, "the other painter")
    good.close()


def test_the_thread_ends_with_its_last_painter_and_begins_anew() -> None:
    """Nothing is left behind; closing twice is harmless."""
    pump, painters = Pump(), list[threading.Thread]()
    handle = pump.every(40, lambda: painters.append(threading.current_thread()))
    until(lambda: bool(painters), "a call")
    handle.close()
    handle.close()
    until(lambda: not painters[0].is_alive(), "the thread's end")
    n = len(painters)
    again = pump.every(40, lambda: painters.append(threading.current_thread()))
    until(lambda: len(painters) > n, "a call")
    assert painters[-1] is not painters[0]
    again.close()
