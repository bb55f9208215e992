"""The guide: rules over a request."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelab.engines.guide import Guide, answer
from voicelab.engines.guide_script import CARDS, READING
from voicelab.engines.reply import CallTool, ReplyPart, ReplyRequest, Say, UserAudio
from voicelab.protocol.items import (
    FunctionCall,
    FunctionCallOutput,
    InputAudio,
    InputText,
    Item,
    Message,
    OutputAudio,
)
from voicelab.protocol.settings import FunctionTool, NamedFunction

NOW = datetime(2026, 11, 20, 15, 7)
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = FunctionTool(name="get_weather", description="Current weather of a city", parameters=CITY)
TIMER = FunctionTool(
    name="set_timer",
    parameters={"type": "object", "properties": {"minutes": {"type": "integer"}}, "required": ["minutes"]},
)


def user(text: str) -> Message:
    return Message(role="user", content=(InputText(text),))


def guide_said(text: str) -> Message:
    return Message(role="assistant", content=(OutputAudio(text),), status="incomplete")


def ask(text: str, *earlier: Item, **known: object) -> list[ReplyPart]:
    return answer(replace(ReplyRequest(now=NOW, text=text, items=(*earlier, user(text))), **known))


def said(parts: list[ReplyPart]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Say))


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("what time is it", "It is three oh seven in the afternoon."),
        ("What's the time, please?", "It is three oh seven in the afternoon."),
        ("what day is it", "Today is Friday, the twentieth of November."),
        ("what is seven times eight", "Seven times eight is fifty-six."),
        ("count to three", "One, two, three."),
        ("count to nothing", None),
        ("read me something long", READING),
        ("my name is ada", "Nice to meet you, Ada. What can I do for you?"),
        ("what is my name", "You have not told me. Say: my name is, and your name."),
        ("what did you say", "Nothing yet. You heard no word of me so far."),
        ("what did i say", "Nothing before this. That was the first thing I heard from you."),
        ("who are you", "I am the guide. I follow rules and a script; ask me about this lab."),
    ],
)
def test_guide_answers_what_it_can_compute(words: str, reply: str | None) -> None:
    """Clock, sums, counting, reading, and questions about the conversation."""
    if reply is None:
        assert "no rule" in said(ask(words))
    else:
        assert said(ask(words)) == reply


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("How does voice-activity detection work?", "listens for speech"),
        ("please explain barge-in", "talk over me"),
        ("what does this cost", "nothing is billed"),
        ("Why did you interrupt me?", "silence duration"),
        ("what is the weather in paris", "need a function"),
        ("are you an AI?", "neither a model nor a person"),
        ("Hello!", "this lab"),
        ("thanks", "any time"),
    ],
)
def test_guide_answers_about_the_lab(words: str, about: str) -> None:
    """Typed or recognised, the words find their topic."""
    assert about in said(ask(words)).lower()


@pytest.mark.parametrize(
    "words",
    [
        "how much does a ticket to Rome cost",
        "what's the price of gold",
        "who won the world cup",
        "what time is it in tokyo",
        "tell me about the french revolution",
    ],
)
def test_question_outside_the_script_gets_no_wrong_guess(words: str) -> None:
    """Typed words that share a word with the script are not answered with that line of the script."""
    assert said(ask(words)).startswith("I have no rule for that. I only know")


def test_rejected_words_are_never_answered() -> None:
    """A wrong guess of the recogniser is not answered, not even when it happens to be a good phrase."""
    reply = said(ask("what time is it", rejected=True))
    assert reply.startswith("I didn't catch that. Try '")
    assert reply == said(ask("delete everything", rejected=True, tools=(WEATHER,)))


def test_spoken_words_without_a_rule_are_not_caught() -> None:
    """For speech the mistake may be the recogniser's; typed words are told that there is no rule."""
    spoken = Message(role="user", content=(InputAudio("purple monkey"),))
    request = ReplyRequest(now=NOW, text="purple monkey", items=(spoken,))
    assert said(answer(request)).startswith("I didn't catch that.")


def test_silence_is_not_caught_and_a_bare_response_greets() -> None:
    """Speech without words is a miss, silence a question; a response that nobody spoke to begins the conversation."""
    mumbled = UserAudio(np.zeros(480, np.int16), longest_pause_ms=0, speech_ms=20)
    assert said(answer(ReplyRequest(now=NOW, audio=mumbled))).startswith("I didn't catch that.")
    silent = UserAudio(np.zeros(480, np.int16), longest_pause_ms=0, speech_ms=0)
    assert said(answer(ReplyRequest(now=NOW, audio=silent))).startswith("Are you still there?")
    assert said(answer(ReplyRequest(now=NOW))).startswith("Hello.")


def test_advice_rotates_through_the_cards() -> None:
    """Who is not understood twice is advised something else."""
    advised = {said(answer(ReplyRequest(now=NOW, rejected=True, seed=seed))) for seed in range(len(CARDS))}
    assert len(advised) == len(CARDS)


def test_guide_repeats_only_the_words_that_were_heard() -> None:
    """After an interruption the truncated message is all that the guide owns up to."""
    heard = "Gladly. People change turns about every"
    reply = said(ask("what did you just say", user("read me something long"), guide_said(heard)))
    assert reply == f"You heard me say: {heard}"


def test_guide_reads_on_from_the_last_word_heard() -> None:
    """The words "go on" continue where the listener was left."""
    heard = "Gladly. People change turns about every two"
    reply = said(ask("go on", user("read me something long"), guide_said(heard)))
    assert reply.startswith("Where was I? seconds, and hardly anyone")
    assert READING.endswith(reply.removeprefix("Where was I? "))


def test_guide_remembers_a_name_and_earlier_words() -> None:
    """Facts come from the conversation that is remembered, and from nowhere else."""
    earlier = (user("my name is ada"), guide_said("Nice to meet you, Ada."))
    assert said(ask("do you know my name", *earlier)) == "You are Ada. You told me."
    assert said(ask("what did i say", *earlier)) == "You said: my name is ada"


def test_guide_calls_a_function_that_fits() -> None:
    """A declared function goes before the script."""
    assert ask("what is the weather in paris", tools=(WEATHER,)) == [CallTool("get_weather", {"city": "Paris"})]


def test_guide_calls_two_functions_for_two_wishes() -> None:
    """Wishes joined by "and" that each fit another function are both granted."""
    parts = ask("what is the weather in paris and set a timer for five minutes", tools=(WEATHER, TIMER))
    assert parts == [CallTool("get_weather", {"city": "Paris"}), CallTool("set_timer", {"minutes": 5})]


def test_guide_asks_for_what_is_missing_and_uses_the_answer() -> None:
    """A required argument that was not said is asked for; the bare answer completes the call."""
    assert said(ask("what is the weather", tools=(WEATHER,))) == "Which city?"
    parts = ask("oslo", user("what is the weather"), guide_said("Which city?"), tools=(WEATHER,))
    assert parts == [CallTool("get_weather", {"city": "Oslo"})]


def test_guide_asks_twice_where_two_arguments_are_missing() -> None:
    """Answers to several questions are put together in their order."""
    flight = FunctionTool(
        name="book_flight",
        parameters={
            "type": "object",
            "properties": {"origin": {"type": "string"}, "destination": {"type": "string"}},
            "required": ["origin", "destination"],
        },
    )
    talk: tuple[Item, ...] = (user("i need a flight"), guide_said("Which origin?"))
    assert said(ask("i need a flight", tools=(flight,))) == "Which origin?"
    assert said(ask("paris", *talk, tools=(flight,))) == "Which destination?"
    parts = ask("rome", *talk, user("paris"), guide_said("Which destination?"), tools=(flight,))
    assert parts == [CallTool("book_flight", {"origin": "Paris", "destination": "Rome"})]


@pytest.mark.parametrize("words", ["hello", "what time is it", "what is two plus two", "tell me about this lab"])
def test_unrelated_words_call_nothing(words: str) -> None:
    """Declared functions do not get in the way of other talk."""
    assert not any(isinstance(part, CallTool) for part in ask(words, tools=(WEATHER, TIMER)))


def test_tool_choice_none_never_calls() -> None:
    """The client forbade it."""
    assert "need a function" in said(ask("what is the weather in paris", tools=(WEATHER,), tool_choice="none"))


@pytest.mark.parametrize("rejected", [False, True])
def test_tool_choice_required_always_calls(rejected: bool) -> None:
    """The client demanded it, whatever was said."""
    parts = ask("hello", tools=(WEATHER, TIMER), tool_choice="required", rejected=rejected)
    assert [type(part) for part in parts] == [CallTool]


def test_named_function_is_called_though_another_fits_better() -> None:
    """The client named it."""
    parts = ask(
        "what is the weather in ten cities",
        tools=(WEATHER, TIMER),
        tool_choice=NamedFunction(name="set_timer"),
    )
    assert parts == [CallTool("set_timer", {"minutes": 10})]


def test_impossible_schema_is_said_and_not_called_wrongly() -> None:
    """Arguments that would break the schema are never sent."""
    code = {
        "type": "object",
        "properties": {"code": {"type": "string", "pattern": "^Q[0-9]{9}$"}},
        "required": ["code"],
    }
    tool = FunctionTool(name="unlock", parameters=code)
    assert said(ask("hello", tools=(tool,), tool_choice="required")).startswith("I cannot make up a value for code.")


def test_function_output_is_told() -> None:
    """After the client ran the function, its answer becomes a sentence; the function is not called again."""
    question = user("what is the weather in paris")
    call = FunctionCall(name="get_weather", call_id="c1", arguments='{"city": "Paris"}')
    items = (question, call, FunctionCallOutput(call_id="c1", output='{"sky": "clear"}'))
    request = ReplyRequest(now=NOW, items=items, text="what is the weather in paris", tools=(WEATHER,))
    assert said(answer(request)) == "Here is what I got. The sky is clear."


def test_old_function_output_is_not_told_again() -> None:
    """What came before the latest words has been told already."""
    call = FunctionCall(name="get_weather", call_id="c1")
    earlier = (call, FunctionCallOutput(call_id="c1", output="21"), guide_said("It is 21."))
    assert said(ask("what is two plus two", *earlier)) == "Two plus two is four."


def test_instructions_are_honoured_where_rules_can() -> None:
    """Brevity, a given name and given words; nothing else is pretended."""
    brief = ask("what can you do", instructions="Be brief.")
    assert said(brief) == "Quite a bit."
    assert said(ask("who are you", instructions="Your name is Otto.")).startswith("I am Otto.")
    greeting = ReplyRequest(now=NOW, instructions='Say "Welcome to the class!" to the user.')
    assert said(answer(greeting)) == "Welcome to the class!"


def test_reply_comes_sentence_by_sentence_and_twice_the_same() -> None:
    """Speech can start with the first sentence; the same request gives the same parts."""

    async def parts() -> list[ReplyPart]:
        request = ReplyRequest(now=NOW, text="tell me a joke", seed=5)
        return [part async for part in Guide().reply(request)]

    first = asyncio.run(parts())
    assert len(first) > 1
    assert first == asyncio.run(parts())


def test_seed_picks_among_equal_answers() -> None:
    """Another seed may tell another joke."""
    assert len({said(ask("tell me a joke", seed=seed)) for seed in range(3)}) == 3


def test_guide_never_claims_to_be_a_model() -> None:
    """Rules are called rules."""
    assert not Guide.is_model
    assert Guide.name == "guide"


TREE = FunctionTool(
    name="make_tree",
    parameters={
        "type": "object",
        "properties": {"name": {"type": "string"}, "child": {"$ref": "#"}},
        "required": ["name"],
    },
)


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_recursive_schema_is_filled(choice: str) -> None:
    """A tree whose child is a tree is made, without the child that nobody spoke of."""
    parts = ask("make a tree named oak", tools=(TREE,), tool_choice=choice)
    assert parts == [CallTool("make_tree", {"name": "Oak"})]


KEYWORDS = (
    *("type", "properties", "required", "items", "enum", "const", "default", "examples", "pattern", "$ref", "not"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "uniqueItems", "allOf", "anyOf", "oneOf", "additionalProperties", "$defs"),
)
ODD = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 2, 0.5, 1e9, 1e308, 5e-324, 10**30, 2**53, "", "x", "city", "oslo", [], {}),
        *("string", "number", "integer", "boolean", "array", "object", ["object", 5], ["string", "null"], ["city"]),
        *("#", "#/properties/city", "#/$defs/city", "#/$defs", "^(a+)+$", "(", "^[a-z]+$", [5], [{}]),
    ]
)
ANY_JSON = st.recursive(
    ODD | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from(KEYWORDS), inner, min_size=1, max_size=5)
        | st.dictionaries(st.sampled_from(["city", "name", "on", "level"]), inner, max_size=3)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=20,
)
PARAMETERS = st.builds(
    lambda properties, required, more: {"type": "object", "properties": properties, "required": required, **more},
    st.dictionaries(st.sampled_from(["city", "name", "on", "level"]), ANY_JSON, min_size=1, max_size=4),
    st.just(["city"]) | ANY_JSON,
    st.dictionaries(st.sampled_from(KEYWORDS), ANY_JSON, max_size=2),
)
CHOICES = st.sampled_from(["auto", "required", "none", NamedFunction(name="get_city")])
WORDS = st.sampled_from(["get the city oslo", "city named oslo on level 5", "set level 99999999999999999 on", ""])


@settings(max_examples=400, deadline=None)
@given(PARAMETERS | st.dictionaries(st.sampled_from(KEYWORDS), ANY_JSON), CHOICES, WORDS)
def test_no_schema_breaks_the_conversation(parameters: dict[str, Any], choice: Any, words: str) -> None:
    """Whatever JSON stands wherever in a schema, there is an answer, and a call can be sent as JSON."""
    tool = FunctionTool(name="get_city", description="City on a level", parameters=parameters)
    parts = ask(words, tools=(tool, WEATHER), tool_choice=choice)
    assert parts
    for part in parts:
        assert isinstance(part, Say) or len(json.dumps(dict(part.arguments), allow_nan=False)) < 100_000


@settings(max_examples=200, deadline=None)
@given(ANY_JSON.map(json.dumps) | st.text(max_size=40))
def test_no_output_breaks_the_conversation(output: str) -> None:
    """Whatever a function returned, JSON or not, something short is said."""
    call = FunctionCall(name="get_weather", call_id="c1")
    request = ReplyRequest(now=NOW, items=(call, FunctionCallOutput(call_id="c1", output=output)), tools=(WEATHER,))
    assert 0 < len(said(answer(request))) < 2000


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_deep_and_endless_declarations_get_an_answer(choice: str) -> None:
    """Hundreds of levels, references to references and values of a gigabyte are no reason to go silent."""
    deep: Any = "x"
    for n in range(900):
        deep = {"properties": {"city": deep}} if n % 2 else {"anyOf": [deep]}
    for schema in (
        deep,
        {"default": deep},
        {"const": deep},
        {"type": "string", "minLength": 1e9},
        {"type": "array", "minItems": 1e9},
        {"allOf": [{"$ref": "#"}] * 50},
        {"type": "object", "properties": {f"p{n}": {"$ref": "#"} for n in range(99)}, "required": ["p1"]},
    ):
        parameters = {"type": "object", "properties": {"city": schema}, "required": ["city"]}
        assert ask("get the city", tools=(FunctionTool(name="get_city", parameters=parameters),), tool_choice=choice)
