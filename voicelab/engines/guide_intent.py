"""One line of the guide's script: a thing that a person may want.

In: nothing, this is a type. Out: `Intent`. Does not know: the script (``guide_script.py``, ``guide_lab.py``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Intent:
    """One thing that a person may want.

    Parameters
    ----------
    name : str
        Answers that need computing are looked up by this name in ``guide.py``.
    phrases : tuple[str, ...]
        Ways to say it; the recogniser learns these.
    pattern : str
        Regular expression, searched in lower-case words without punctuation or apostrophes.
    answers : tuple[str, ...]
        Equally good answers; empty where the answer is computed. The first sentence is short, so that speech
        starts soon.
    """

    name: str
    phrases: tuple[str, ...]
    pattern: str
    answers: tuple[str, ...] = ()
