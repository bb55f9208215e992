"""Targets: where a name such as ``openai`` leads, which key it takes, and how the key is shown at the door.

In: a target's name or a full ``ws(s)://`` URL.  Out: a `Target`: address, headers, subprotocols, the key to hide.
Does not know: how a connection is opened. Keys come from the environment or an argument and live in memory only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from voicelab.errors import ConfigError

OPENAI_MODEL = "gpt-realtime"
LOCAL_MODEL = "voicelab-guide"
OPENAI_HOST = "api.openai.com"

Auth: TypeAlias = Literal["bearer", "api-key", "query", "subprotocol"]
DialectName: TypeAlias = Literal["ga", "beta"]

_QUERY_KEY = "api-key"
# What a browser's WebSocket, which can set no header, offers instead.
_REALTIME, _KEY_PREFIX, _BETA = "realtime", "openai-insecure-api-key.", "openai-beta.realtime-v1"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]*")


@dataclass(frozen=True)
class Target:
    """Where a session goes.

    Parameters
    ----------
    provider : str
        The profile's name, or the host of a URL.
    url : str
        With its query; no key in it.
    model : str
    key : str
        Never shown: not in the repr, not in a log.
    auth : {"bearer", "api-key", "query", "subprotocol"}
        How the key is shown: ``Authorization: Bearer``, header ``api-key``, query ``api-key``, or the subprotocols of a
        browser.
    dialect : {"ga", "beta"}
    """

    provider: str
    url: str
    model: str
    key: str = field(default="", repr=False)
    auth: Auth = "bearer"
    dialect: DialectName = "ga"

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the WebSocket upgrade."""
        headers = {}
        if self.key and self.auth == "bearer":
            headers["Authorization"] = f"Bearer {self.key}"
        if self.key and self.auth == "api-key":
            headers["api-key"] = self.key
        if self.dialect == "beta" and self.auth != "subprotocol":
            headers["OpenAI-Beta"] = "realtime=v1"
        return headers

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """The subprotocols to offer: none unless the key goes there."""
        if self.auth != "subprotocol":
            return ()
        key = (f"{_KEY_PREFIX}{self.key}",) if self.key else ()
        return (_REALTIME, *key, *((_BETA,) if self.dialect == "beta" else ()))

    @property
    def connect_url(self) -> str:
        """The address to open: the only place where a key that goes into the query is seen."""
        return with_query(self.url, {_QUERY_KEY: self.key}) if self.key and self.auth == "query" else self.url


@dataclass(frozen=True)
class Profile:
    """A target that has a name.

    Parameters
    ----------
    about : str
        Half a sentence for a list.
    key_variable : str
        The environment variable that holds the key.
    find : callable
        ``(model) -> (url without model, model)``; raises `ConfigError` when something is missing.
    auth : str
        How the key is usually shown; see `Target`.
    """

    about: str
    key_variable: str
    find: Callable[[str | None], tuple[str, str]]
    auth: Auth = "bearer"


def _find_local(_model: str | None) -> tuple[str, str]:
    raise ConfigError(
        "target 'local' is the embedded server, which has no address of its own: connect('local') starts it; "
        "one that runs already is reached by its ws:// URL",
        param="target",
    )


def _find_openai(model: str | None) -> tuple[str, str]:
    return f"wss://{OPENAI_HOST}/v1/realtime", model or OPENAI_MODEL


def _find_azure(model: str | None) -> tuple[str, str]:
    """Build the address from the resource's; whatever path or ``api-version`` it was copied with is left out."""
    endpoint = os.environ.get("AZURE_OPENAI_ENDPOINT", "").strip()
    if not endpoint:
        raise ConfigError(
            "target 'azure' needs an address: set AZURE_OPENAI_ENDPOINT, such as https://RESOURCE.openai.azure.com",
            param="target",
        )
    if not model:
        raise ConfigError("target 'azure' needs model=, the name of your deployment", param="model")
    parts = _split(endpoint if "://" in endpoint else f"https://{endpoint}", "AZURE_OPENAI_ENDPOINT")
    scheme = "ws" if parts.scheme in ("http", "ws") else "wss"
    host = parts.netloc.rpartition("@")[2]
    return f"{scheme}://{host}/openai/v1/realtime", model


PROFILES: Mapping[str, Profile] = {
    "local": Profile("the embedded server", "", _find_local),
    "openai": Profile("OpenAI's hosted service", "OPENAI_API_KEY", _find_openai),
    "azure": Profile("a deployment at Azure OpenAI", "AZURE_OPENAI_API_KEY", _find_azure, auth="api-key"),
}


def hosted_target(
    name: str,
    model: str | None,
    api_key: str | None,
    *,
    auth: Auth | None = None,
    dialect: DialectName = "ga",
) -> Target:
    """Find a target that is not the embedded server of this process.

    Parameters
    ----------
    name : str
        A profile's name or a full ``ws(s)://`` URL, which may hold the key as ``api-key=`` in its query.
    model, api_key : str, optional
        The profile's own when absent.
    auth : {"bearer", "api-key", "query", "subprotocol"}, optional
        How the key is shown; the profile's way when absent.
    dialect : {"ga", "beta"}

    Raises
    ------
    ConfigError
        An unknown name (the error lists the profiles), or a key that is missing: says where to put it.
    """
    _check_choice("auth", auth or "bearer", get_args(Auth))
    _check_choice("dialect", dialect, get_args(DialectName))
    if name in PROFILES:
        target = _profile_target(name, model, api_key, auth, dialect)
    elif "://" in name and name.partition("://")[0].lower() in ("ws", "wss"):
        target = _url_target(name, model, api_key, auth, dialect)
    else:
        shown = name.partition("://")[0] + "://…" if "://" in name else name  # a URL may hold a key
        raise ConfigError(
            f"no target is called {shown!r}: use {', '.join(PROFILES)}, or a full ws:// or wss:// URL", param="target"
        )
    _check_key(target)
    return target


def _profile_target(
    name: str, model: str | None, api_key: str | None, auth: Auth | None, dialect: DialectName
) -> Target:
    profile = PROFILES[name]
    url, model = profile.find(model)
    key = api_key or os.environ.get(profile.key_variable, "")
    if not key:
        raise ConfigError(f"target {name!r} needs a key: set {profile.key_variable}, or pass api_key=", param="api_key")
    return Target(name, with_query(url, {"model": model}), model, key, auth or profile.auth, dialect)


def _url_target(url: str, model: str | None, api_key: str | None, auth: Auth | None, dialect: DialectName) -> Target:
    parts = _split(url, "the target's URL")
    if "@" in parts.netloc:
        raise ConfigError("the URL holds a user name or password: give the server's key as api_key=", param="target")
    query = parse_qsl(parts.query, keep_blank_values=True)
    in_url = dict(query)
    if in_url.get(_QUERY_KEY):
        if api_key and api_key != in_url[_QUERY_KEY]:
            raise ConfigError("the URL holds another key than api_key=: give one of them", param="api_key")
        api_key, auth = in_url[_QUERY_KEY], auth or "query"
        rest = urlencode([(key, value) for key, value in query if key != _QUERY_KEY])
        url = urlunsplit(parts._replace(query=rest))
    # OpenAI's key goes to OpenAI only, and not in the clear; any other server has to be given its own.
    theirs = parts.scheme == "wss" and parts.hostname == OPENAI_HOST
    key = api_key or os.environ.get("OPENAI_API_KEY" if theirs else "VOICELAB_API_KEY", "")
    named = in_url.get("model")
    if named and model and named != model:
        raise ConfigError(f"the URL names the model {named!r} and model= names {model!r}: give one", param="model")
    if model and not named:
        url = with_query(url, {"model": model})
    return Target(parts.hostname or "server", url, model or named or LOCAL_MODEL, key, auth or "bearer", dialect)


def _split(url: str, what: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - read only to learn whether it can be
    except ValueError:
        # urllib's own words would repeat the address, and with it what it holds of a key.
        raise ConfigError(f"{what} cannot be read: it must be like wss://host:port/path", param="target") from None
    return parts


def with_query(url: str, more: Mapping[str, str]) -> str:
    """Return an address with more in its query; what stands there already under the same name goes."""
    if not more:
        return url
    parts = urlsplit(url)
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in more]
    return urlunsplit(parts._replace(query=urlencode([*kept, *more.items()])))


def _check_choice(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"{what} must be one of {', '.join(allowed)}, not {value!r}", param=what)


def _check_key(target: Target) -> None:
    """Refuse a key that cannot be shown in the chosen way; the error does not repeat it."""
    if target.auth == "subprotocol" and not _TOKEN.fullmatch(target.key):
        raise ConfigError(
            "the key has a character that cannot stand in a subprotocol: choose another auth, or a key such as ek_…",
            param="auth",
        )
    if not target.key.isprintable():
        raise ConfigError(
            "the key has a line break or another character that cannot be sent: copy it again", param="api_key"
        )
