"""The configuration of one response: the session's, with the response's own overrides.

In: the session's configuration and the ``response`` object of ``response.create``.  Out: one frozen value, and an
error for each thing that cannot be had.
Does not know: what is done with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicelab.errors import ConfigError
from voicelab.protocol.settings import (
    CustomVoice,
    Format,
    FunctionChoice,
    FunctionTool,
    MaxTokens,
    MCPTool,
    NamedFunction,
    NamedMCP,
    ResponseParams,
    SessionConfig,
)
from voicelab.server.capabilities import NO_MCP, NO_PROMPTS, NO_REASONING, NO_VOICES


@dataclass(frozen=True)
class AnswerSettings:
    """What one response goes by.

    ``in_conversation`` is False for a response beside the conversation (``conversation: "none"``).
    """

    in_conversation: bool
    modality: str
    instructions: str
    tools: tuple[FunctionTool, ...]
    tool_choice: FunctionChoice
    parallel_tool_calls: bool
    voice: str
    speed: float
    format: Format
    max_output_tokens: MaxTokens
    metadata: dict[str, str] | None


def settings_of(config: SessionConfig, params: ResponseParams) -> AnswerSettings:
    """Combine the session's configuration with a response's overrides; what is refused keeps the session's value."""
    output, session = params.audio.output, config.audio.output
    voice = session.voice if output.voice is None or isinstance(output.voice, CustomVoice) else output.voice
    choice = params.tool_choice if params.tool_choice is not None else config.tool_choice
    parallel = config.parallel_tool_calls if params.parallel_tool_calls is None else params.parallel_tool_calls
    tools = config.tools if params.tools is None else params.tools
    return AnswerSettings(
        in_conversation=params.conversation == "auto",
        modality=(params.output_modalities or config.output_modalities)[0],
        instructions=config.instructions if params.instructions is None else params.instructions,
        tools=tuple(tool for tool in tools if isinstance(tool, FunctionTool)),
        tool_choice="auto" if isinstance(choice, NamedMCP) else choice,
        parallel_tool_calls=parallel is not False,
        voice=voice.id if isinstance(voice, CustomVoice) else voice,
        speed=session.speed,
        format=output.format or config.audio.output.format,
        max_output_tokens=params.max_output_tokens or config.max_output_tokens,
        metadata=params.metadata,
    )


def check_choice(settings: AnswerSettings, param: str = "response.tool_choice") -> None:
    """Refuse a choice of a function that was not declared.

    Raises
    ------
    ConfigError
        With the names that were.
    """
    if isinstance(settings.tool_choice, NamedFunction):
        declared = [tool.name for tool in settings.tools]
        if settings.tool_choice.name not in declared:
            named = f"declared are {', '.join(declared)}" if declared else "none is declared"
            raise ConfigError(
                f"{param}.name: there is no function '{settings.tool_choice.name}' among the tools; {named}.",
                param=f"{param}.name",
                code="invalid_value",
            )


def refusals_of(params: ResponseParams) -> list[ConfigError]:
    """Return an error for each part of a ``response`` object that the embedded server cannot honour."""
    found = [(f"tools[{index}]", NO_MCP) for index, tool in enumerate(params.tools or ()) if isinstance(tool, MCPTool)]
    if isinstance(params.tool_choice, NamedMCP):
        found.append(("tool_choice", NO_MCP))
    if isinstance(params.audio.output.voice, CustomVoice):
        found.append(("audio.output.voice", NO_VOICES))
    if params.prompt is not None:
        found.append(("prompt", NO_PROMPTS))
    if params.reasoning is not None:
        found.append(("reasoning", NO_REASONING))
    return [
        ConfigError(f"response.{path}: {reason}.", param=f"response.{path}", code="unsupported")
        for path, reason in found
    ]
