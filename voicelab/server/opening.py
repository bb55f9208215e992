"""Opening the embedded server's engines: in worker processes for real time, in place for virtual time.

In: how the server shall hear and reply.  Out: an `Engines` bundle for each connection, and one sentence for each
thing that does not work here and what is done instead.
Does not know: the protocol.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from voicelab.engines.available import hearing_available, speaking_available
from voicelab.engines.base import HearingHandle, SpeakingHandle
from voicelab.engines.chat import Chat
from voicelab.engines.guide import Guide
from voicelab.engines.guide_cards import sayings
from voicelab.engines.host import HostedRecogniser, HostedSpeaker, InPlaceRecogniser, InPlaceSpeaker, ModelledCost
from voicelab.engines.language import Scenario
from voicelab.engines.mirror import Mirror
from voicelab.engines.reply import ReplyEngine
from voicelab.errors import ConfigError
from voicelab.server.engines import Engines
from voicelab.turns.scores import Scorer

HEARING = ("guide", "dictation", "none")
REPLIES = ("guide", "mirror")
OWN_MODELS = "voicelab-"
CHAT_KEY_VARIABLE = "VOICELAB_CHAT_API_KEY"


@dataclass(frozen=True)
class Choice:
    """How the embedded server hears and who answers.

    Parameters
    ----------
    hearing : {"guide", "dictation", "none"}
    reply : {"guide", "mirror"}
    chat_url : str, optional
        An OpenAI-compatible chat endpoint that answers instead of ``reply``.
    """

    hearing: str = "dictation"
    reply: str = "guide"
    chat_url: str | None = None

    def __post_init__(self) -> None:
        if self.hearing not in HEARING:
            raise ConfigError(f"hearing must be one of {', '.join(HEARING)}, not {self.hearing!r}", param="hearing")
        if self.reply not in REPLIES:
            raise ConfigError(f"reply must be one of {', '.join(REPLIES)}, not {self.reply!r}", param="reply")


def what_works(choice: Choice) -> tuple[Choice, list[str]]:
    """Return the choice as far as it can be had here, and one sentence for each thing that cannot."""
    notes = []
    hears, mend = hearing_available()
    if choice.hearing != "none" and not hears:
        notes.append(f"The mirror answers speech: {mend}")
        choice = Choice("none", "mirror", choice.chat_url)
    speaks, mend = speaking_available()
    if not speaks:
        notes.append(f"Replies are written, not spoken: {mend}")
    if note := Scorer().note:
        notes.append(note)
    return choice, notes


class EngineRoom:
    """The engines of one server process: a voice that all sessions share, ears for each.

    Parameters
    ----------
    choice : Choice
    in_place : ModelledCost, optional
        Call the engines here, at this modelled cost in virtual time; otherwise they run in worker processes.
    """

    def __init__(self, choice: Choice, *, in_place: ModelledCost | None = None) -> None:
        self.choice = choice
        self.notes = what_works(choice)[1]
        _mind(choice, None)  # a chat URL that cannot be meant is told now, not to the first client
        self._in_place = in_place
        self._speaking: SpeakingHandle | None = None
        if speaking_available()[0]:
            self._speaking = HostedSpeaker() if in_place is None else _speaker_here(in_place)

    def warm(self) -> None:
        """Start the shared voice before it is needed; needs a running event loop."""
        if isinstance(self._speaking, HostedSpeaker):
            self._speaking.warm()

    def engines(self, hearing: str | None = None, reply: str | None = None, *, model: str | None = None) -> Engines:
        """Return the engines of one connection, which may choose other ears or another mind than the server's.

        Parameters
        ----------
        hearing, reply : str, optional
            As in `Choice`.
        model : str, optional
            The model that the client asked for; a chat endpoint is asked for the same.

        Raises
        ------
        ConfigError
            There is no such hearing or reply.
        """
        choice = Choice(hearing or self.choice.hearing, reply or self.choice.reply, self.choice.chat_url)
        choice, notes = what_works(choice)
        mind = _mind(choice, reply, model)
        return Engines(
            open_scorer=Scorer,
            reply=mind,
            open_hearing=None if choice.hearing == "none" else self._ears(choice.hearing),
            speaking=self._speaking,
            about={
                "hearing": choice.hearing,
                "reply": mind.name,
                "reply_is_a_model": mind.is_model,
                "speech_scores": Scorer().name,
                "usage": "estimated: audio by the published rules, text as one token for four characters",
                "modelled_cost": None if self._in_place is None else asdict(self._in_place),
                # What both the ears' language model and the script of the guide know: a client may show it as cards.
                "try_saying": list(sayings()) if choice.hearing == "guide" and isinstance(mind, Guide) else [],
                "notes": notes,
            },
        )

    async def close(self) -> None:
        """Let the shared voice go; each connection closes its own ears."""
        if self._speaking is not None:
            await self._speaking.close()

    def _ears(self, hearing: str) -> Callable[[], Awaitable[HearingHandle]]:
        scenario = Scenario("guide", Guide().scenario) if hearing == "guide" else None
        cost = self._in_place

        async def open_ears() -> HearingHandle:
            if cost is not None:
                return _ears_here(scenario, cost)
            ears = HostedRecogniser(scenario)
            ears.warm()  # the model loads while the user has not spoken yet
            return ears

        return open_ears


def _mind(choice: Choice, asked: str | None, model: str | None = None) -> ReplyEngine:
    if choice.chat_url and asked is None:
        # A client of the embedded server names a model too; voicelab's own names mean nothing to a chat endpoint.
        named = None if model is None or model.startswith(OWN_MODELS) else model
        return Chat(choice.chat_url, named, api_key=os.environ.get(CHAT_KEY_VARIABLE))
    return Mirror() if choice.reply == "mirror" else Guide()


def _speaker_here(cost: ModelledCost) -> SpeakingHandle:
    from voicelab.engines.espeak import Espeak

    return InPlaceSpeaker(Espeak(), cost)


def _ears_here(scenario: Scenario | None, cost: ModelledCost) -> HearingHandle:
    from voicelab.engines.sphinx import Sphinx

    return InPlaceRecogniser(Sphinx(scenario), cost)
