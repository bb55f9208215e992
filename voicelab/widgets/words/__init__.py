"""The words of the interface, in one catalogue: a folder for each language, a JSON file for each part of the Lab.

In: the name of a part.  Out: its texts by key, places in them as ``{name}``.
Does not know: widgets.  What the Lab shows stands here (errors that are raised to code are English, as everywhere).
Whoever translates copies the folder ``en`` to another name and sets ``VOICELAB_LANGUAGE`` to that name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

LANGUAGE_VARIABLE = "VOICELAB_LANGUAGE"
_FULL = "en"


@lru_cache(maxsize=32)
def words(part: str) -> Mapping[str, str]:
    """Return the texts of one part of the Lab.

    Parameters
    ----------
    part : str
        Such as ``knobs``: the name of a file in the catalogue.
    """
    found = _read(_FULL, part)
    # What another language has no words for stays English.
    return MappingProxyType({**found, **_read(os.environ.get(LANGUAGE_VARIABLE, _FULL), part)})


def _read(language: str, part: str) -> dict[str, str]:
    file = resources.files(__package__).joinpath(language, f"{part}.json")
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found
