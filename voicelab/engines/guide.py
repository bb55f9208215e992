"""The guide: the default reply engine, made of rules and a script. It is not a model.

In: a `ReplyRequest`. Out: sentences, or calls of the client's functions. Does not know: audio; it
answers words.

The order of its rules: a function that has to be called; words that nobody understood; the result of a
function; a sum; a function that fits; the script; a function that nearly fits; and an honest "I didn't
catch that".
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from voicelab.engines.guide_answers import COMPUTED, earlier_user_words, said_by
from voicelab.engines.guide_intent import Intent
from voicelab.engines.guide_results import result_sentence
from voicelab.engines.guide_script import CARDS, INTENTS, PHRASES
from voicelab.engines.guide_sums import parse_sum
from voicelab.engines.reply import CallTool, ReplyPart, ReplyRequest, Say
from voicelab.engines.schema_values import UnfillableError
from voicelab.engines.sentences import sentences
from voicelab.engines.tools import Fit, best_fit, fit_tool, forced_call, understood_tools
from voicelab.engines.words import content_stems, plain, stem
from voicelab.protocol.items import FunctionCall, FunctionCallOutput, InputAudio, Message
from voicelab.protocol.settings import FunctionTool, NamedFunction

_MAX_QUESTIONS = 4
_STILL_THERE = "Are you still there? I am listening."
_MAX_LETTERS = 1000
_BRIEF = re.compile(r"\b(?:brief|briefly|concise|terse|one sentence|single sentence|short answers?|keep it short)\b")
_SAY_EXACTLY = re.compile(r"\bsay(?: exactly)?:? [\"'“‘]([^\"”]+?)[\"'”’](?:\W|$)", re.IGNORECASE)
# Every word that the script itself uses to ask; other words make a question about something else.
_KNOWN_STEMS = frozenset(
    stem(word)
    for intent in INTENTS
    for text in (*intent.phrases, intent.pattern.replace(r"\b", " "))
    for word in re.findall(r"[a-z]{2,}", text)
)


def understand(text: str) -> Intent | None:
    """Return the intent of the script that the words ask for; None when they ask for something else.

    A pattern alone is no proof: when half of the meaningful words are strange to the script, as in "how much
    does a ticket to Rome cost", nothing is understood.
    """
    words = plain(text)
    meaning = content_stems(text)
    strange = [word for word in meaning if word not in _KNOWN_STEMS]
    for intent in INTENTS:
        if re.search(intent.pattern, words):
            is_about_something_else = bool(intent.answers) and len(strange) * 2 >= max(len(meaning), 1)
            return None if is_about_something_else else intent
    return None


def answer(request: ReplyRequest) -> list[ReplyPart]:
    """Return the whole answer to a request; the same request always gives the same answer.

    Never raises, whatever schemas the client declared (``schema_reading`` says what is made of them) and whatever
    its functions returned.
    """
    request = replace(request, text=request.text[:_MAX_LETTERS], tools=understood_tools(request.tools))
    must_call = request.tool_choice == "required" or isinstance(request.tool_choice, NamedFunction)
    if must_call and (tools := _choosable(request)):
        return [_forced(tools, request)]
    if outputs := _fresh_outputs(request):
        return _say(" ".join(result_sentence(output) for output in outputs), request)
    if request.rejected:
        return _say(_not_caught(request), request)
    if not request.text.strip():
        return _say(_without_words(request), request)
    return _answer_words(request)


def _answer_words(request: ReplyRequest) -> list[ReplyPart]:
    tools = () if request.tool_choice == "none" else request.tools
    fit = best_fit(tools, request.text)
    if not (fit and fit.is_certain):
        fit = _after_question(tools, request) or fit
    if fit and fit.is_certain:
        return _call_or_ask(fit, tools, request)
    if parsed := parse_sum(request.text):
        return _say(parsed.answer(), request)
    if scripted := _scripted(request):
        return _say(scripted, request)
    if fit:
        return _call_or_ask(fit, tools, request)
    return _say(_not_caught(request) if _was_spoken(request) else _not_known(request), request)


def _scripted(request: ReplyRequest) -> str | None:
    intent = understand(request.text)
    if intent is None:
        return None
    if compute := COMPUTED.get(intent.name):
        return compute(request, plain(request.text))
    return intent.answers[(request.seed + len(request.items)) % len(intent.answers)]


def _choosable(request: ReplyRequest) -> tuple[FunctionTool, ...]:
    if isinstance(request.tool_choice, NamedFunction):
        return tuple(tool for tool in request.tools if tool.name == request.tool_choice.name)
    return request.tools


def _forced(tools: tuple[FunctionTool, ...], request: ReplyRequest) -> ReplyPart:
    try:
        return forced_call(tools, "" if request.rejected else request.text)
    except UnfillableError as error:
        return Say(f"I cannot make up a value for {error}. Its schema is too hard for my rules.")


def _call_or_ask(fit: Fit, tools: tuple[FunctionTool, ...], request: ReplyRequest) -> list[ReplyPart]:
    clauses = re.split(r"\band(?: then)?\b", request.text)
    fits = [clause_fit for clause in clauses if (clause_fit := best_fit(tools, clause))]
    several = len({f.tool.name for f in fits}) == len(clauses) > 1
    if several and all(f.is_certain and not f.missing for f in fits):
        return [CallTool(f.tool.name, f.arguments) for f in fits]
    return _say(fit.question(), request) if fit.missing else [CallTool(fit.tool.name, fit.arguments)]


def _after_question(tools: tuple[FunctionTool, ...], request: ReplyRequest) -> Fit | None:
    """Take "Paris" as the answer to "Which city?": the words before and after the question fit together."""
    asked, earlier = said_by(request, "assistant"), earlier_user_words(request)
    if not asked or understand(request.text):
        return None
    for n_earlier in range(1, min(len(earlier), _MAX_QUESTIONS) + 1):
        words = ", ".join(earlier[-n_earlier:])
        for tool in tools:
            open_fit = fit_tool(tool, words)
            if open_fit and open_fit.missing and open_fit.question() == asked[-1]:
                return fit_tool(tool, f"{words}, {request.text}")
    return None


def _fresh_outputs(request: ReplyRequest) -> list[str]:
    """Return the outputs of functions to which nobody has said anything yet, oldest first."""
    outputs: list[str] = []
    for item in reversed(request.items):
        if isinstance(item, FunctionCallOutput):
            outputs.insert(0, item.output)
        elif not isinstance(item, FunctionCall) and item.role != "system":
            break
    return outputs


def _was_spoken(request: ReplyRequest) -> bool:
    for item in reversed(request.items):
        if isinstance(item, Message) and item.role == "user":
            return any(isinstance(part, InputAudio) for part in item.content)
    return request.audio is not None


def _cards(request: ReplyRequest) -> tuple[str, str]:
    n = len(request.items) + request.seed
    first, second = CARDS[n % len(CARDS)], CARDS[(n + 1) % len(CARDS)]
    return first.rstrip("?"), second.rstrip("?")


def _not_caught(request: ReplyRequest) -> str:
    first, second = _cards(request)
    return f"I didn't catch that. Try '{first}' or '{second}'."


def _not_known(request: ReplyRequest) -> str:
    first, second = _cards(request)
    known = "I only know this lab, sums, the time and your functions"
    return f"I have no rule for that. {known}: try '{first}' or '{second}'."


def _without_words(request: ReplyRequest) -> str:
    if match := _SAY_EXACTLY.search(request.instructions):
        return match.group(1)
    if request.audio is not None:
        if request.audio.speech_ms == 0:
            return _STILL_THERE  # an idle timeout, or a commit of silence: there was nothing to catch
        return _not_caught(request)
    return "Hello. I am the guide of this lab; ask me what I can do."


def _say(text: str, request: ReplyRequest) -> list[ReplyPart]:
    parts = sentences(text)
    if _BRIEF.search(request.instructions.lower()):
        parts = [parts[0].strip()]
    return [Say(part) for part in parts]


class Guide:
    """Rules and a script behind the interface of a reply engine (`ReplyEngine`)."""

    name = "guide"
    is_model = False
    scenario = PHRASES

    async def reply(self, request: ReplyRequest) -> AsyncIterator[ReplyPart]:
        """Answer one request sentence by sentence; deterministic, without waiting for anything."""
        for part in answer(request):
            yield part
