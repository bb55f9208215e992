"""What a person sees while a script runs: each step, each turn as soon as it is over.

In: steps, the run so far.  Out: lines of text.
Does not know: what the steps do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from voicelab.measure.run import Run
from voicelab.measure.turns import Turn

_WIDEST = 100


class Progress:
    """Prints the turns of a growing run, each once.

    Parameters
    ----------
    stream : text file, optional
        Standard error when absent: standard output is for results.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = 0

    def say(self, line: str) -> None:
        """Print one line, now."""
        print(line, file=self._stream, flush=True)

    def notes(self, sentences: Iterable[str]) -> None:
        """Say what does not work here, before anybody wonders."""
        for sentence in sentences:
            self.say(f"note: {sentence}")

    def step(self, number: int, of: int, shows: str) -> None:
        """Announce a step."""
        self.say(f"\n{number:>2}/{of}  {shows}")

    def turns(self, run: Run) -> None:
        """Print the turns that are new."""
        turns = run.turn_list()
        for turn in turns[self._shown :]:
            for line in turn_lines(turn):
                self.say(line)
        self._shown = len(turns)


def turn_lines(turn: Turn) -> list[str]:
    """Return a turn as a person reads it: who said what, how long the answer took, what was cut off."""
    heard = turn.transcript if turn.transcript else "(nothing was understood)"
    lines = [f"       {'you' if turn.kind == 'spoken' else 'typed':<6}{_short(heard)}"]
    lines += [f"       {'call':<6}{_short(call)}" for call in turn.calls]
    if turn.reply:
        lines.append(f"       {'reply':<6}{_short(turn.reply)}")
    facts = []
    if turn.voice_to_voice_ms is not None:
        facts.append(f"voice to voice {turn.voice_to_voice_ms:.0f} ms")
    if turn.interrupted and turn.heard_ms is not None:
        facts.append(f"interrupted: {turn.heard_ms / 1000:.1f} s of {turn.delivered_ms / 1000:.1f} s were heard")
    if not turn.reply and not turn.calls:
        facts.append(f"no reply ({turn.status})")
    if facts:
        lines.append(f"       {'':<6}{'; '.join(facts)}")
    return lines


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
