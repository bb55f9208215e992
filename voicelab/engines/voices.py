"""The voices of the embedded synthesiser: ten for replies, five for scripted callers.

In: a voice's name. Out: how espeak-ng makes it (:class:`Voice`).
Does not know: the synthesiser itself.

The ten names are those of the hosted service, so that a setting means something everywhere; the voices only
share the name, not the sound. They were chosen by numbers (fundamental frequency, spectral centroid, peak)
so that any two differ clearly in one of the first two, and no one has been asked which is the more
pleasant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from voicelab.errors import ConfigError


@dataclass(frozen=True)
class Voice:
    """One voice, as espeak-ng makes it.

    Attributes
    ----------
    variant : str
        espeak-ng's voice variant, on top of its language.
    volume : int
        espeak-ng's amplitude, 0 to 200; set so that all voices are about equally loud and none reaches full
        scale.
    pitch : int
        espeak-ng's base pitch, 0 to 99; 50 leaves the variant as it is.
    language : str
        espeak-ng's name of the language whose rules it reads by, such as "de" or "pt-br".
    """

    variant: str
    volume: int
    pitch: int = 50
    language: str = "en-us"

    @property
    def espeak_name(self) -> str:
        """The name that espeak-ng knows the voice by."""
        return f"{self.language}+{self.variant}"


VOICES: Mapping[str, Voice] = MappingProxyType(
    {
        "alloy": Voice("steph", volume=80),
        "ash": Voice("m7", volume=80),
        "ballad": Voice("Alex", volume=100),
        "coral": Voice("f3", volume=90),
        "echo": Voice("david", volume=100),
        "sage": Voice("shelby", volume=90, pitch=42),
        "shimmer": Voice("anika", volume=70),
        "verse": Voice("rob", volume=100, pitch=65),
        "marin": Voice("Andrea", volume=60),
        "cedar": Voice("quincy", volume=100),
    }
)
"""The ten voices of a session's ``voice`` setting."""

CALLER_VOICES: Mapping[str, Voice] = MappingProxyType(
    {
        "ada": Voice("f2", volume=80),
        "bruno": Voice("m3", volume=90, pitch=40),
        "chen": Voice("miguel", volume=70),
        "dora": Voice("f5", volume=95, pitch=60),
        "emil": Voice("edward2", volume=95, pitch=58),
    }
)
"""Five further voices for scripted users.

Taken from those that the recogniser understands: of 41 variants tried, 12 lose more than a third of their words in it,
which would say more about that pair of programs than about turn-taking.
"""


def voice_named(name: str) -> Voice:
    """Look up a reply voice or a caller voice.

    Parameters
    ----------
    name : str
        One of the fifteen names; with a language behind a dash ("marin-de", "alloy-pt-br") that voice reads by the
        rules of the language. Without one it is American English.

    Raises
    ------
    ConfigError
        No voice has that name; the message lists the ten.
    """
    first, _, language = name.partition("-")
    voice = VOICES.get(first) or CALLER_VOICES.get(first)
    if voice is None:
        raise ConfigError(
            f"There is no voice {name!r} here; choose one of {', '.join(VOICES)}.",
            param="session.audio.output.voice",
        )
    return replace(voice, language=language) if language else voice
