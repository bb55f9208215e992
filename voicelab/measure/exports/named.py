"""Runs and the names that they go by in an export: in columns, as folders, as processes of a trace.

In: runs.  Out: `NamedRun`, no two of one name, each a name that every file system takes.
Does not know: formats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.measure.run import Run
from voicelab.measure.runs import Runs

_NOT_IN_A_NAME = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')


@dataclass(frozen=True)
class NamedRun:
    """A run and its name in the export."""

    name: str
    run: Run


def named_runs(runs: Sequence[Run]) -> list[NamedRun]:
    """Return runs with the names that they have in tables, made fit for a folder, a number behind those that recur."""
    taken: set[str] = set()
    named = []
    for run, name in zip(runs, Runs(runs).names(), strict=True):
        plain = _NOT_IN_A_NAME.sub("-", name).strip(" .") or "run"
        numbered = (plain, *(f"{plain}-{n}" for n in range(2, len(runs) + 2)))
        chosen = next(candidate for candidate in numbered if candidate.lower() not in taken)
        taken.add(chosen.lower())
        named.append(NamedRun(chosen, run))
    return named
