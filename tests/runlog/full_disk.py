"""A disk without room, for real: the operating system refuses what makes a file longer than it may be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def files_end_at(n_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes; writing more is an `OSError`, as on a full disk."""
    resource = pytest.importorskip("resource", reason="no limits of a process on this system")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
