"""Predict, then reveal: a question with choices, and what is true once a choice was made.

In: a question, choices, the true one and why.  Out: a widget.
Does not know: notebooks, or whether somebody was right (it is no exam: nothing is kept).

Without a front end (``VOICELAB_HEADLESS``) the answer stands there from the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anywidget
import traitlets

from voicelab.errors import ConfigError
from voicelab.widgets.headless import headless
from voicelab.widgets.words import words


class Prediction(anywidget.AnyWidget):
    """The question on the page; made by `predict`.

    Attributes
    ----------
    chosen : int
        Number of the choice that was made, from 0; -1: none yet.
    revealed : bool
        Whether the answer is shown.
    """

    _esm = Path(__file__).with_name("predict.js")
    _css = Path(__file__).with_name("predict.css")

    words = traitlets.Dict().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answer = traitlets.Int().tag(sync=True)
    why = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)
    revealed = traitlets.Bool(False).tag(sync=True)

    def __repr__(self) -> str:
        told = f" {self.choices[self.answer]}. {self.why}" if self.revealed else ""
        return f"{self.question} ({' / '.join(self.choices)}){told}"


def predict(question: str, choices: Sequence[str], answer: str, why: str) -> Prediction:
    """Ask for a prediction; the answer is shown when one was made.

    Parameters
    ----------
    question : str
    choices : sequence of str
        Two or more, all different.
    answer : str
        The one that is true.
    why : str
        What to learn from it.

    Raises
    ------
    ConfigError
        Fewer than two choices, two that are equal, or an answer that is none of them.
    """
    if len(choices) < 2 or len(set(choices)) < len(choices):
        raise ConfigError("a prediction needs two or more choices, all different", param="choices")
    if answer not in choices:
        raise ConfigError(f"the answer {answer!r} is none of the choices: {', '.join(choices)}", param="answer")
    return Prediction(
        words=dict(words("workshop")),
        question=question,
        choices=list(choices),
        answer=list(choices).index(answer),
        why=why,
        revealed=headless(),
    )
