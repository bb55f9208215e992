"""Which values a field allows, read off the types, so that an error can name what would have been right.

In: a struct and the path of a field in it.  Out: the allowed words, where they are a fixed set.
Does not know: what is being configured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

_SEGMENT = re.compile(r"\.([A-Za-z_]+)|\[[^\]]*\]")


def allowed_values(shape: Any, path: str) -> tuple[str, ...]:
    """Return the words that a field allows.

    Parameters
    ----------
    shape
        The struct, or a union of structs.
    path : str
        The field as msgspec names it in an error: ``.audio.output.voice``, ``.tools[0].type``.

    Returns
    -------
    tuple of str
        Empty where the field is not a fixed set of words.
    """
    here = list(alternatives(shape))
    for segment in _SEGMENT.finditer(path):
        here = list(_inside(here, segment[1]))
    return tuple(dict.fromkeys(str(word) for hint in here if get_origin(hint) is Literal for word in get_args(hint)))


def alternatives(hint: Any) -> Iterator[Any]:
    """Yield what a type hint allows, one by one: the members of unions, without annotations."""
    origin = get_origin(hint)
    if origin is Annotated:
        yield from alternatives(get_args(hint)[0])
    elif origin in (Union, UnionType):
        for option in get_args(hint):
            yield from alternatives(option)
    else:
        yield hint


def _inside(hints: list[Any], name: str | None) -> Iterator[Any]:
    """Yield what may stand in a field (or, without a name, in an element) of any of the alternatives."""
    for hint in hints:
        if name is None and get_origin(hint) in (tuple, list):
            yield from alternatives(get_args(hint)[0])
        elif isinstance(hint, type) and issubclass(hint, msgspec.Struct) and name is not None:
            config = hint.__struct_config__
            if name == config.tag_field:
                yield Literal[config.tag]
            elif name in hint.__struct_fields__:
                yield from alternatives(get_type_hints(hint, include_extras=True)[name])
