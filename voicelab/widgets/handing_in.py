"""Hand in a run, and look at all that were handed in: the class in one figure.

In: a run and a name; a folder of such ZIPs.  Out: a ZIP; a plotly figure.
Does not know: how text and sound are left out (``runlog.redact``), or what a turn's numbers mean (``measure``).

A ZIP holds ``hand-in.json`` and the redacted run. The turns' numbers are measured before the sound is left out, because
some of them can only be measured in the sound. Nothing of a ZIP is unpacked for the figure, and not much of it is read.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import msgspec

import voicelab
from voicelab.errors import ConfigError, RunError
from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots import theme
from voicelab.runlog.redact import redact_run
from voicelab.widgets.words import words

if TYPE_CHECKING:
    import plotly.graph_objects as go

SCHEMA = "voicelab.hand-in/1"
_FACTS = "hand-in.json"
_MOST_BYTES = 5_000_000
_SAID = ("transcript", "reply", "calls")


class TurnNumbers(msgspec.Struct, frozen=True):
    """What the class figure needs of a turn; the ZIP has more."""

    turn: int
    interrupted: bool = False
    voice_to_voice_ms: float | None = None
    speech_end_from: str | None = None


class HandIn(msgspec.Struct, frozen=True):
    """What was handed in, without the run itself."""

    schema: str
    name: str
    turns: tuple[TurnNumbers, ...]


@dataclass(frozen=True)
class LeftOut:
    """A file that is no hand-in."""

    file: str
    why: str


def hand_in(run: Run, name: str, *, words: bool = False, sound: bool = False) -> Path:
    """Write a run into a ZIP beside its folder, by default without what was said and without the sound.

    Parameters
    ----------
    run : Run
        Also one that is still growing: what there is of it by now.
    name : str
        Who hands in; becomes the name of the file, and the figure's label.
    words, sound : bool
        Keep them.

    Returns
    -------
    Path
        The ZIP; an earlier one is never written over. Its name ends in four signs that belong to the run, so that two
        people of one name can be collected in one folder.

    Raises
    ------
    ConfigError
        The name has no letter or digit.
    """
    stem = re.sub(r"[^\w\-]+", "-", name).strip("-_")
    if not stem:
        raise ConfigError(_words()["hand_in_name"], param="name")
    facts = {
        "schema": SCHEMA,
        "name": name.strip(),
        "voicelab": voicelab.__version__,
        "words": words,
        "sound": sound,
        "turns": [_numbers(turn, words) for turn in run.turn_list()],
    }
    target = _free_name(run.folder.parent, f"{stem}-{_signs(run)}")
    with tempfile.TemporaryDirectory() as folder:
        copy = redact_run(run.folder, Path(folder) / "run", text=not words, audio=not sound)
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_FACTS, json.dumps(facts, indent=1))
            for path in sorted(copy.iterdir()):
                archive.write(path, f"run/{path.name}")
    return target


def class_figure(folder: str | PathLike[str]) -> go.Figure:
    """Draw everybody's turns: how long each answer took, and which were interrupted.

    Parameters
    ----------
    folder : path
        Holds the ZIPs that `hand_in` wrote.

    Returns
    -------
    plotly Figure
        A line for each person, quickest first; files that are no hand-ins are named and left out.

    Raises
    ------
    RunError
        There is no ZIP in it.
    """
    paths = sorted(Path(folder).glob("*.zip"))
    if not paths:
        raise RunError(_words()["class_empty"].format(folder=folder))
    read = [_read(path) for path in paths]
    people = _told_apart([found for found in read if isinstance(found, HandIn)])
    return _draw(people, [found for found in read if isinstance(found, LeftOut)])


def _words() -> Any:
    return words("workshop")


def _numbers(turn: Turn, with_words: bool) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(turn)
    return fields if with_words else {key: value for key, value in fields.items() if key not in _SAID}


def _signs(run: Run) -> str:
    return hashlib.sha256(run.manifest.began.encode()).hexdigest()[:4]


def _free_name(folder: Path, stem: str) -> Path:
    path, n = folder / f"{stem}.zip", 2
    while path.exists():
        path, n = folder / f"{stem}-{n}.zip", n + 1
    return path


def _read(path: Path) -> HandIn | LeftOut:
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_FACTS) as file:
            found = msgspec.json.decode(file.read(_MOST_BYTES), type=HandIn)
    except (OSError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        return LeftOut(path.name, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return LeftOut(path.name, str(error))
    return found if found.schema == SCHEMA else LeftOut(path.name, found.schema)


def _told_apart(people: list[HandIn]) -> dict[str, list[TurnNumbers]]:
    """Return each person's measured turns by name, quickest first; the same name twice is two people."""
    told: dict[str, list[TurnNumbers]] = {}
    for person in people:
        name, n = person.name, 2
        while name in told:
            name, n = f"{person.name} ({n})", n + 1
        told[name] = [turn for turn in person.turns if turn.voice_to_voice_ms is not None]
    return dict(sorted(told.items(), key=lambda item: _median_ms(item[1])))


def _median_ms(turns: list[TurnNumbers]) -> float:
    values = [turn.voice_to_voice_ms for turn in turns if turn.voice_to_voice_ms is not None]
    return median(values) if values else float("inf")


def _draw(people: dict[str, list[TurnNumbers]], left_out: list[LeftOut]) -> go.Figure:
    text = _words()
    figure = theme.figure(200 + 26 * max(1, len(people)))
    rows = [(name, turn) for name, turns in people.items() for turn in turns]
    for interrupted, key, symbol, colour in (
        (False, "class_answered", "circle-open", theme.AGENT),
        (True, "class_interrupted", "x", theme.USER),
    ):
        here = [(name, turn) for name, turn in rows if turn.interrupted == interrupted]
        figure.add_scatter(
            x=[turn.voice_to_voice_ms for _, turn in here],
            y=[name for name, _ in here],
            mode="markers",
            name=text[key],
            marker={"symbol": symbol, "size": 9, "color": colour, "line": {"width": 2}},
            customdata=[
                text["class_turn"].format(turn=turn.turn)
                + ("" if turn.speech_end_from == "label" else f", {text['class_estimated']}")
                for _, turn in here
            ],
            hovertemplate="%{y}, %{customdata}: %{x:.0f} ms<extra></extra>",
        )
    measured = {name: turns for name, turns in people.items() if turns}
    figure.add_scatter(
        x=[_median_ms(turns) for turns in measured.values()],
        y=list(measured),
        mode="markers",
        name=text["class_median"],
        marker={"symbol": "line-ns-open", "size": 16, "line": {"width": 3}},
        hovertemplate="%{y}: %{x:.0f} ms<extra></extra>",
    )
    for name in people.keys() - measured.keys():
        figure.add_annotation(x=0, y=name, text=text["class_nothing"], showarrow=False, xanchor="left")
    said = [text["class_counts"].format(people=len(people), turns=len(rows))]
    if left_out:
        said.append(text["class_left_out"].format(files=", ".join(one.file for one in left_out)))
    figure.update_layout(
        title={"text": text["class_title"], "subtitle": {"text": "; ".join(said)}},
        margin={"t": 80, "b": 100},
        legend={"orientation": "h", "yref": "container", "y": 0.01, "yanchor": "bottom"},
        xaxis={"title": text["class_axis"], "rangemode": "tozero"},
        yaxis={"categoryorder": "array", "categoryarray": list(people), "autorange": "reversed", "type": "category"},
    )
    return figure
