"""A new start: everything that is open in this notebook is closed, and the microphone is free.

In: what the notebook's names stand for.  Out: nothing is open any more.
Does not know: how any of it is closed; each thing closes itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from voicelab.session.faces import Session
from voicelab.session.local_server import LocalServer
from voicelab.widgets import lab as labs
from voicelab.widgets.words import words


def reset(names: Mapping[str, Any] | None = None) -> None:
    """Close the Lab, every session and every embedded server of this notebook, and say what was closed.

    Runs stay where they are. What goes on in a cell ends first: interrupt the kernel if one is busy.

    Parameters
    ----------
    names : mapping, optional
        Where to look for sessions and servers; the notebook's own names when absent.
    """
    here = words("workshop")
    found = dict(_notebook_names() if names is None else names)
    closed: list[str] = []
    if labs._open_lab is not None:
        labs._open_lab.close()
        closed.append(here["reset_lab"])
    # Sessions before their servers: a run whose server is gone first says that it failed.
    for session in _all_of(Session, found):
        if session.log.growing:
            session.close()
            closed.append(here["reset_session"].format(folder=session.folder.name))
    for server in _all_of(LocalServer, found):
        if server.running:
            server.close()
            closed.append(here["reset_server"])
    print(here["reset_done"].format(closed=", ".join(closed)) if closed else here["reset_nothing"])


def _all_of(kind: type[Any], names: Mapping[str, Any]) -> list[Any]:
    return list({id(value): value for value in names.values() if isinstance(value, kind)}.values())


def _notebook_names() -> Mapping[str, Any]:
    from IPython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell is not None else {}
