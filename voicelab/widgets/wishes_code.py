"""Wishes as Python that asks for the same: what "copy as code" copies.

In: `Wishes` and a target.  Out: source that runs as it stands.
Does not know: widgets, sessions.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from voicelab.protocol.settings import SemanticVAD, ServerVAD, to_plain
from voicelab.widgets.wishes import Wishes, detection_of


def as_code(wishes: Wishes, target: str) -> str:
    """Return runnable Python that opens a session with these wishes.

    Only what differs from what ``vl.connect`` asks by itself is written down. The voice always is: asked nothing, the
    server chooses. Where tools are on, they are the ones of the guided demo.

    Parameters
    ----------
    wishes : Wishes
    target : str
        As for ``vl.connect``; a key in a URL is left out.
    """
    arguments = [_literal(without_key(target)), *(f"{name}={value}" for name, value in _arguments(wishes).items())]
    imports = ["import voicelab as vl"]
    if wishes.tools:
        imports.append("from voicelab.experiments.script import DEMO_TOOLS")
    listed = "".join(f"    {argument},\n" for argument in arguments)
    return "\n".join(imports) + f"\n\nsession = vl.connect(\n{listed}).open()\n"


def _arguments(wishes: Wishes) -> dict[str, str]:
    """Return the keyword arguments of ``vl.connect`` as Python source."""
    plain = Wishes()
    given = {"voice": _literal(wishes.voice)}
    for name in ("speed", "input_format", "output_format", "modality", "chunk_ms", "instructions"):
        if getattr(wishes, name) != getattr(plain, name):
            given[name] = _literal(getattr(wishes, name))
    if detection_of(wishes) != detection_of(plain):
        given["turn_detection"] = _detection_code(wishes)
    if wishes.tools:
        given["tools"] = "DEMO_TOOLS.values()"
    if wishes.noise_reduction != plain.noise_reduction:
        reduction = f'{{"type": {_literal(wishes.noise_reduction)}}}'
        given["settings"] = f'{{"audio": {{"input": {{"noise_reduction": {reduction}}}}}}}'
    return given


def _detection_code(wishes: Wishes) -> str:
    if wishes.detection == "none":
        return "None"
    name, plain = ("ServerVAD", ServerVAD()) if wishes.detection == "server_vad" else ("SemanticVAD", SemanticVAD())
    usual = to_plain(plain)
    asked = detection_of(wishes) or {}
    given = ", ".join(f"{key}={_literal(value)}" for key, value in asked.items() if value != usual[key])
    return f"vl.{name}({given})"


def without_key(target: str) -> str:
    """Return a target without what may be a key: what is shown is passed on."""
    if "://" not in target:
        return target
    parts = urlsplit(target)
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k.lower() != "api-key"])
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))


def _literal(value: Any) -> str:
    """Return a value as Python source; a text in double quotes where that needs no escapes."""
    source = repr(value)
    return f'"{source[1:-1]}"' if source[0] == "'" and '"' not in source else source
