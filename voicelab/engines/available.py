"""Whether hearing and speaking work here, and the one line that mends it.

In: nothing. Out: (works, line) for each. Looks only whether the packages are there, which takes a millisecond.
Does not know: the engines themselves.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec


def hearing_available() -> tuple[bool, str]:
    """Whether speech can be recognised here.

    Returns
    -------
    works : bool
    line : str
        What is there; or, where it does not work, what to do.
    """
    if find_spec("pocketsphinx") is not None:
        return True, "pocketsphinx is installed"
    version = "==5.0.4" if sys.version_info[:2] == (3, 12) else ""
    return (
        False,
        f"pocketsphinx is not installed, so no words are recognised; run: pip install pocketsphinx{version}",
    )


def speaking_available() -> tuple[bool, str]:
    """Whether text can be spoken here; see :func:`hearing_available`."""
    if find_spec("espeakng_loader") is not None:
        return True, "espeak-ng (espeakng-loader) is installed"
    return False, "espeak-ng is not installed, so replies stay silent; run: pip install espeakng-loader"
