"""What a function of the client returned, as sentences to speak.

In: the output text of one function call, JSON or plain. Out: one or two spoken sentences. Does not
know: which function it was; it reads names such as ``temperature_c`` as people would.
"""

from __future__ import annotations

from typing import Any

import msgspec

from voicelab.engines.words import name_words

_MAX_FACTS = 4
_MAX_LETTERS = 300
_UNITS = {
    **{"c": "degrees Celsius", "celsius": "degrees Celsius", "f": "degrees Fahrenheit"},
    **{
        "fahrenheit": "degrees Fahrenheit",
        "percent": "percent",
        "pct": "percent",
        "kmh": "kilometres per hour",
    },
    **{"km": "kilometres", "m": "metres", "ms": "milliseconds", "seconds": "seconds", "minutes": "minutes"},
    **{"hours": "hours", "usd": "dollars", "eur": "euros"},
}


def result_sentence(output: str) -> str:
    """Return what to say about the output of a function call."""
    try:
        value = msgspec.json.decode(output)
    except msgspec.DecodeError:
        value = output.strip()
    if value is True or value in (None, "", [], {}) or value == "ok":
        return "Done. The function gave nothing to read out." if value is not True and value != "ok" else "Done."
    if value is False:
        return "That did not work."
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list):
        return f"Here is what I got. {_listed([_plain(item) for item in value])}."
    return f"Here is the answer. {_stop(_plain(value))}"


def _of_object(value: dict[str, Any]) -> str:
    if value.get("error"):
        return f"That did not work. {_stop(_plain(value['error']))}"
    succeeded = [key for key in ("ok", "success") if isinstance(value.get(key), bool)]
    if any(value[key] is False for key in succeeded):
        return "That did not work."
    facts = [_fact(key, item) for key, item in value.items() if key not in succeeded and item is not None]
    if not facts:
        return "Done."
    opening = "Done." if succeeded else "Here is what I got."
    return f"{opening} {_stop(_listed(facts[:_MAX_FACTS]))}"


def _fact(key: str, value: Any) -> str:
    words = name_words(key)
    if len(words) > 1 and words[-1] in _UNITS and isinstance(value, int | float):
        return f"the {' '.join(words[:-1])} is {_plain(value)} {_UNITS[words[-1]]}"
    return f"the {' '.join(words) or key} is {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}".replace("-", "minus ")
    if isinstance(value, int):
        return str(value).replace("-", "minus ")
    if isinstance(value, list):
        return _listed([_plain(item) for item in value])
    if isinstance(value, dict):
        return _listed([_fact(key, item) for key, item in value.items()])
    text = "nothing" if value is None else str(value).replace("_", " ")
    return text if len(text) <= _MAX_LETTERS else text[:_MAX_LETTERS].rpartition(" ")[0] + " and so on"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else "nothing"


def _stop(sentence: str) -> str:
    text = sentence[:1].upper() + sentence[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
