"""One conversation of four turns, written by hand; the tests read it and compare with what was counted."""

from __future__ import annotations

import numpy as np
import pytest

from tests.measure.room import Tape, loud, silent, usage
from voicelab.measure.run import Run


@pytest.fixture(scope="session")
def conversation() -> Tape:
    """A labelled turn, one that is interrupted, one with a tool, and a typed one. Nobody writes into it."""
    tape = Tape()
    tape.opened(0)
    labelled_turn(tape)
    interrupted_turn(tape)
    tool_turn(tape)
    typed_turn(tape)
    return tape


@pytest.fixture(scope="session")
def run(conversation: Tape, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same conversation in a run folder."""
    return conversation.save(tmp_path_factory.mktemp("runs") / "run", state="complete")


def labelled_turn(tape: Tape) -> None:
    """The clip begins at 200 and its labels say speech from 100 to 900: on the time line from 300 to 1100."""
    tape.frames(0, 200)
    labels = {"text": "hello there", "speech_start_ms": 100, "speech_end_ms": 900}
    tape.local("source.started", 200, clip="hello.wav", duration_ms=1000.0, labels=labels)
    tape.frames(200, 1420)
    tape.scores(288, *[0.9] * 26, 0.1)  # speech until 1120, so the label is not what the scores say
    tape.spoke("item_u1", 100, 1400, started_ms=480, stopped_ms=1425)
    tape.recv(
        "conversation.item.input_audio_transcription.completed", 1430, item_id="item_u1", transcript="hello there"
    )
    tape.created("resp_1", 1440)
    tape.said("resp_1", "item_a1", 1580, "General ")
    tape.sound("resp_1", "item_a1", 1590, np.concatenate([silent(50), loud(200)]))
    tape.played("item_a1", 1600)
    tape.said("resp_1", "item_a1", 1610, "greetings.")
    tape.sound("resp_1", "item_a1", 1700, loud(250))
    tape.done("resp_1", 1800, usage(text=(119, 64, 30), audio=(13, 0, 10)))
    tape.heard(
        "item_a1", 1607, np.concatenate([silent(50), loud(150)])
    )  # the sink began 7 ms after it was handed sound
    tape.heard("item_a1", 1807, loud(300))
    tape.stopped("item_a1", 2107, 500.0, 500.0)


def interrupted_turn(tape: Tape) -> None:
    """The speech scores end at 3040; of a reply of 3 s, 2 s arrive and 640 ms are heard."""
    tape.frames(1420, 4360)
    tape.scores(2496, *[0.9] * 16, 0.5, 0.49)
    tape.spoke("item_u2", 2200, 3540, started_ms=2700, stopped_ms=3560)
    tape.created("resp_2", 3580)
    tape.said("resp_2", "item_a2", 3690, "Once upon a time there was")
    tape.sound("resp_2", "item_a2", 3700, loud(1000))
    tape.played("item_a2", 3710)
    tape.sound("resp_2", "item_a2", 4000, loud(1000))
    tape.heard("item_a2", 3710, loud(640))
    tape.recv("input_audio_buffer.speech_started", 4350, audio_start_ms=4000, item_id="item_u3")
    tape.stopped("item_a2", 4350, 640.0, 2000.0, "interrupted")
    tape.send("conversation.item.truncate", 4350, item_id="item_a2", content_index=0, audio_end_ms=640)
    used = usage(text=(160, 119, 40), audio=(36, 13, 60))
    tape.done("resp_2", 4352, used, "cancelled", type="cancelled", reason="turn_detected")
    tape.recv("conversation.item.truncated", 4360, item_id="item_a2", content_index=0, audio_end_ms=640)


def tool_turn(tape: Tape) -> None:
    """Nothing but the detector says when speech ended; a function is called before the reply."""
    tape.frames(4360, 5400)
    tape.recv("input_audio_buffer.speech_stopped", 5300, audio_end_ms=5290, item_id="item_u3")
    tape.recv("input_audio_buffer.committed", 5301, item_id="item_u3")
    tape.created("resp_3", 5310)
    call = {"response_id": "resp_3", "item_id": "item_f3", "call_id": "call_3"}
    tape.recv("response.function_call_arguments.done", 5400, **call, name="get_weather", arguments='{"city": "Rome"}')
    tape.done("resp_3", 5410, usage(text=(200, 160, 20), audio=(50, 30, 0)))
    tape.local("tool.ran", 5415, name="get_weather", call_id="call_3")
    output = {"type": "function_call_output", "call_id": "call_3", "output": "sunny"}
    tape.send("conversation.item.create", 5416, item=output)
    tape.send("response.create", 5417)
    tape.created("resp_4", 5430)
    tape.said("resp_4", "item_a4", 5590, "Sunny.")
    tape.sound("resp_4", "item_a4", 5600, loud(400))
    tape.played("item_a4", 5620)
    tape.done("resp_4", 5700, usage(text=(230, 220, 4), audio=(50, 50, 8)))
    tape.heard("item_a4", 5620, loud(400))
    tape.stopped("item_a4", 6020, 400.0, 400.0)


def typed_turn(tape: Tape) -> None:
    """Asked in writing, answered aloud."""
    tape.typed("And tomorrow?", 7000)
    tape.send("response.create", 7010)
    tape.created("resp_5", 7030)
    tape.said("resp_5", "item_a5", 7090, "Rain.")
    tape.sound("resp_5", "item_a5", 7100, np.concatenate([silent(30), loud(270)]))
    tape.played("item_a5", 7110)
    tape.done("resp_5", 7200, usage(text=(240, 234, 3), audio=(58, 50, 6)))
    tape.heard("item_a5", 7110, np.concatenate([silent(30), loud(270)]))
    tape.stopped("item_a5", 7410, 300.0, 300.0)
