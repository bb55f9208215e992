"""A widget's page in several files: plain scripts, joined in order into the one ES module that the front end loads.

In: a folder and the names of its files, in order.  Out: the module's text.
Does not know: widgets, or what the scripts do.

A notebook front end gets a widget's JavaScript as one text, and there is nothing beside it to import from. So the files
of a page are parts of one module: they share their names, none imports or exports, and the last one exports the widget.
What a part uses at once (a constant, a class that it makes a value from) stands in a part before it.
"""

from __future__ import annotations

import re
from pathlib import Path

from voicelab.errors import ConfigError

_IMPORT_OR_EXPORT = re.compile(r"^\s*(?:import|export)\b", re.MULTILINE)
_EXPORT_DEFAULT = re.compile(r"^export default\b", re.MULTILINE)


def joined(folder: Path, *names: str) -> str:
    """Return the files of a folder as one ES module.

    Parameters
    ----------
    folder : Path
    names : str
        Of the files, in order; the last is the one with ``export default``. Each is named in a comment before its text,
        so that a line in a browser's tools can be found.

    Raises
    ------
    ConfigError
        No name, a name that is given twice, a file that is not there, a part that imports or exports, or a last one
        without ``export default``.
    """
    if not names:
        raise ConfigError(f"a script of no files cannot be joined: name those of {folder.name}, in order")
    if len(set(names)) < len(names):
        raise ConfigError(f"a file is named twice in {', '.join(names)}: a name can be declared once only")
    parts = [_read(folder, name) for name in names]
    for name, text in zip(names[:-1], parts[:-1], strict=True):
        if _IMPORT_OR_EXPORT.search(text):
            raise ConfigError(f"{name} imports or exports: only the last part, {names[-1]}, may, with export default")
    if not _EXPORT_DEFAULT.search(parts[-1]):
        raise ConfigError(f"{names[-1]} is the last part and has no export default: the front end would find no widget")
    return "\n".join(f"// --- {folder.name}/{name}\n{text}" for name, text in zip(names, parts, strict=True))


def _read(folder: Path, name: str) -> str:
    path = folder / name
    if not path.is_file():
        raise ConfigError(f"the script {name} is not in {folder}: the package is not whole, install it again")
    return path.read_text(encoding="utf-8")
