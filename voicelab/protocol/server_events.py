"""What a server can say: one frozen struct for each event, tagged by its GA name.

In: keyword arguments (the embedded server), or plain dicts through `wire.parse_server` (the client).
Out: structs that encode to the wire's JSON.  An event this file does not list is an `Unknown`, kept as it came.
Does not know: in which order events come.
Source: ``RealtimeServerEvent*`` in OpenAI's published API description (GA).
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from voicelab.protocol.items import Item


class _ServerEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every server event has. ``event_id`` is filled in when the event is sent."""

    event_id: str = ""


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, and which client event caused it."""

    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    event_id: str | None = None


class Error(_ServerEvent, frozen=True, kw_only=True, tag="error"):
    """A request failed; most errors leave the session usable."""

    error: ErrorDetail


class SessionCreated(_ServerEvent, frozen=True, kw_only=True, tag="session.created"):
    """The first event of every connection, with the configuration in force."""

    session: dict[str, Any]


class SessionUpdated(_ServerEvent, frozen=True, kw_only=True, tag="session.updated"):
    """The configuration in force after an update."""

    session: dict[str, Any]


class ConversationInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation's identity."""

    id: str
    object: Literal["realtime.conversation"] = "realtime.conversation"


class ConversationCreated(_ServerEvent, frozen=True, kw_only=True, tag="conversation.created"):
    """Right after the session was created."""

    conversation: ConversationInfo


class ItemAdded(_ServerEvent, frozen=True, kw_only=True, tag="conversation.item.added"):
    """An item entered the conversation behind ``previous_item_id`` (None: at the front)."""

    item: Item
    previous_item_id: str | None = None


class ItemDone(_ServerEvent, frozen=True, kw_only=True, tag="conversation.item.done"):
    """An item is final."""

    item: Item
    previous_item_id: str | None = None


class ItemRetrieved(_ServerEvent, frozen=True, kw_only=True, tag="conversation.item.retrieved"):
    """The item that was asked for, audio included."""

    item: Item


class ItemDeleted(_ServerEvent, frozen=True, kw_only=True, tag="conversation.item.deleted"):
    """An item left the conversation."""

    item_id: str


class ItemTruncated(_ServerEvent, frozen=True, kw_only=True, tag="conversation.item.truncated"):
    """An assistant message was cut after ``audio_end_ms`` of its audio."""

    item_id: str
    content_index: int
    audio_end_ms: int


class TranscriptionDelta(
    _ServerEvent, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.delta"
):
    """Part of what the user said, as text."""

    item_id: str
    content_index: int = 0
    delta: str = ""
    logprobs: tuple[dict[str, Any], ...] | UnsetType | None = UNSET


class TranscriptionCompleted(
    _ServerEvent, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.completed"
):
    """All of what the user said, as text, with the transcription's own usage."""

    item_id: str
    content_index: int
    transcript: str
    usage: dict[str, Any]
    logprobs: tuple[dict[str, Any], ...] | UnsetType | None = UNSET
    languages: tuple[Any, ...] | UnsetType | None = UNSET


class TranscriptionSegment(
    _ServerEvent, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.segment"
):
    """A stretch of what was said with its speaker; ``start`` and ``end`` are seconds (a diarising hosted model)."""

    item_id: str
    content_index: int
    id: str
    text: str
    speaker: str
    start: float
    end: float


class TranscriptionFailed(
    _ServerEvent, frozen=True, kw_only=True, tag="conversation.item.input_audio_transcription.failed"
):
    """The user's audio could not be transcribed."""

    item_id: str
    content_index: int
    error: dict[str, Any]


class InputAudioCommitted(_ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.committed"):
    """The buffered audio became the user message ``item_id``."""

    item_id: str
    previous_item_id: str | None = None


class InputAudioCleared(_ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.cleared"):
    """The buffered audio was thrown away."""


class SpeechStarted(_ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.speech_started"):
    """Speech began; ``audio_start_ms`` is moved back by the prefix padding and counts appended audio."""

    audio_start_ms: int
    item_id: str


class SpeechStopped(_ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.speech_stopped"):
    """The turn ended; ``audio_end_ms`` includes the silence that was waited for."""

    audio_end_ms: int
    item_id: str


class TimeoutTriggered(_ServerEvent, frozen=True, kw_only=True, tag="input_audio_buffer.timeout_triggered"):
    """Nobody spoke for ``idle_timeout_ms`` after a reply; the silence between the two instants becomes an item."""

    audio_start_ms: int
    audio_end_ms: int
    item_id: str


class TokenDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens by modality."""

    text_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0


class InputTokenDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Input tokens by modality; the cached ones are a part of each."""

    text_tokens: int = 0
    audio_tokens: int = 0
    image_tokens: int = 0
    cached_tokens: int = 0
    cached_tokens_details: TokenDetails = TokenDetails()


class OutputTokenDetails(msgspec.Struct, frozen=True, kw_only=True):
    """Output tokens by modality; a spoken reply also counts its transcript as text."""

    text_tokens: int = 0
    audio_tokens: int = 0


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one response is billed for."""

    total_tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    input_token_details: InputTokenDetails = InputTokenDetails()
    output_token_details: OutputTokenDetails = OutputTokenDetails()


ResponseStatus: TypeAlias = Literal["in_progress", "completed", "cancelled", "incomplete", "failed"]


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the other side. ``conversation_id`` None: outside the conversation."""

    id: str
    object: Literal["realtime.response"] = "realtime.response"
    status: ResponseStatus = "in_progress"
    status_details: dict[str, Any] | None = None
    output: tuple[Item, ...] = ()
    conversation_id: str | None = None
    output_modalities: tuple[str, ...] = ("audio",)
    max_output_tokens: int | str | None = "inf"
    audio: dict[str, Any] | None = None
    usage: Usage | None = None
    metadata: dict[str, str] | None = None


class ResponseCreated(_ServerEvent, frozen=True, kw_only=True, tag="response.created"):
    """A response began."""

    response: Response


class ResponseDone(_ServerEvent, frozen=True, kw_only=True, tag="response.done"):
    """A response ended, in whatever way; always sent."""

    response: Response


class OutputItemAdded(_ServerEvent, frozen=True, kw_only=True, tag="response.output_item.added"):
    """The response began an item."""

    response_id: str
    output_index: int
    item: Item


class OutputItemDone(_ServerEvent, frozen=True, kw_only=True, tag="response.output_item.done"):
    """The response finished an item."""

    response_id: str
    output_index: int
    item: Item


class PartInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A content part in ``response.content_part.*``: here the kinds are ``audio`` and ``text``."""

    type: Literal["audio", "text"]
    text: str | None = None
    transcript: str | None = None


class _PartEvent(_ServerEvent, frozen=True, kw_only=True):
    """Where in a response an event belongs."""

    response_id: str
    item_id: str
    output_index: int
    content_index: int = 0


class ContentPartAdded(_PartEvent, frozen=True, kw_only=True, tag="response.content_part.added"):
    """The response began a content part."""

    part: PartInfo


class ContentPartDone(_PartEvent, frozen=True, kw_only=True, tag="response.content_part.done"):
    """The response finished a content part."""

    part: PartInfo


class OutputTextDelta(_PartEvent, frozen=True, kw_only=True, tag="response.output_text.delta"):
    """More of a written reply."""

    delta: str


class OutputTextDone(_PartEvent, frozen=True, kw_only=True, tag="response.output_text.done"):
    """All of a written reply."""

    text: str


class OutputTranscriptDelta(_PartEvent, frozen=True, kw_only=True, tag="response.output_audio_transcript.delta"):
    """More of the words of a spoken reply."""

    delta: str


class OutputTranscriptDone(_PartEvent, frozen=True, kw_only=True, tag="response.output_audio_transcript.done"):
    """All the words of a spoken reply."""

    transcript: str


class OutputAudioDelta(_PartEvent, frozen=True, kw_only=True, tag="response.output_audio.delta"):
    """More sound of a spoken reply, in the session's output format (base64 on the wire)."""

    delta: bytes


class OutputAudioDone(_PartEvent, frozen=True, kw_only=True, tag="response.output_audio.done"):
    """The sound of a spoken reply is complete."""


class FunctionArgumentsDelta(_ServerEvent, frozen=True, kw_only=True, tag="response.function_call_arguments.delta"):
    """More of a function call's arguments (JSON text)."""

    response_id: str
    item_id: str
    output_index: int
    call_id: str
    delta: str


class FunctionArgumentsDone(_ServerEvent, frozen=True, kw_only=True, tag="response.function_call_arguments.done"):
    """All of a function call's arguments (JSON text)."""

    response_id: str
    item_id: str
    output_index: int
    call_id: str
    name: str
    arguments: str


class RateLimitsUpdated(_ServerEvent, frozen=True, kw_only=True, tag="rate_limits.updated"):
    """What is left of the limits."""

    rate_limits: tuple[dict[str, Any], ...]


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """An event that this file does not list, kept as it came."""

    type: str
    body: dict[str, Any]


KnownServerEvent: TypeAlias = (
    Error
    | SessionCreated
    | SessionUpdated
    | ConversationCreated
    | ItemAdded
    | ItemDone
    | ItemRetrieved
    | ItemDeleted
    | ItemTruncated
    | TranscriptionDelta
    | TranscriptionCompleted
    | TranscriptionSegment
    | TranscriptionFailed
    | InputAudioCommitted
    | InputAudioCleared
    | SpeechStarted
    | SpeechStopped
    | TimeoutTriggered
    | ResponseCreated
    | ResponseDone
    | OutputItemAdded
    | OutputItemDone
    | ContentPartAdded
    | ContentPartDone
    | OutputTextDelta
    | OutputTextDone
    | OutputTranscriptDelta
    | OutputTranscriptDone
    | OutputAudioDelta
    | OutputAudioDone
    | FunctionArgumentsDelta
    | FunctionArgumentsDone
    | RateLimitsUpdated
)
ServerEvent: TypeAlias = KnownServerEvent | Unknown
