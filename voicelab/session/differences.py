"""What was asked of a session against what is in force there, value by value.

In: a partial session object, and the configuration that the server says is in force.  Out: the `Difference` values.
Does not know: why they differ, or how they are told to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


class SettingsWarning(UserWarning):
    """Something that was asked for is not in force, and the server did not say why."""


@dataclass(frozen=True)
class Difference:
    """One setting that is in force with another value than was asked for.

    Parameters
    ----------
    path : str
        Where it stands in the session object, such as ``audio.output.voice`` or ``tools[add].description``.
    asked, in_force
        JSON values; ``in_force`` is None also for a tool that is not there at all.
    """

    path: str
    asked: Any
    in_force: Any

    def __str__(self) -> str:
        return f"{self.path}: asked for {self.asked!r}, in force is {self.in_force!r}"


def find_differences(asked: Mapping[str, Any], in_force: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Compare a partial session object with the one in force, deeply.

    A field that the server does not show is no difference: nothing is known about it. Lists have to hold the same in
    the same order, tools the same by name in any order; numbers are equal by value.

    Parameters
    ----------
    asked, in_force : mapping
        GA session objects, the first one partial.
    """
    return tuple(_fields(asked, in_force, ""))


def part_in_force(asked: Mapping[str, Any], in_force: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of what was asked that is in force as it was asked."""
    part: dict[str, Any] = {}
    for key, value in asked.items():
        there = in_force.get(key)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            if inner := part_in_force(value, there):
                part[key] = inner
        elif key in in_force and not any(_values(value, there, key)):
            part[key] = value
    return part


def explains(param: str | None, path: str) -> bool:
    """Return whether an error about ``param`` (such as ``session.tools[0].type``) is about the setting at ``path``."""
    if not param:
        return False
    told = param.removeprefix("session.").partition("[")[0].split(".")
    differs = path.partition("[")[0].split(".")
    n = min(len(told), len(differs))
    return told[:n] == differs[:n]


def _fields(asked: Mapping[str, Any], in_force: Mapping[str, Any], where: str) -> Iterator[Difference]:
    for key, value in asked.items():
        if key in in_force:
            yield from _values(value, in_force[key], f"{where}.{key}" if where else key)


def _values(asked: Any, in_force: Any, path: str) -> Iterator[Difference]:
    if isinstance(asked, Mapping) and isinstance(in_force, Mapping):
        yield from _fields(asked, in_force, path)
    elif _are_tools(asked) and isinstance(in_force, list | tuple):
        yield from _tools(asked, in_force, path)
    elif isinstance(asked, list | tuple) and isinstance(in_force, list | tuple) and len(asked) == len(in_force):
        for index, (value, there) in enumerate(zip(asked, in_force, strict=True)):
            yield from _values(value, there, f"{path}[{index}]")
    # In Python, True is 1; on the wire it is not.
    elif isinstance(asked, bool) is not isinstance(in_force, bool) or asked != in_force:
        yield Difference(path, asked, in_force)


def _are_tools(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(v, Mapping) and "name" in v for v in value)
    )


def _tools(asked: Any, in_force: Any, path: str) -> Iterator[Difference]:
    there = {tool.get("name"): tool for tool in in_force if isinstance(tool, Mapping)}
    for tool in asked:
        name = tool["name"]
        if name in there:
            yield from _fields(tool, there.pop(name), f"{path}[{name}]")
        else:
            yield Difference(f"{path}[{name}]", tool, None)
    for name, tool in there.items():
        yield Difference(f"{path}[{name}]", None, tool)
