"""Replies from any OpenAI-compatible chat endpoint: Ollama, vLLM, a llama.cpp server, a hosted service.

In: a `ReplyRequest` and the endpoint's URL. Out: whole sentences as they are streamed, so that speech
starts with the first, then function calls. Does not know: audio, or which model answers.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
import msgspec

from voicelab.engines.chat_wire import StreamReader, body, error_words
from voicelab.engines.reply import ReplyPart, ReplyRequest, Say
from voicelab.engines.sentences import SentenceCutter
from voicelab.errors import ConfigError, EngineError

_PATH = "/chat/completions"
_HINTS = {
    401: "the API key was not accepted; check it",
    403: "the API key may not use this; check it",
    404: "nothing answers there; check the URL (it usually ends in /v1) and the model's name",
    429: "too many requests; wait and try again",
}


class Chat:
    """A reply engine behind a URL (`ReplyEngine`).

    Parameters
    ----------
    url : str
        Base URL such as ``http://127.0.0.1:8000/v1``, with or without ``/chat/completions``.
    model : str, optional
        Name of the model; None lets the endpoint choose.
    api_key : str, optional
        Sent as a bearer token, to this URL only; never shown.
    timeout_s : float
        Longest wait for the connection and between two chunks.

    Raises
    ------
    ConfigError
        The URL is not an HTTP URL.
    """

    name = "chat"
    is_model = True
    scenario: tuple[str, ...] = ()

    def __init__(
        self, url: str, model: str | None = None, *, api_key: str | None = None, timeout_s: float = 30.0
    ) -> None:
        base = url.strip().rstrip("/").removesuffix(_PATH)
        try:
            parsed = httpx.URL(base)
        except httpx.InvalidURL as error:
            raise ConfigError(f"chat URL {url!r} cannot be read: {error}", param="chat_url") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ConfigError(f"chat URL {url!r} must begin with http:// or https://", param="chat_url")
        self.url = base + _PATH
        self.model = model
        self.timeout_s = timeout_s
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}

    def __repr__(self) -> str:
        return f"Chat({self._place!r}, model={self.model!r})"

    @property
    def _place(self) -> str:
        """The URL without user, password and query, which may be secret."""
        return str(httpx.URL(self.url).copy_with(userinfo=b"", query=None))

    async def reply(self, request: ReplyRequest) -> AsyncGenerator[ReplyPart]:
        """Stream one answer: each sentence as soon as it is whole, function calls at the end.

        Raises
        ------
        EngineError
            No connection, a refusal, a time-out, or an answer that is not a chat stream.
        """
        cutter, reader = SentenceCutter(), StreamReader()
        try:
            # Closed at once when the listener interrupts: the endpoint should not write on for nobody.
            async with aclosing(self._lines(request)) as lines:
                async for line in lines:
                    for sentence in cutter.feed(reader.feed(line)):
                        yield Say(sentence)
        except httpx.TimeoutException as error:
            raise EngineError(f"the chat endpoint {self._place} was silent for {self.timeout_s:g} s") from error
        except httpx.ConnectError as error:
            raise EngineError(f"no chat endpoint answers at {self._place}; start it or check the URL") from error
        except httpx.HTTPError as error:
            raise EngineError(f"the connection to {self._place} broke: {type(error).__name__}; try again") from error
        if not reader.is_done:
            raise EngineError(f"the chat endpoint {self._place} ended its stream early; the answer is incomplete")
        if rest := cutter.rest():
            yield Say(rest)
        for call in reader.calls():
            yield call

    async def _lines(self, request: ReplyRequest) -> AsyncGenerator[str]:
        # A client per reply: it costs about a millisecond, and nothing stays open between replies.
        async with (
            httpx.AsyncClient(timeout=self.timeout_s, headers=self._headers) as client,
            client.stream("POST", self.url, json=body(request, self.model)) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise EngineError(self._refusal(response.status_code, await response.aread()))
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                raise EngineError(f"{self._place} answered, but not with a chat stream; is it OpenAI-compatible?")
            async for line in response.aiter_lines():
                yield line

    def _refusal(self, status: int, content: bytes) -> str:
        hint = _HINTS.get(status, "see the endpoint's own log")
        if status in (401, 403):  # such a body may repeat the key
            return f"the chat endpoint {self._place} answered {status}: {hint}"
        try:
            words = error_words(msgspec.json.decode(content))
        except msgspec.DecodeError:
            words = error_words(content.decode(errors="replace"))
        return f"the chat endpoint {self._place} answered {status}: {hint} ({words})"
