"""A session listens to a microphone: its sound is the user's until it is lost, muted, or a clip speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.server.room import GivenEars
from tests.session.room import hold
from voicelab.audio.samples import Samples
from voicelab.errors import AudioError
from voicelab.experiments.clips import spoken_lines
from voicelab.session.core import SessionCore

LINES = spoken_lines()
HELLO = LINES["hello"].clip.samples


class HandHeld:
    """A microphone that a test speaks into."""

    name = "hand-held"

    def __init__(self) -> None:
        self.deliver: Callable[[Samples], None] | None = None
        self.lost: Callable[[str], None] | None = None
        self.n_closed = 0

    async def open(self, deliver: Callable[[Samples], None], lost: Callable[[str], None]) -> None:
        self.deliver, self.lost = deliver, lost

    def close(self) -> None:
        self.n_closed += 1

    async def say(self, samples: Samples, beside: Callable[[], Samples] | None = None) -> None:
        """Speak; ``beside`` gives what else is in the air in each frame."""
        assert self.deliver is not None
        for at in range(0, len(samples), 480):
            await asyncio.sleep(0.02)
            frame = samples[at : at + 480]
            self.deliver(frame if beside is None else frame + beside())


def test_what_a_microphone_hears_is_a_turn(tmp_path: Path) -> None:
    """Speech through a microphone is detected, heard and answered; the log says which microphone it was."""
    microphone = HandHeld()

    async def act(core: SessionCore) -> None:
        await core.listen(microphone)
        await microphone.say(np.concatenate([HELLO, np.zeros(24_000, np.int16)]))
        await core._requests.quiet(lambda: core._in.n_turns > 0)
        await core.stop_listening()

    held = hold(act, tmp_path / "run", ears=GivenEars("hello"))
    (turn,) = held.run.turn_list()
    assert turn.transcript == "hello"
    assert held.local("source.started") == [{"microphone": "hand-held"}]
    assert held.local("source.stopped") == [{"microphone": "hand-held", "reason": "stopped"}]
    assert microphone.n_closed == 1


def test_a_muted_microphone_is_silence(tmp_path: Path) -> None:
    """Nothing of what it hears while muted is sent; the stream itself goes on."""
    microphone = HandHeld()

    async def act(core: SessionCore) -> None:
        await core.listen(microphone)
        await core.mute(True)
        await microphone.say(HELLO)
        await core.mute(False)
        await microphone.say(HELLO[:4_800])

    held = hold(act, tmp_path / "run")
    sent = held.run.samples("input")
    assert not sent[: len(HELLO)].any()
    assert (sent[-4_800:] == HELLO[:4_800]).all()


def test_a_clip_speaks_instead_of_the_microphone(tmp_path: Path) -> None:
    """While a clip is played not a sample of the microphone gets in; afterwards it is heard again."""
    microphone = HandHeld()
    noise = np.full(480, 1_000, np.int16)

    async def act(core: SessionCore) -> None:
        await core.listen(microphone)
        talking = asyncio.ensure_future(microphone.say(np.tile(noise, 300)))
        await asyncio.sleep(0.1)
        await core.play(LINES["hello"].clip)
        await talking

    held = hold(act, tmp_path / "run", ears=GivenEars("hello"))
    sent = held.run.samples("input")
    began = next(r for r in held.run.records() if r.event.get("clip"))
    start = round(began.t_ns * 24e-6)
    middle = sent[start + 4_800 : start + len(HELLO) - 4_800]
    assert not (middle == 1_000).all()
    assert (sent == 1_000).sum() > 0


def test_a_lost_microphone_ends_nothing_else(tmp_path: Path) -> None:
    """Pulled out, it is written down with its reason, and the session goes on with typed text."""
    microphone = HandHeld()

    async def act(core: SessionCore) -> None:
        await core.listen(microphone)
        assert microphone.lost is not None
        microphone.lost("unplugged")
        assert core.listening.name is None
        await core.ask("hello")

    held = hold(act, tmp_path / "run")
    assert held.local("source.stopped") == [{"microphone": "hand-held", "reason": "unplugged"}]
    assert len(held.run.turn_list()) == 1


def test_a_microphone_that_says_late_that_it_is_lost_ends_no_other(tmp_path: Path) -> None:
    """The next one is listened to all the same."""
    first, second = HandHeld(), HandHeld()

    async def act(core: SessionCore) -> None:
        await core.listen(first)
        await core.listen(second)
        assert first.lost is not None
        first.lost("unplugged")
        assert core.listening.name == "hand-held"
        assert second.n_closed == 0

    hold(act, tmp_path / "run")


def test_a_microphone_that_cannot_be_had_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    """The error reaches whoever asked; nobody is listened to, and the end of the session has nothing to let go."""

    class Denied(HandHeld):
        async def open(self, deliver: Callable[[Samples], None], lost: Callable[[str], None]) -> None:
            raise AudioError("the browser denied the microphone")

    async def act(core: SessionCore) -> None:
        with pytest.raises(AudioError, match="denied"):
            await core.listen(Denied())
        assert core.listening.name is None

    held = hold(act, tmp_path / "run")
    assert held.local("source.started") == []


def test_a_session_that_ends_lets_the_microphone_go(tmp_path: Path) -> None:
    """Nobody has to remember it."""
    microphone = HandHeld()

    async def act(core: SessionCore) -> None:
        await core.listen(microphone)

    hold(act, tmp_path / "run")
    assert microphone.n_closed == 1


def test_a_microphone_that_is_called_off_before_it_answers_changes_nothing(tmp_path: Path) -> None:
    """Its late refusal does not take the next one away, nor is its late consent written down."""

    class Slow(HandHeld):
        def __init__(self, error: AudioError | None) -> None:
            super().__init__()
            self.error = error

        async def open(self, deliver: Callable[[Samples], None], lost: Callable[[str], None]) -> None:
            await asyncio.sleep(5)
            if self.error is not None:
                raise self.error

    async def act(core: SessionCore) -> None:
        for error in (AudioError("denied"), None):
            asking = asyncio.ensure_future(core.listen(Slow(error)))
            await asyncio.sleep(1)
            await core.listen(HandHeld())
            await asking
            assert core.listening.name == "hand-held"

    held = hold(act, tmp_path / "run")
    assert len(held.local("source.started")) == 2
    assert {event["reason"] for event in held.local("source.stopped")} == {"replaced", "stopped"}
