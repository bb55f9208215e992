"""Naming one setting: ``audio.input.turn_detection.silence_duration_ms``, or just ``silence_duration_ms``.

In: a path or its last word.  Out: the full path, and the partial ``session`` object that sets it.
Does not know: whether a value is in range (``settings``).
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_type_hints

import msgspec

from voicelab.errors import ConfigError
from voicelab.protocol.allowed import alternatives
from voicelab.protocol.settings import SessionConfig, merge


def setting_paths() -> tuple[str, ...]:
    """Return the path of every setting of a session, in the order of the configuration."""
    return tuple(dict.fromkeys(_walk(SessionConfig, "")))


def resolve(name: str) -> str:
    """Return the full path of a setting that was named by its path or by the unique end of it.

    Raises
    ------
    ConfigError
        When nothing or more than one setting is called so.
    """
    name = name.removeprefix("session.")
    known = setting_paths()
    if name in known:
        return name
    found = [path for path in known if path.endswith(f".{name}")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(
            f"no setting is called {name!r}; {_suggest(name, known)}", param=name, code="unknown_parameter"
        )
    raise ConfigError(f"{name!r} could be {' or '.join(found)}: give the full path", param=name)


def _suggest(name: str, known: tuple[str, ...]) -> str:
    """Return the settings whose names come closest, or an example."""
    words = {path.rpartition(".")[2]: path for path in known}
    wanted = name.rpartition(".")[2]
    close = [word for word in words if wanted in word] or get_close_matches(wanted, words, n=3)
    if close:
        return f"did you mean {' or '.join(words[word] for word in close)}?"
    return (
        "settings go by their path in the session object, such as audio.output.voice, or its last word, such as voice"
    )


def assign(path: str, value: Any) -> dict[str, Any]:
    """Return the partial ``session`` object that sets one path to a value."""
    change: Any = value
    for key in reversed(path.split(".")):
        change = {key: change}
    return dict(change)


def parse_assignment(text: str) -> tuple[str, dict[str, Any]]:
    """Read ``PATH=VALUE`` from a command line; the value is JSON where it can be, text otherwise.

    Returns
    -------
    path, change : str, dict
        The full path and the partial ``session`` object.
    """
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"{text!r} is not PATH=VALUE, such as silence_duration_ms=300", param=text)
    path = resolve(name.strip())
    try:
        parsed = msgspec.json.decode(value)
    except msgspec.DecodeError:
        parsed = value
    return path, assign(path, parsed)


def combine(changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge several partial ``session`` objects, later ones over earlier ones."""
    whole: dict[str, Any] = {}
    for change in changes:
        whole = merge(whole, change)
    return whole


def _walk(struct: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    if struct.__struct_config__.tag_field:
        yield f"{prefix}{struct.__struct_config__.tag_field}"
    for name, hint in get_type_hints(struct, include_extras=True).items():
        path = f"{prefix}{name}"
        yield path
        for inner in alternatives(hint):  # the structs in a list have no paths of their own
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                yield from _walk(inner, f"{path}.")
