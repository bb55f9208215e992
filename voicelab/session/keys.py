"""Every key that a run must not show: the session's own, and those that lie in the environment beside it.

In: the key that opens the session.  Out: what `voicelab.runlog` hides wherever it stands.
Does not know: how a key is used (``profiles``), or where it is hidden (`voicelab.runlog.secrets`).

Somebody with an OpenAI key in the environment talks to another server, and a notebook's cell puts the wrong variable
into the instructions: that key is hidden as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from voicelab.session.profiles import PROFILES

_OTHER_SERVERS = "VOICELAB_API_KEY"
# Shorter ones are words such as "none" or "test", which people write where a key has to be; texts are full of them.
_SHORTEST = 12


def known_keys(of_session: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the keys that must not be seen: those of a session, and those in the environment.

    Parameters
    ----------
    of_session : iterable of str
        Whatever they look like; empty ones are left out.
    """
    variables = [*(profile.key_variable for profile in PROFILES.values()), _OTHER_SERVERS]
    around = (os.environ.get(variable, "").strip() for variable in variables if variable)
    keys = [*(key for key in of_session if key), *(key for key in around if len(key) >= _SHORTEST)]
    return tuple(dict.fromkeys(keys))
