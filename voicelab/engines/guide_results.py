"""What a function of the client returned, as sentences to speak.

In: the output text of one function call, JSON or plain. Out: one or two spoken sentences. Does not
know: which function it was; it reads names such as ``temperature_c`` as people would. Nobody can listen to
everything: four facts, ten items of a list, three levels of lists and objects, 1,000 letters.
"""

from __future__ import annotations

from typing import Any

import msgspec

from voicelab.engines.words import name_words

_MAX_FACTS = 4
_MAX_ITEMS = 10
_MAX_DEPTH = 3
_MAX_TEXT_LETTERS = 300
_MAX_LETTERS = 1000
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
    except RecursionError:  # valid JSON, in more levels than the decoder can count
        return "Done. The function gave more levels of lists than I can read out."
    if value is True or value in (None, "", [], {}) or value == "ok":
        return "Done. The function gave nothing to read out." if value is not True and value != "ok" else "Done."
    if value is False:
        return "That did not work."
    if isinstance(value, dict):
        return _of_object(value)
    if isinstance(value, list):
        return f"Here is what I got. {_cut(_plain(value), _MAX_LETTERS)}."
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


def _fact(key: str, value: Any, depth: int = 0) -> str:
    words = name_words(key)
    if len(words) > 1 and words[-1] in _UNITS and isinstance(value, int | float):
        return f"the {' '.join(words[:-1])} is {_plain(value)} {_UNITS[words[-1]]}"
    return f"the {' '.join(words) or key} is {_plain(value, depth)}"


def _plain(value: Any, depth: int = 0) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}".replace("-", "minus ")
    if isinstance(value, int):
        return str(value).replace("-", "minus ")
    if isinstance(value, list | dict) and depth >= _MAX_DEPTH:
        return "more"
    if isinstance(value, list):
        return _listed([_plain(item, depth + 1) for item in value[:_MAX_ITEMS]], len(value) > _MAX_ITEMS)
    if isinstance(value, dict):
        facts = [_fact(key, item, depth + 1) for key, item in list(value.items())[:_MAX_ITEMS]]
        return _listed(facts, len(value) > _MAX_ITEMS)
    return _cut("nothing" if value is None else str(value).replace("_", " "), _MAX_TEXT_LETTERS)


def _cut(text: str, n_letters: int) -> str:
    """Cut a text after a word; one endless word is cut in the middle."""
    if len(text) <= n_letters:
        return text
    return f"{text[:n_letters].rpartition(' ')[0] or text[:n_letters]} and so on"


def _listed(parts: list[str], is_cut: bool = False) -> str:
    if is_cut:
        return f"{', '.join(parts)} and so on"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else "nothing"


def _stop(sentence: str) -> str:
    text = _cut(sentence[:1].upper() + sentence[1:], _MAX_LETTERS)
    return text if text.endswith((".", "!", "?")) else f"{text}."
