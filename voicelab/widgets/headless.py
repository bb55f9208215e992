"""Whether somebody looks: notebooks also run without a person, from top to bottom.

In: the environment.  Out: a yes or a no.  Does not know: what is done otherwise then.
"""

from __future__ import annotations

import os


def headless() -> bool:
    """Return whether ``VOICELAB_HEADLESS`` is set: then clips speak, answers are shown."""
    return bool(os.environ.get("VOICELAB_HEADLESS"))
