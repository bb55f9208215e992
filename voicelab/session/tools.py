"""Functions of yours that the other side may call.

In: a Python function.  Out: its declaration for the session, and its answers as text.
Does not know: when it is called (``core``).
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from voicelab.errors import ConfigError

_JSON_TYPES: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    list: "array",
    dict: "object",
}


@dataclass(frozen=True)
class Tool:
    """A function that the voice model may call.

    Parameters
    ----------
    name, description : str
        What the model goes by.
    parameters : dict
        JSON schema of the arguments.
    run : callable
        Called with the arguments as keywords, on the session's thread: it must return soon, or be ``async``.
    """

    name: str
    description: str
    run: Callable[..., Any] | Callable[..., Awaitable[Any]]
    parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Tool:
        """Declare a Python function by its name, its docstring and the types of its parameters.

        Raises
        ------
        ConfigError
            When a parameter has no type that JSON knows.
        """
        hints = get_type_hints(function)
        properties, required = {}, []
        for name, parameter in inspect.signature(function).parameters.items():
            properties[name] = _schema(hints.get(name, str), f"{function.__name__}({name})")
            if parameter.default is inspect.Parameter.empty:
                required.append(name)
        description = inspect.getdoc(function) or function.__name__.replace("_", " ")
        schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        return cls(function.__name__, description.split("\n\n")[0], function, schema)

    def declaration(self) -> dict[str, Any]:
        """Return the tool as it stands in ``session.tools``."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }

    async def call(self, arguments: str) -> str:
        """Run the function with JSON arguments and return its answer as text.

        What goes wrong in the function becomes the answer: the model can then say so, and the conversation goes on.
        """
        try:
            given = json.loads(arguments or "{}")
            answer = self.run(**given)
            if inspect.isawaitable(answer):
                answer = await answer
        except Exception as error:  # noqa: BLE001 - the user's own function: whatever it raises is an answer
            return json.dumps({"error": f"{type(error).__name__}: {error}"})
        return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=str)


def as_tools(tools: Any) -> dict[str, Tool]:
    """Return tools by name; plain functions are declared on the way."""
    made = [tool if isinstance(tool, Tool) else Tool.of(tool) for tool in tools]
    return {tool.name: tool for tool in made}


def _schema(hint: Any, where: str) -> dict[str, Any]:
    origin = get_origin(hint)
    if origin is Literal:
        return {"enum": list(get_args(hint))}
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        return _schema(options[0], where)
    if origin is list:
        return {"type": "array", "items": _schema((get_args(hint) or (str,))[0], where)}
    kind = _JSON_TYPES.get(origin or hint)
    if kind is None:
        raise ConfigError(f"{where} has the type {hint}, which JSON does not know: use str, int, float, bool or list")
    return {"type": kind}
