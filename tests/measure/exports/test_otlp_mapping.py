"""Promises of `voicelab.measure.exports.otlp_mapping`."""

from __future__ import annotations

from collections import Counter

from voicelab.measure.columns import TABLES
from voicelab.measure.exports.otlp_mapping import ATTRIBUTES, SPAN_EVENTS

# What the convention names and this export uses (registry of generative AI attributes).
CONVENTION = {
    *("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.conversation.id"),
    *("gen_ai.response.id", "gen_ai.response.finish_reasons", "gen_ai.output.messages"),
    *("gen_ai.tool.type", "gen_ai.tool.call.id", "gen_ai.tool.name"),
    *("gen_ai.tool.call.arguments", "gen_ai.tool.call.result"),
    *("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens"),
    *(f"gen_ai.usage.{kind}.input_tokens" for kind in ("text", "audio", "image")),
    *(f"gen_ai.usage.{kind}.cache_read.input_tokens" for kind in ("text", "audio", "image")),
    *(f"gen_ai.usage.{kind}.output_tokens" for kind in ("text", "audio")),
}


def test_a_column_that_is_mapped_exists() -> None:
    """A column that is renamed cannot drop out of the export unseen."""
    for mapped in (*ATTRIBUTES, *SPAN_EVENTS):
        table, _, column = mapped.source.partition(".")
        if table in TABLES:
            assert column in {one.name for one in TABLES[table]}, mapped  # type: ignore[index]


def test_names_are_the_convention_s_or_our_own() -> None:
    """Nothing of ours is called as if it were in the convention, and no name stands twice in a span."""
    names = {mapped.name for mapped in ATTRIBUTES}
    assert {name for name in names if name.startswith("gen_ai.")} == CONVENTION
    assert {name.partition(".")[0] for name in names} == {"gen_ai", "voicelab", "error"}
    assert max(Counter((mapped.span, mapped.name) for mapped in ATTRIBUTES).values()) == 1


def test_words_are_marked_as_words() -> None:
    """What somebody said, or chose as a tool's name, is left out where text is."""
    texts = {mapped.source for mapped in ATTRIBUTES if mapped.is_text}
    assert texts == {"turns.transcript", "output.messages", "tools.name", "tools.arguments", "tools.output"}
