"""The error tree: every failure that voicelab explains to a person.

Out: one class for each kind of failure, each message one clear line that says what was wrong, where, and what to do.
Does not know: where an error is raised, or how it is shown (``cli`` prints the line, a notebook shows the class).

::

    VoicelabError
     +-- ConfigError            a setting that cannot be meant (the path of the setting is in ``param``)
     +-- AudioError             a clip or a stretch of audio that cannot be used
     +-- RunError               a run folder that cannot be written or read
     +-- EngineError            recogniser, synthesiser or reply engine failed or is not installed
     +-- BudgetError            the session's budget refused a response, before anything was sent for it
     +-- TransportError         the connection could not be opened, or was lost
     |    +-- AuthenticationError   the server did not accept the key
     |    +-- TransportClosed       the other side closed, or went away
     +-- ProtocolError
          +-- ServerError           the server answered with an ``error`` event
"""

from __future__ import annotations


class VoicelabError(Exception):
    """Base of every error that voicelab raises on purpose."""


class ConfigError(VoicelabError):
    """A setting that cannot be meant.

    Parameters
    ----------
    message : str
        What was wrong and what would be right.
    param : str, optional
        Path of the setting, such as ``session.audio.input.turn_detection.threshold``.
    code : str, optional
        The protocol's error code, such as ``invalid_value`` or ``unknown_parameter``.
    """

    def __init__(self, message: str, *, param: str | None = None, code: str = "invalid_value") -> None:
        super().__init__(message)
        self.param = param
        self.code = code


class AudioError(VoicelabError):
    """A clip or a stretch of audio that cannot be used."""


class RunError(VoicelabError):
    """A run folder that cannot be written or read."""


class EngineError(VoicelabError):
    """A recogniser, synthesiser or reply engine failed, or is not installed here."""


class BudgetError(VoicelabError):
    """The session's budget refused a response.

    Parameters
    ----------
    what : str
        What was refused, why, and what was kept: one sentence, which any front end can show.
    limit_usd, spent_usd : float
    projected_usd : float or None
        What the refused response was expected to cost; None where that cannot be known.

    Notes
    -----
    As text it also says how Python code goes on; ``what`` is the sentence without it.
    """

    def __init__(self, what: str, *, limit_usd: float, spent_usd: float, projected_usd: float | None) -> None:
        super().__init__(f"{what} session.raise_budget(limit_usd=...) lets the session go on.")
        self.what = what
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd
        self.projected_usd = projected_usd


class TransportError(VoicelabError):
    """The connection could not be opened, or was lost."""


class AuthenticationError(TransportError):
    """The server did not accept the key."""


class TransportClosed(TransportError):
    """The other side closed the connection, or went away.

    Parameters
    ----------
    message : str
        What is known of the reason.
    code : int
        The WebSocket close code; 1006 when there was none.
    """

    def __init__(self, message: str, *, code: int = 1006) -> None:
        super().__init__(message)
        self.code = code


class ProtocolError(VoicelabError):
    """A message that the Realtime protocol forbids."""


class ServerError(ProtocolError):
    """The server answered a request with an ``error`` event.

    Parameters
    ----------
    message : str
        The server's own words.
    code, param, event_id : str, optional
        As in the event's ``error`` object.
    """

    def __init__(
        self, message: str, *, code: str | None = None, param: str | None = None, event_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.param = param
        self.event_id = event_id
