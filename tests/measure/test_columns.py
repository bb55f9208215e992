"""Promises of `voicelab.measure.columns`."""

from __future__ import annotations

import re

import pytest

from voicelab.measure.columns import TABLES, TableName, schema_of

UNITS = {"", "ms", "USD", "tokens", "bytes", "unit"}


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_unit_that_is_known_and_a_meaning(name: TableName) -> None:
    """No column without a sentence; a length or an instant is in ms, money in USD, and the name says so."""
    for column in TABLES[name]:
        assert column.unit in UNITS, column
        assert column.meaning, column
        if column.unit == "ms":
            assert column.name.endswith("_ms"), column
        if column.unit == "USD":
            assert column.name.endswith("_usd"), column
        if column.name.endswith("_ms"):
            assert (column.unit, column.kind) == ("ms", "float"), column


@pytest.mark.parametrize("name", TABLES)
def test_no_name_stands_twice_and_the_stamp_is_last(name: TableName) -> None:
    """Each table ends with the version of the definitions."""
    names = [column.name for column in TABLES[name]]
    assert len(set(names)) == len(names)
    assert names[-1] == "metric_version"
    assert list(schema_of(name)) == names


def test_the_columns_of_turns_that_others_rely_on_are_there() -> None:
    """The names that the design fixes."""
    fixed = (
        "turn speech_end_ms voice_to_voice_ms endpoint_ms request_ms model_ms playout_ms leading_silence_ms "
        "residual_ms interrupted generated_ms delivered_ms heard_ms cost_usd transcript reply"
    )
    assert set(re.findall(r"\w+", fixed)) <= {column.name for column in TABLES["turns"]}
