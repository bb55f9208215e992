"""A sound file that came through the browser, as a clip.

In: a name and bytes.  Out: a `Clip`, or the error that says why not, in terms of that name.
Does not know: widgets, or what is done with the clip.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from tempfile import TemporaryDirectory

from voicelab.audio.clip import Clip, read_clip
from voicelab.errors import AudioError


def read_upload(name: str, data: bytes) -> Clip:
    """Read a sound file from its bytes.

    Parameters
    ----------
    name : str
        What the browser calls it; nothing but its last part is used.
    data : bytes

    Raises
    ------
    AudioError
        It is no sound that can be read; see `read_clip`.
    """
    shown = PurePosixPath(PureWindowsPath(name).name).name or "file"
    try:
        with TemporaryDirectory(prefix="voicelab-") as folder:
            path = Path(folder) / "upload"
            path.write_bytes(data)
            clip = read_clip(path)
    except AudioError as error:
        # A person knows the file by its name, not by where it lay for a moment.
        raise AudioError(str(error).replace(str(path), shown)) from None
    except OSError as error:
        raise AudioError(f"{shown}: cannot be kept for reading: {error.strerror}; make room and try again") from None
    return Clip(clip.samples, PurePosixPath(shown).stem, clip.converted)
