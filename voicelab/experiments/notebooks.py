"""The notebooks that come with voicelab: where they lie, and a copy of them in a folder that can be written.

In: a folder.  Out: the notebooks in it, ready to run.
Does not know: Jupyter.

A file that somebody has changed is never written over: what was given out is remembered, as a digest of each file, in a
small file beside them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import voicelab
from voicelab.errors import RunError

START = "00-start.ipynb"
_GIVEN = ".voicelab-notebooks.json"
# The page on the embedded server lies beside its module; a copy of the notebooks takes it along.
_PAGE_IN_CHECKOUT, _PAGE_IN_COPY = "../voicelab/server/README.md", "embedded-server.md"


def notebooks_source() -> Path:
    """Return the folder of the notebooks: of the installed package, or of the checkout.

    Raises
    ------
    RunError
        They are in neither place.
    """
    package = Path(voicelab.__file__).parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (folder / START).is_file():
            return folder
    raise RunError(
        f"the notebooks are not beside {package}: install voicelab again, from its wheel or a whole checkout"
    )


def copy_notebooks(folder: Path, tell: Callable[[str], object] | None = None) -> Path:
    """Bring the notebooks, and the pages that belong to them, into a folder.

    Parameters
    ----------
    folder : Path
        Made where it is missing; may hold an earlier copy.
    tell : callable, optional
        Is told in a line of every file that was kept because somebody changed it.

    Returns
    -------
    Path
        The start page in ``folder``.

    Raises
    ------
    RunError
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        given = _read_given(folder / _GIVEN)
        for name, content in _pages().items():
            _bring(folder / name, content, given, tell)
        (folder / _GIVEN).write_text(json.dumps(given, indent=1, sort_keys=True) + "\n", "utf-8")
    except OSError as error:
        raise RunError(f"{folder} cannot hold the notebooks: {error.strerror or error}; name another folder") from error
    return folder / START


def _pages() -> dict[str, bytes]:
    """Return what is copied, by name, with links that are right in the copy."""
    source = notebooks_source()
    pages = {path.name: path.read_bytes() for path in sorted((*source.glob("*.ipynb"), *source.glob("*.md")))}
    pages = {name: page.replace(_PAGE_IN_CHECKOUT.encode(), _PAGE_IN_COPY.encode()) for name, page in pages.items()}
    return {**pages, _PAGE_IN_COPY: (Path(voicelab.__file__).parent / "server" / "README.md").read_bytes()}


def _bring(path: Path, content: bytes, given: dict[str, str], tell: Callable[[str], object] | None) -> None:
    now = _digest(content)
    before = given.get(path.name)
    given[path.name] = now
    here = _digest(path.read_bytes()) if path.exists() else None
    if here is None or here == before:
        path.write_bytes(content)
    elif here != now and before != now:
        newer = _free_name(path, content)
        newer.write_bytes(content)
        if tell is not None:
            tell(f"{path.name} was changed here and is kept; what comes with this voicelab is {newer.name}")


def _free_name(path: Path, content: bytes) -> Path:
    """Return a name beside ``path`` that nobody uses, or that holds this very content already."""
    n = 1
    while True:
        found = path.with_name(f"{path.stem}.new{'' if n == 1 else n}{path.suffix}")
        if not found.exists() or found.read_bytes() == content:
            return found
        n += 1


def _read_given(path: Path) -> dict[str, str]:
    """Return what was given out; nothing where the file is missing or no longer what we wrote: then all is kept."""
    try:
        given = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in given.items()} if isinstance(given, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
