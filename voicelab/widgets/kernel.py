"""The kernel that the widgets live in: what is wrong with some versions of it, and what helps.

In: nothing.  Out: a kernel that reads every message of the page; a warning where nothing helps.
Does not know: widgets.

ipykernel 7.0 to 7.3 sends its answers past the stream that reads questions from the same socket. A question that comes
in that moment is not noticed, and neither is any after it: cells and sliders hang until the page connects anew
(ipykernel issue 1554; mended by pull request 1529, in 7.4.0 and later). Looking into the socket now and then finds it.
7.4.0 itself stops delivering slider moves while a cell is busy.
"""

from __future__ import annotations

import importlib.metadata
import sys
import warnings
from functools import cache

from tornado.ioloop import PeriodicCallback
from zmq.eventloop.zmqstream import ZMQStream

from voicelab.widgets.words import words

#: So long a question may lie there: not felt by whoever moves a slider, and ten looks a second cost nothing.
LOOK_EVERY_MS = 100
_FORGETFUL = ("7.0", "7.1", "7.2", "7.3")
_FREEZES = "7.4.0"


def look_after_kernel() -> None:
    """Help the kernel of this process, if it is one that needs it; asked again, nothing more is done."""
    if "ipykernel" not in sys.modules:
        return  # a script, or another kind of kernel
    from ipykernel.kernelbase import Kernel

    version = importlib.metadata.version("ipykernel")
    if version == _FREEZES:
        warnings.warn(words("lab")["kernel"], stacklevel=3)
    if ".".join(version.split(".")[:2]) in _FORGETFUL and Kernel.initialized():
        stream = Kernel.instance().shell_stream
        if stream is not None:
            _look_again_and_again(stream)


@cache
def _look_again_and_again(stream: ZMQStream) -> None:
    """Look into a stream's socket on the stream's own thread, for as long as it is open."""

    def look() -> None:
        if stream.closed():
            looking.stop()
        else:
            stream.flush()

    looking = PeriodicCallback(look, LOOK_EVERY_MS)
    stream.io_loop.add_callback(looking.start)
