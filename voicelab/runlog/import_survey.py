"""The first reading of a file that other code recorded: what the whole of it says, before anything is written.

In: a path.  Out: its lines, one by one, and a `Survey` of them.
Does not know: run folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicelab.audio.formats import PCM24
from voicelab.errors import RunError
from voicelab.runlog.import_lines import ForeignLine, Sender, is_beta, read_line, sender_by_type
from voicelab.runlog.import_times import TimeRule, TimeSurvey

_BASE64_PART = 3 / 4
_OLD_NAMES = {"response.audio.delta": "response.output_audio.delta"}
#: Events that carry sound: who sends them, and under which name it stands.
SOUND_OF: Mapping[str, tuple[Sender, str]] = {
    "input_audio_buffer.append": ("send", "audio"),
    "response.output_audio.delta": ("recv", "delta"),
}


@dataclass
class Survey:
    """What holds for the whole file.

    Parameters
    ----------
    n_events : int
    bad_lines : list of int
        Numbers of the lines without an event.
    rule : TimeRule, optional
        How its time stamps are read; None: it has none.
    began_ns : int
        Its first time stamp.
    beta : bool
        It speaks the beta.
    server_tells_session : bool
        A server event says which settings are in force, so what the client asked does not count until then.
    words_flipped : bool
        Its words for the direction mean the other side's: it was written by a server.
    """

    n_events: int = 0
    bad_lines: list[int] = field(default_factory=list)
    rule: TimeRule | None = None
    began_ns: int = 0
    beta: bool = False
    server_tells_session: bool = False
    words_flipped: bool = False


def lines_of(source: Path) -> Iterator[tuple[int, ForeignLine | None]]:
    """Yield the number of each line that is not empty, from 1, and the event in it.

    Raises
    ------
    RunError
        The file cannot be read.
    """
    try:
        with source.open("rb") as file:
            for number, line in enumerate(file, 1):
                text = line.removeprefix(b"\xef\xbb\xbf").strip(b"\0 \r\n\t")
                if text:
                    yield number, read_line(text)
    except OSError as error:
        raise RunError(f"{source} cannot be read ({error.strerror}): name a file of Realtime events") from None


def survey_of(source: Path) -> Survey:
    """Read a file once.

    Raises
    ------
    RunError
        It cannot be read, holds no event, or is the log of a voicelab run.
    """
    survey, times, words = Survey(), TimeSurvey(), _Words()
    sound_ms: dict[Sender, float] = {"send": 0.0, "recv": 0.0}
    for number, line in lines_of(source):
        if line is None:
            survey.bad_lines.append(number)
            continue
        if line.is_record:
            raise RunError(f"{source} is the log of a voicelab run: open its folder, it needs no import")
        kind = line.body["type"]
        survey.n_events += 1
        survey.beta = survey.beta or is_beta(line.body)
        survey.server_tells_session = survey.server_tells_session or kind in ("session.created", "session.updated")
        times.take(line.stamps)
        words.take(line)
        sender, name = SOUND_OF.get(_OLD_NAMES.get(kind, kind), (None, ""))
        if sender is not None:
            sound_ms[sender] += _sound_ms(line.body.get(name))
    if not survey.n_events:
        raise RunError(
            f"{source} holds no Realtime event: one JSON object a line is needed, with a type of its own or under "
            "event, data, payload or message"
        )
    survey.rule = times.settle(max(sound_ms.values()))
    survey.began_ns = times.first_ns(survey.rule)
    survey.words_flipped = words.flipped
    return survey


class _Words:
    """Whether a log's words for the direction agree with the types of its events."""

    def __init__(self) -> None:
        self._n_agree = self._n_contradict = 0

    def take(self, line: ForeignLine) -> None:
        known = sender_by_type(line.body["type"])
        if known is not None and line.word is not None:
            self._n_agree += known == line.word
            self._n_contradict += known != line.word

    @property
    def flipped(self) -> bool:
        return self._n_contradict > self._n_agree


def _sound_ms(base64: Any) -> float:
    """Return about how long some sound is: a ruler for time stamps, which need not be exact."""
    return len(base64) * _BASE64_PART / PCM24.bytes_per_ms if isinstance(base64, str) else 0.0
