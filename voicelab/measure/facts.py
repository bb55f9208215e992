"""Who said what when: the facts of a run, before anything is calculated.

Out: user turns and the responses that belong to them, items of the conversation, function calls, labels, with the
instants that matter: nanoseconds on the run's clock.
Does not know: records (``gathering`` finds the facts in them), or how latency or cost is defined.

A response belongs to the latest user turn before it; what follows a tool call belongs to the same turn, a response
outside the conversation to none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from voicelab.runlog.record import TRACK_RATE_HZ

SAMPLES_PER_MS = TRACK_RATE_HZ // 1000
#: A remark that begins so says where speech really ended.
TRUE_END = "true end"


@dataclass
class ItemFacts:
    """One assistant message with sound."""

    item_id: str
    first_delta_ns: int | None = None
    output_start: int | None = None
    n_samples: int = 0
    played_ns: int | None = None
    heard_ms: float = 0.0
    heard_refs: list[tuple[int, int]] = field(default_factory=list)
    cut: bool = False
    transcript: str = ""
    remembered_ms: int | None = None


@dataclass
class ConversationItem:
    """One item of the conversation, as the server last told of it."""

    item_id: str
    turn: int | None
    epoch: int
    added_ns: int
    type: str = "message"
    role: str | None = None
    status: str | None = None
    response_id: str | None = None
    text: str = ""
    memory: Literal["whole", "truncated", "deleted"] = "whole"


@dataclass
class ToolFacts:
    """One function call, from its finished arguments to the sound that followed its result."""

    call_id: str
    name: str
    arguments: str
    response_id: str
    turn: int | None
    epoch: int
    called_ns: int
    output: str | None = None
    answered_ns: int | None = None
    next_audio_ns: int | None = None


@dataclass
class ResponseFacts:
    """One response, from created to done."""

    response_id: str
    epoch: int
    created_ns: int
    turn: int | None
    first_output_ns: int | None = None
    done_ns: int | None = None
    status: str = "in_progress"
    reason: str | None = None
    usage: dict[str, Any] | None = None
    text: str = ""
    calls: list[str] = field(default_factory=list)
    items: dict[str, ItemFacts] = field(default_factory=dict)


@dataclass
class TurnFacts:
    """One user turn, spoken or typed."""

    turn: int
    item_id: str
    epoch: int
    kind: Literal["spoken", "typed"]
    began_ns: int
    committed_ns: int
    audio_start_ms: float | None = None
    audio_end_ms: float | None = None
    stopped_ns: int | None = None
    requested_ns: int | None = None
    transcript: str | None = None
    transcribed_ns: int | None = None
    transcription_model: str | None = None
    transcription_usage: dict[str, Any] | None = None
    responses: list[ResponseFacts] = field(default_factory=list)


@dataclass(frozen=True)
class Label:
    """Known speech in a clip that was sent, on the run's time line.

    ``kind`` is what the clip's maker says of it, such as ``backchannel`` or ``noise``; None: a turn.
    """

    clip: str
    speech_start_ms: float | None
    speech_end_ms: float | None
    text: str | None
    kind: str | None = None


@dataclass
class Facts:
    """Everything one pass finds.

    ``arrivals`` has for every audio delta of an item when it came, and the samples of the item before it. ``plays``:
    whether the run's writer played what it received, so that sound not told of as heard was not heard.
    """

    turns: list[TurnFacts] = field(default_factory=list)
    responses: dict[str, ResponseFacts] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    thresholds: list[tuple[int, float]] = field(default_factory=list)
    errors: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    items: dict[str, ConversationItem] = field(default_factory=dict)
    tools: dict[str, ToolFacts] = field(default_factory=dict)
    arrivals: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    underruns: list[tuple[int, str]] = field(default_factory=list)
    plays: bool = False

    def true_ends_ms(self) -> list[float]:
        """Return where somebody marked the true end of speech, on the run's time line."""
        return [t_ns / 1e6 for t_ns, text in self.marks if text.strip().lower().startswith(TRUE_END)]
