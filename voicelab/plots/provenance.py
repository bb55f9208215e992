"""Where numbers come from: who answered, what was asked and what was in force, prices, clocks, versions.

In: a `Run`, or several.  Out: sentences and rows of text.
Does not know: HTML, figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.measure.columns import METRIC_VERSION
from voicelab.measure.run import Run
from voicelab.plots.wording import count, printable

_HEARS = {
    "guide": "words recognised among the guide's own phrases, English only",
    "dictation": "words from a free dictation that is poor and English only",
    "none": "no words recognised",
}
_EMBEDDED = "voicelab"


_MOST_NAMED = 3


def figure_source(runs: Run | Iterable[Run]) -> str:
    """Return the line at the foot of a figure: which runs, whose numbers they are, which definitions.

    Parameters
    ----------
    runs : Run or iterable of Run
        A single run, or all that the figure is made of.

    Returns
    -------
    str
        Such as ``Run demo; embedded server (rules, not a model; nothing billed); virtual time; metric version 1``.
    """
    several = [runs] if isinstance(runs, Run) else list(runs)
    whose = list(dict.fromkeys(map(_whose, several)))
    times = {run.manifest.time == "virtual" for run in several}
    virtual = {frozenset({True}): ["virtual time"], frozenset({True, False}): ["partly virtual time"]}
    parts = [_names(several), *whose, *virtual.get(frozenset(times), []), f"metric version {METRIC_VERSION}"]
    return "; ".join(parts)


def _names(runs: Sequence[Run]) -> str:
    names = [printable(run.folder.name) for run in runs]
    if not names:
        return "No run"
    if len(names) == 1:
        return f"Run {names[0]}"
    if len(names) <= _MOST_NAMED:
        return f"Runs {', '.join(names[:-1])} and {names[-1]}"
    return f"{len(names):,} runs, {names[0]} to {names[-1]}"


def _whose(run: Run) -> str:
    manifest = run.manifest
    about = manifest.voicelab_server or session_in_force(run).get(_EMBEDDED)
    billed = "" if manifest.prices.get("billed", True) else "nothing billed"
    if about:
        nature = f"answers by a model, {about.get('reply')}" if about.get("reply_is_a_model") else "rules, not a model"
        return f"embedded server ({'; '.join(filter(None, [nature, billed]))})"
    return printable(", ".join(filter(None, [manifest.provider or "unknown provider", manifest.model, billed])))


def source_line(run: Run) -> str:
    """Return one sentence that says who heard and who answered; rules are never called a model."""
    manifest = run.manifest
    about = manifest.voicelab_server or session_in_force(run).get(_EMBEDDED)
    if not about:
        return f"Source: {manifest.provider or 'unknown provider'}, model {manifest.model or 'unknown'}."
    nature = "a model" if about.get("reply_is_a_model") else "which is rules, not a model"
    answered = f"answered by {about.get('reply', 'unknown')}, {nature}"
    hears = _HEARS.get(about.get("hearing", ""), f"words by {about.get('hearing')}")
    cost = "; engines at a modelled cost in virtual time" if about.get("modelled_cost") else ""
    return f"Source: the embedded server; {answered}; {hears}; speech scores {about.get('speech_scores')}{cost}."


def session_in_force(run: Run) -> dict[str, Any]:
    """Return the settings that the server last said were in force, also of a run whose end was never written."""
    if run.manifest.in_force:
        return run.manifest.in_force
    for record in reversed(run.records()):
        if record.type in ("session.created", "session.updated"):
            return dict(record.event.get("session") or {})
    return {}


@dataclass(frozen=True)
class Setting:
    """One setting: its path, what was asked (None: not asked), what was in force (None: not shown by the server)."""

    path: str
    asked: str | None
    in_force: str | None

    @property
    def differs(self) -> bool:
        """Whether something was asked and something else was in force."""
        return self.asked is not None and self.in_force is not None and self.asked != self.in_force


def settings(run: Run) -> list[Setting]:
    """Return every setting that was asked for or in force, by its path."""
    asked = dict(_leaves(run.manifest.asked))
    in_force = {path: text for path, text in _leaves(session_in_force(run)) if path.split(".")[0] != _EMBEDDED}
    paths = [*asked, *(path for path in in_force if path not in asked)]
    return [Setting(path, asked.get(path), in_force.get(path)) for path in paths]


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from _leaves(inner, f"{path}.")
        else:
            yield path, json.dumps(inner, ensure_ascii=False)


def facts_of(run: Run) -> list[tuple[str, str]]:
    """Return what the manifest says besides settings, as name and text."""
    manifest = run.manifest
    about = manifest.voicelab_server or {}
    rows = [
        ("run", run.folder.name),
        ("began", manifest.began or "unknown"),
        ("ended", manifest.ended or "not written"),
        ("state", manifest.state + (f": {manifest.reason}" if manifest.reason else "")),
        ("provider", manifest.provider or "unknown"),
        ("model", manifest.model or "unknown"),
        ("address", manifest.url or "unknown"),
        *((f"embedded server, {name}", _plain(value)) for name, value in about.items() if value not in (None, [])),
        ("time", "virtual: the clock jumps when idle" if manifest.time == "virtual" else "real"),
        ("prices", _prices(run)),
        *((f"tag {name}", value) for name, value in manifest.tags.items()),
        ("note", manifest.note),
        ("redaction", {"full": "none: text and sound are kept"}.get(manifest.redaction, manifest.redaction)),
        ("records", _records(run)),
        *((f"clock {name}", meaning) for name, meaning in manifest.clocks.items()),
        *((f"version of {name}", version) for name, version in manifest.software.items()),
    ]
    return [(name, text) for name, text in rows if text]


def _records(run: Run) -> str:
    damaged = count(run.bad_lines, "damaged line")
    return f"{len(run.records()):,}; {run.manifest.dropped:,} lost; {damaged} set aside"


def _prices(run: Run) -> str:
    prices, price = run.manifest.prices, run.price
    if price is None:
        return f"no price is known for {prices.get('model') or run.manifest.model or 'this model'}"
    billed = "" if prices.get("billed", True) else "; nothing was billed: it is what these tokens would cost there"
    table = f"table {prices['table']}; " if "table" in prices else ""
    return f"{price.model}, {table}as of {price.date}; source: {price.source}{billed}"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
