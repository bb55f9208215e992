"""``voicelab.run``: a coroutine, run to its end by plain code that is inside a running loop, as a cell is.

In: a coroutine.  Out: its result.  Does not know: sessions; nothing of voicelab needs this.

In a cell ``await`` does the same and patches nothing: prefer it. This is for plain functions called from a cell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def run(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine and return its result, inside a running event loop as well as without one.

    Inside a running loop this needs nest-asyncio, which makes the loop re-entrant: for the whole process, and for good.
    It is applied only then. The sound does not depend on it: a session lives on a loop and a thread of its own.

    Parameters
    ----------
    coroutine : coroutine

    Returns
    -------
    object
        What the coroutine returns; what it raises is raised.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    import nest_asyncio

    nest_asyncio.apply(loop)
    return loop.run_until_complete(coroutine)
