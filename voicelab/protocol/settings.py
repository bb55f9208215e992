"""The configuration of a realtime session: its shape, its defaults, its ranges, and how updates merge.

In: the ``session`` object of a ``session.update`` (plain dicts).  Out: a frozen `SessionConfig` (a conversation) or
`TranscriptionConfig` (only words), or a `ConfigError` that names the path of the bad value; nothing is changed by a
bad update.
Does not know: which of the fields a particular server can honour (``server.capabilities``), or when a field may
change (``server.changes``).
Source: ``RealtimeSessionCreateRequestGA``, ``RealtimeTranscriptionSessionCreateRequestGA`` and
``RealtimeResponseCreateParams`` in OpenAI's published API description.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from voicelab.errors import ConfigError
from voicelab.protocol.allowed import allowed_values
from voicelab.protocol.items import Item

VoiceName: TypeAlias = Literal["alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar"]
Modality: TypeAlias = Literal["audio", "text"]
_Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A configuration object: unknown fields are errors, never ignored."""


class _Tagged(_Strict, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """A configuration object that says its kind in ``type``."""


class FormatPCM(_Tagged, frozen=True, kw_only=True, tag="audio/pcm"):
    """16-bit little-endian mono; only 24,000 Hz exists."""

    rate: Literal[24000] = 24000


class FormatPCMU(_Tagged, frozen=True, kw_only=True, tag="audio/pcmu"):
    """G.711 mu-law, 8,000 Hz."""


class FormatPCMA(_Tagged, frozen=True, kw_only=True, tag="audio/pcma"):
    """G.711 A-law, 8,000 Hz."""


Format: TypeAlias = FormatPCM | FormatPCMU | FormatPCMA


class ServerVAD(_Tagged, frozen=True, kw_only=True, tag="server_vad"):
    """End the user's turn after a stretch of silence.

    Parameters
    ----------
    threshold : float
        Speech probability from which a window counts as speech, 0 to 1.
    prefix_padding_ms : int
        Audio before the detected start that is given to the model as well.
    silence_duration_ms : int
        Silence after which the turn has ended. 500 is the documented default; the hosted and the embedded server,
        asked nothing, use 200, so this object is always sent whole.
    idle_timeout_ms : int, optional
        Answer by itself after this much silence behind a reply.
    create_response, interrupt_response : bool
        Answer when a turn ends; cancel a running answer when a turn begins.
    """

    threshold: _Share = 0.5
    prefix_padding_ms: Annotated[int, Meta(ge=0, le=10_000)] = 300
    silence_duration_ms: Annotated[int, Meta(ge=0, le=10_000)] = 500
    idle_timeout_ms: Annotated[int, Meta(ge=5_000, le=30_000)] | None = None
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVAD(_Tagged, frozen=True, kw_only=True, tag="semantic_vad"):
    """End the user's turn when the utterance sounds finished.

    Parameters
    ----------
    eagerness : {"low", "medium", "high", "auto"}
        How soon: the longest silence waited for is 8, 4 or 2 s; ``auto`` is ``medium``.
    create_response, interrupt_response : bool
        As in `ServerVAD`.
    """

    eagerness: Literal["low", "medium", "high", "auto"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


TurnDetection: TypeAlias = ServerVAD | SemanticVAD


class Transcription(_Strict, frozen=True, kw_only=True):
    """Which model writes down what the user said."""

    model: str | None = None
    language: str | None = None
    prompt: str | None = None
    languages: tuple[str, ...] | None = None
    keywords: tuple[str, ...] | None = None
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None


class NoiseReduction(_Strict, frozen=True, kw_only=True):
    """Noise reduction before detection and model; ``strength`` stays as it was when an update leaves it out."""

    type: Literal["near_field", "far_field"]
    strength: Annotated[float, Meta(ge=0.0)] = 1.0


class AudioInput(_Strict, frozen=True, kw_only=True):
    """How the user's audio comes in and what is done with it."""

    format: Format = FormatPCM()
    transcription: Transcription | None = None
    noise_reduction: NoiseReduction | None = None
    turn_detection: TurnDetection | None = ServerVAD(silence_duration_ms=200)


class CustomVoice(_Strict, frozen=True, kw_only=True):
    """A voice made for one customer."""

    id: str


class AudioOutput(_Strict, frozen=True, kw_only=True):
    """How the reply's audio goes out."""

    format: Format = FormatPCM()
    voice: VoiceName | CustomVoice = "marin"
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] = 1.0


class Audio(_Strict, frozen=True, kw_only=True):
    """Both directions of sound."""

    input: AudioInput = AudioInput()
    output: AudioOutput = AudioOutput()


class FunctionTool(_Tagged, frozen=True, kw_only=True, tag="function"):
    """A function of the client that the other side may call; ``parameters`` is a JSON schema."""

    name: Annotated[str, Meta(min_length=1)]
    description: str = ""
    parameters: dict[str, Any] = {}


class MCPTool(_Tagged, frozen=True, kw_only=True, tag="mcp"):
    """A tool server that the hosted service calls by itself; the embedded server has none."""

    server_label: str
    server_url: str | None = None
    connector_id: str | None = None
    authorization: str | None = None
    headers: dict[str, str] | None = None
    allowed_tools: list[str] | dict[str, Any] | None = None
    require_approval: str | dict[str, Any] | None = None
    server_description: str | None = None
    defer_loading: bool | None = None
    tunnel_id: str | None = None


class NamedFunction(_Tagged, frozen=True, kw_only=True, tag="function"):
    """A tool choice that names the one function to call."""

    name: str


class NamedMCP(_Tagged, frozen=True, kw_only=True, tag="mcp"):
    """A tool choice that names a tool server, and maybe one of its tools."""

    server_label: str
    name: str | None = None


class TokenLimits(_Strict, frozen=True, kw_only=True):
    """A tighter limit than the model's own; ``post_instructions`` counts all input but the instructions."""

    post_instructions: Annotated[int, Meta(ge=0)] | None = None


class RetentionRatio(_Tagged, frozen=True, kw_only=True, tag="retention_ratio"):
    """When the context is full, keep this share of it: dropping more than needed lets the cache survive longer."""

    retention_ratio: _Share
    token_limits: TokenLimits | None = None


class Tracing(_Strict, frozen=True, kw_only=True):
    """How the hosted service names a session's trace."""

    workflow_name: str | None = None
    group_id: str | None = None
    metadata: dict[str, Any] | None = None


class Prompt(_Strict, frozen=True, kw_only=True):
    """A prompt that is stored at the hosted service."""

    id: str
    version: str | None = None
    variables: dict[str, Any] | None = None


class Reasoning(_Strict, frozen=True, kw_only=True):
    """How long a reasoning model may think."""

    effort: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None


AnyTool: TypeAlias = FunctionTool | MCPTool
FunctionChoice: TypeAlias = Literal["auto", "none", "required"] | NamedFunction
ToolChoice: TypeAlias = FunctionChoice | NamedMCP
Truncation: TypeAlias = Literal["auto", "disabled"] | RetentionRatio
Include: TypeAlias = Literal["item.input_audio_transcription.logprobs"]
Metadata: TypeAlias = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)
]
MaxTokens: TypeAlias = Annotated[int, Meta(ge=1, le=4096)] | Literal["inf"]


class SessionConfig(_Strict, frozen=True, kw_only=True):
    """Everything that is in force in a conversation. What was never asked has the server's default."""

    type: Literal["realtime"] = "realtime"
    model: str = "voicelab-guide"
    instructions: str = ""
    output_modalities: Annotated[tuple[Modality, ...], Meta(min_length=1, max_length=1)] = ("audio",)
    audio: Audio = Audio()
    tools: tuple[AnyTool, ...] = ()
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool | None = None
    max_output_tokens: MaxTokens = "inf"
    truncation: Truncation = "auto"
    include: tuple[Include, ...] | None = None
    tracing: Literal["auto"] | Tracing | None = None
    prompt: Prompt | None = None
    reasoning: Reasoning | None = None


class TranscriptionAudio(_Strict, frozen=True, kw_only=True):
    """The one direction of sound that a transcription session has."""

    input: AudioInput = AudioInput()


class TranscriptionConfig(_Strict, frozen=True, kw_only=True):
    """Everything that is in force in a session that only writes down what it hears."""

    type: Literal["transcription"] = "transcription"
    audio: TranscriptionAudio = TranscriptionAudio()
    include: tuple[Include, ...] | None = None


class ItemReference(_Tagged, frozen=True, kw_only=True, tag="item_reference"):
    """In the input of a response: an item of the conversation, by its id."""

    id: str


class ResponseAudioOutput(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """The sound of one response; there is no ``speed`` here."""

    format: Format | None = None
    voice: VoiceName | CustomVoice | None = None


class ResponseAudio(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """The sound of one response."""

    output: ResponseAudioOutput = ResponseAudioOutput()


class ResponseParams(_Strict, frozen=True, kw_only=True, omit_defaults=True):
    """The ``response`` object of ``response.create``: overrides for this response only."""

    conversation: Literal["auto", "none"] = "auto"
    input: tuple[Item | ItemReference, ...] | None = None
    instructions: str | None = None
    output_modalities: Annotated[tuple[Modality, ...], Meta(min_length=1, max_length=1)] | None = None
    audio: ResponseAudio = ResponseAudio()
    tools: tuple[AnyTool, ...] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: MaxTokens | None = None
    metadata: Metadata | None = None
    prompt: Prompt | None = None
    reasoning: Reasoning | None = None


_Shape = TypeVar("_Shape")
Config = TypeVar("Config", bound=SessionConfig | TranscriptionConfig)
# Objects whose ``type`` is one setting among others: changing it does not reset the others.
_ALWAYS_MERGED = ("noise_reduction",)
_ERROR = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_NAMED_FIELD = re.compile(r"field `(?P<name>[^`]+)`")


def convert(value: Any, shape: type[_Shape], *, root: str) -> _Shape:
    """Turn plain JSON values into a frozen struct.

    Parameters
    ----------
    value
        What ``json.loads`` gives.
    shape
        The struct (or union) to make.
    root
        What the path in an error begins with, such as ``session``.

    Raises
    ------
    ConfigError
        With ``param`` the path of the first bad value and ``code`` one of ``invalid_value``, ``invalid_type``,
        ``unknown_parameter``, ``missing_required_parameter``.
    """
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise explain(error, shape, root=root) from None


def explain(error: msgspec.ValidationError, shape: Any, *, root: str) -> ConfigError:
    """Translate msgspec's validation error into the protocol's: a sentence, a code, the path of the value."""
    match = _ERROR.match(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    param = f"{root}{path}".lstrip(".")
    code = "invalid_value"
    named = _NAMED_FIELD.search(what)
    if named and ("unknown" in what or "missing" in what):
        param = f"{param}.{named['name']}".lstrip(".")
        code = "unknown_parameter" if "unknown" in what else "missing_required_parameter"
    elif what.startswith("Expected `") and ", got `" in what:
        code = "invalid_type"
    what = f"{what[0].lower()}{what[1:].replace('enum value', 'value', 1)}"
    supported = allowed_values(shape, path) if what.startswith("invalid ") else ()
    mend = f" Supported values are: {', '.join(supported)}." if supported else ""
    return ConfigError(f"{param}: {what}.{mend}", param=param, code=code)


def to_plain(value: Any) -> Any:
    """Return a struct as plain JSON values."""
    return msgspec.to_builtins(value)


def update(config: Config, change: Mapping[str, Any]) -> Config:
    """Merge a partial ``session`` object into the configuration in force.

    What is absent stays; ``null`` clears; an object of the same ``type`` is merged, one of another ``type`` replaces.

    Raises
    ------
    ConfigError
        When any field is wrong: then nothing of the update holds.
    """
    # Merging before checking lets one check see the whole, and a wrong leaf cannot leave half an update behind.
    return convert(merge(to_plain(config), change), type(config), root="session")


def merge(old: Any, new: Any) -> Any:
    """Merge plain JSON objects, deeply; see `update`."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    if "type" in new and "type" in old and new["type"] != old["type"]:
        return dict(new)
    return {**old, **{key: _merge_field(key, old.get(key), value) for key, value in new.items()}}


def _merge_field(key: str, old: Any, new: Any) -> Any:
    if key in _ALWAYS_MERGED and isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **new}
    return merge(old, new)
