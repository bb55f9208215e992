"""Which OpenTelemetry attribute comes from where: the one table behind the OTLP export, with a name and a version.

Out: `ATTRIBUTES`, `SPAN_EVENTS`, `FINISH_REASONS`, `PROVIDERS`.
Does not know: how spans are written.

The GenAI conventions are in development and their voice part is being discussed, so whoever reads an export must be
able to tell which spelling it has: every resource carries `NAME` and `VERSION`. Names that begin with ``gen_ai.`` are
the convention's; for what it has no name for, names begin with ``voicelab.`` and mean what the column means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

NAME = "voicelab.otlp.genai"
VERSION = "1"
#: The modality and cache breakdown of tokens is that of the convention's pull request 440 (merged).
CONVENTION = "OpenTelemetry semantic conventions for generative AI, status Development, as of 2026-09"

SpanKind: TypeAlias = Literal["session", "turn", "response", "tool"]


@dataclass(frozen=True)
class Mapped:
    """One attribute, or one event of a span.

    Parameters
    ----------
    span : {"session", "turn", "response", "tool"}
    name : str
        In the export.
    source : str
        ``<table>.<column>``, ``usage.<path>`` of ``response.done``, ``manifest.<field>``, or what it is made of.
    is_text : bool
        Holds what somebody said, wrote or chose: left out of a copy without text.
    """

    span: SpanKind
    name: str
    source: str
    is_text: bool = False


def _mapped(span: SpanKind, text: str) -> tuple[Mapped, ...]:
    """Return attributes written as ``name source`` a line; a star behind the source marks what somebody said."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    return tuple(Mapped(span, line[0], line[1].rstrip("*"), line[1].endswith("*")) for line in lines)


ATTRIBUTES: tuple[Mapped, ...] = (
    *_mapped(
        "session",
        """
        gen_ai.provider.name               manifest.provider
        gen_ai.request.model               manifest.model
        voicelab.state                     manifest.state
        voicelab.side                      manifest.side
        voicelab.time                      manifest.time
        voicelab.redaction                 manifest.redaction
        voicelab.clock.t_ns                manifest.clocks.t_ns
        """,
    ),
    *_mapped(
        "turn",
        """
        gen_ai.conversation.id             conversation.id
        voicelab.turn                      turns.turn
        voicelab.turn.kind                 turns.kind
        voicelab.turn.epoch                turns.epoch
        voicelab.turn.item_id              turns.item_id
        voicelab.turn.status               turns.status
        voicelab.turn.interrupted          turns.interrupted
        voicelab.turn.speech_end_from      turns.speech_end_from
        voicelab.turn.voice_to_voice_ms    turns.voice_to_voice_ms
        voicelab.turn.endpoint_ms          turns.endpoint_ms
        voicelab.turn.request_ms           turns.request_ms
        voicelab.turn.model_ms             turns.model_ms
        voicelab.turn.playout_ms           turns.playout_ms
        voicelab.turn.leading_silence_ms   turns.leading_silence_ms
        voicelab.turn.residual_ms          turns.residual_ms
        voicelab.turn.generated_ms         turns.generated_ms
        voicelab.turn.delivered_ms         turns.delivered_ms
        voicelab.turn.heard_ms             turns.heard_ms
        voicelab.turn.remembered_ms        turns.remembered_ms
        voicelab.turn.cost_usd             turns.cost_usd
        voicelab.turn.transcript           turns.transcript*
        """,
    ),
    *_mapped(
        "response",
        """
        gen_ai.operation.name                        operation.name
        gen_ai.provider.name                         manifest.provider
        gen_ai.request.model                         manifest.model
        gen_ai.conversation.id                       conversation.id
        gen_ai.response.id                           responses.response_id
        gen_ai.response.finish_reasons               finish_reasons
        gen_ai.usage.input_tokens                    usage.input_tokens
        gen_ai.usage.output_tokens                   usage.output_tokens
        gen_ai.usage.cache_read.input_tokens         usage.input_token_details.cached_tokens
        gen_ai.usage.text.input_tokens               usage.input_token_details.text_tokens
        gen_ai.usage.audio.input_tokens              usage.input_token_details.audio_tokens
        gen_ai.usage.image.input_tokens              usage.input_token_details.image_tokens
        gen_ai.usage.text.cache_read.input_tokens    usage.input_token_details.cached_tokens_details.text_tokens
        gen_ai.usage.audio.cache_read.input_tokens   usage.input_token_details.cached_tokens_details.audio_tokens
        gen_ai.usage.image.cache_read.input_tokens   usage.input_token_details.cached_tokens_details.image_tokens
        gen_ai.usage.text.output_tokens              usage.output_token_details.text_tokens
        gen_ai.usage.audio.output_tokens             usage.output_token_details.audio_tokens
        gen_ai.output.messages                       output.messages*
        error.type                                   error.type
        voicelab.response.turn                       responses.turn
        voicelab.response.epoch                      responses.epoch
        voicelab.response.status                     responses.status
        voicelab.response.reason                     responses.reason
        voicelab.response.generated_ms               responses.generated_ms
        voicelab.response.delivered_ms               responses.delivered_ms
        voicelab.response.heard_ms                   responses.heard_ms
        voicelab.response.remembered_ms              responses.remembered_ms
        voicelab.response.cost_usd                   responses.cost_usd
        voicelab.response.clamped                    responses.clamped
        """,
    ),
    *_mapped(
        "tool",
        """
        gen_ai.operation.name              operation.name
        gen_ai.conversation.id             conversation.id
        gen_ai.tool.type                   tool.type
        gen_ai.tool.call.id                tools.call_id
        gen_ai.tool.name                   tools.name*
        gen_ai.tool.call.arguments         tools.arguments*
        gen_ai.tool.call.result            tools.output*
        voicelab.tool.response_id          tools.response_id
        voicelab.tool.turn                 tools.turn
        voicelab.tool.run_ms               tools.run_ms
        voicelab.tool.reply_ms             tools.reply_ms
        voicelab.tool.gap_ms               tools.gap_ms
        """,
    ),
)
#: Instants within a span, from columns that say when.
SPAN_EVENTS: tuple[Mapped, ...] = (
    *_mapped(
        "turn",
        """
        voicelab.speech_end        turns.speech_end_ms
        voicelab.speech_stopped    turns.stopped_ms
        voicelab.first_played      turns.first_played_ms
        voicelab.first_audible     turns.first_audible_ms
        """,
    ),
    *_mapped("response", "voicelab.first_output responses.first_output_ms"),
    *_mapped("tool", "voicelab.next_audio tools.next_audio_ms"),
)
#: ``gen_ai.operation.name`` of the spans that are operations of the convention.
OPERATIONS: Mapping[SpanKind, str] = {"response": "chat", "tool": "execute_tool"}
#: A response's status, or the reason where the status says too little; one that was cancelled did not finish.
FINISH_REASONS: Mapping[str, str] = {
    "completed": "stop",
    "max_output_tokens": "length",
    "content_filter": "content_filter",
    "failed": "error",
}
CALLED = "tool_call"
#: A run's provider in the convention's words; another one is named as the run names it.
PROVIDERS: Mapping[str, str] = {"openai": "openai", "azure": "azure.ai.openai", "gemini": "gcp.gemini"}
