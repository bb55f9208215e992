"""Promises of `voicelab.protocol.dialects`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicelab.errors import ConfigError
from voicelab.protocol.beta import Beta
from voicelab.protocol.dialects import DIALECTS, GA, make_dialect

EVENTS = sorted((Path(__file__).parents[2] / "data" / "events").glob("*.json"))


def test_ga_says_every_event_as_it_is() -> None:
    """Nothing is translated, in no direction."""
    ga = make_dialect("ga")
    assert isinstance(ga, GA)
    for path in EVENTS:
        body = json.loads(path.read_text("utf-8"))
        for way in (ga.client_to_wire, ga.client_from_wire, ga.server_to_wire, ga.server_from_wire):
            assert way(body) == [body]


def test_every_connection_gets_a_translator_of_its_own() -> None:
    """What one remembers of its connection is no other's."""
    assert isinstance(make_dialect("beta"), Beta)
    assert make_dialect("beta") is not make_dialect("beta")
    assert [make_dialect(name).name for name in DIALECTS] == ["ga", "beta"]


def test_an_unknown_dialect_is_told_those_that_exist() -> None:
    """The error names both."""
    with pytest.raises(ConfigError, match="one of ga, beta, not 'alpha'"):
        make_dialect("alpha")
