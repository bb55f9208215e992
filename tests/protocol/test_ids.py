"""Promises of `voicelab.protocol.ids`."""

from __future__ import annotations

import re

from voicelab.protocol.ids import Ids


def test_the_same_seed_gives_the_same_ids_in_the_same_order() -> None:
    """A run in virtual time can be repeated exactly."""
    one, two = Ids(7), Ids(7)
    kinds = ["item", "resp", "event"] * 5
    assert [one.new(kind) for kind in kinds] == [two.new(kind) for kind in kinds]


def test_another_seed_gives_other_ids() -> None:
    """Two runs with different seeds share no id."""
    one, two = Ids(7), Ids(8)
    assert not {one.new("item") for _ in range(50)} & {two.new("item") for _ in range(50)}


def test_seed_zero_is_a_seed() -> None:
    """Zero is not taken for the absence of a seed."""
    assert Ids(0).new("item") == Ids(0).new("item")


def test_without_a_seed_ids_do_not_repeat() -> None:
    """Two sources without a seed give different ids."""
    assert Ids().new("item") != Ids().new("item")


def test_an_id_names_its_kind() -> None:
    """``item_`` and twenty letters or digits, as the protocol's own ids look."""
    assert re.fullmatch(r"item_[A-Za-z0-9]{20}", Ids(1).new("item"))


def test_ids_of_one_source_are_all_different() -> None:
    """A thousand ids, a thousand different ones."""
    ids = Ids(1)
    assert len({ids.new("event") for _ in range(1000)}) == 1000
