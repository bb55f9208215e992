"""Targets: where a name such as ``openai`` leads, which key it takes, and what is to be known before audio goes there.

In: a target's name or a full ``ws(s)://`` URL.  Out: address, headers, the key to hide.
Does not know: how a connection is opened. Keys come from the environment or an argument and live in memory only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from voicelab.errors import ConfigError

OPENAI_URL = "wss://api.openai.com/v1/realtime"
OPENAI_MODEL = "gpt-realtime"
LOCAL_MODEL = "voicelab-guide"


@dataclass(frozen=True)
class Target:
    """Where a session goes.

    Parameters
    ----------
    provider : str
        ``local``, ``openai``, or the host of a URL.
    url : str
        With its query; no key in it.
    model : str
    key : str
        Never shown: not in the repr, not in a log.
    """

    provider: str
    url: str
    model: str
    key: str = field(default="", repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the WebSocket upgrade."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def hosted_target(name: str, model: str | None, api_key: str | None) -> Target:
    """Find a target that is not the embedded server of this process.

    Raises
    ------
    ConfigError
        An unknown name, or a key that is missing: says where to put it.
    """
    if name == "openai":
        key = api_key or os.environ.get("OPENAI_API_KEY", "")
        if not key:
            raise ConfigError("target 'openai' needs a key: set OPENAI_API_KEY, or pass api_key=", param="api_key")
        model = model or OPENAI_MODEL
        return Target("openai", f"{OPENAI_URL}?{urlencode({'model': model})}", model, key)
    if urlsplit(name).scheme in ("ws", "wss"):
        return _url_target(name, model, api_key)
    raise ConfigError(f"no target is called {name!r}: use local, openai, or a full ws:// or wss:// URL", param="target")


def _url_target(url: str, model: str | None, api_key: str | None) -> Target:
    # The OpenAI key goes to OpenAI only; any other server has to be given its own.
    key = api_key or os.environ.get("VOICELAB_API_KEY", "")
    parts = urlsplit(url)
    if model and "model=" not in parts.query:
        url = f"{url}{'&' if parts.query else '?'}{urlencode({'model': model})}"
    return Target(parts.hostname or "server", url, model or LOCAL_MODEL, key)
