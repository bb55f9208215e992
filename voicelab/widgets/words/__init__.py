"""The words of the interface, in one catalogue: a folder for each language, a JSON file for each part of the Lab.

In: the name of a part.  Out: its texts by key, places in them as ``{name}``.
Does not know: widgets.  No sentence for people stands in the code of ``widgets``; whoever translates works here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

LANGUAGE = "en"


@lru_cache(maxsize=32)
def words(part: str) -> Mapping[str, str]:
    """Return the texts of one part of the Lab.

    Parameters
    ----------
    part : str
        Such as ``knobs``: the name of a file in the catalogue.
    """
    file = resources.files(__package__).joinpath(LANGUAGE, f"{part}.json")
    return MappingProxyType(json.loads(file.read_text("utf-8")))
