"""How voicelab starts a process of its own: which Python, which voicelab, which process group.

In: a module to run.  Out: the command line, the environment and the keywords for ``Popen`` or
``create_subprocess_exec``.
Does not know: what the process does, or how one talks to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def child_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module; ``-P`` keeps the user's folder out, where a ``json.py`` may lie."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """Return the environment: the same voicelab as here; one thread for linear algebra, faster on small matrices."""
    home = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}


def own_group() -> dict[str, Any]:
    """Return the keywords that put a process out of reach of an interrupt, which goes to the whole process group."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
