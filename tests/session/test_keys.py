"""No key and no token in anything that a run leaves behind: files, tables, reports, reprs, errors, warnings."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus
from urllib.request import Request, urlopen

import pytest

import voicelab as vl
from voicelab.cli import main
from voicelab.errors import ServerError, VoicelabError
from voicelab.experiments.clips import spoken_lines
from voicelab.protocol.client_events import ItemCreate, ItemDelete
from voicelab.protocol.items import FunctionCall, FunctionCallOutput
from voicelab.session.keys import known_keys

HELLO = spoken_lines()["hello"]
OPENAI = "sk-proj-Zx81-not_a_real_key_0123456789"
# Azure's have no shape that could be told from other words.
AZURE = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"


@pytest.fixture(scope="module")
def server() -> Iterator[vl.LocalServer]:
    """An embedded server over a real socket."""
    with vl.LocalServer(hearing="guide") as server:
        yield server


@pytest.fixture
def keys(server: vl.LocalServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys in the environment, of which the session uses the last."""
    monkeypatch.setenv("OPENAI_API_KEY", OPENAI)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", AZURE)
    monkeypatch.setenv("VOICELAB_API_KEY", server.api_key)
    return [OPENAI, AZURE, server.api_key]


def forms(key: str) -> set[bytes]:
    """Return the ways in which a key may stand in a file."""
    texts = {key, quote(key, safe=""), quote_plus(key), json.dumps(key)[1:-1]}
    whole = {base64.b64encode(key.encode()), base64.urlsafe_b64encode(key.encode())}
    # In the middle of other bytes base64 has one of three looks; its ends depend on the neighbours.
    within = {base64.b64encode(b"\0" * n + key.encode())[4:-4] for n in range(3)}
    return {text.encode() for text in texts} | whole | within


def assert_nowhere(keys: list[str], *shown: str, folders: tuple[Path, ...] = ()) -> None:
    """Look into every byte of every file, and into every text."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert not folders or files
    everything = {str(path): path.read_bytes() + path.name.encode() for path in files}
    everything |= {f"text {n}": text.encode() for n, text in enumerate(shown)}
    for place, data in everything.items():
        found = [key[:4] for key in keys for form in forms(key) if form in data]
        assert not found, f"{place} holds the key that begins with {found}"


def test_the_keys_of_a_session_are_its_own_and_those_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once; a word that stands where a key has to be is no key, unless the session uses it."""
    monkeypatch.setenv("OPENAI_API_KEY", f" {OPENAI}\n")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", AZURE)
    monkeypatch.setenv("VOICELAB_API_KEY", "none")
    assert known_keys() == (OPENAI, AZURE)
    assert known_keys(["mine", "", OPENAI]) == ("mine", OPENAI, AZURE)
    for variable in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "VOICELAB_API_KEY"):
        monkeypatch.delenv(variable)
    assert known_keys() == ()


@pytest.mark.realtime
def test_no_key_of_the_environment_is_in_a_run(server: vl.LocalServer, keys: list[str], tmp_path: Path) -> None:
    """Said wherever a person can say it: settings, tools, what they return, texts, labels, marks, tags, the note."""
    said = " ".join(["the keys are", *keys, *(quote(key, safe="") for key in keys)])

    def look_up(city: str) -> str:
        """Find the weather."""
        return "sunny"

    look_up.__doc__ = said
    opener = vl.connect(
        f"{server.url}?comment={quote(said)}",
        modality="text",
        instructions=said,
        tools=[look_up],
        tags={"condition": said},
        note=said,
        out=tmp_path / "run",
    )
    with opener as session:
        session.play(HELLO.clip, {**HELLO.labels, "remark": said})
        session.ask(said)
        session.mark(said)
        session.update(instructions=f"{said} {said}")
        with pytest.raises(ServerError, match=r"\[hidden\]") as refused:
            session.request(ItemDelete(item_id=keys[-1]))
        session.request(
            ItemCreate(item=FunctionCall(call_id="call_1", name="look_up", arguments=json.dumps({"a": said})))
        )
        session.request(ItemCreate(item=FunctionCallOutput(call_id="call_1", output=said)))
        session.reconnect(voice="ash")
        live = [repr(session), repr(vars(session)), repr(opener), repr(session.log), str(session.log.events())]
    run = vl.open_run(tmp_path / "run")
    assert {record.epoch for record in run.records()} == {0, 1}
    assert any("[hidden]" in str(record.event) for record in run.records() if record.dir == "recv")
    tables = [str(run.table(name).to_dicts()) for name in ("events", "turns", "responses", "items", "tools")]
    assert main(["report", str(tmp_path / "run"), "--out", str(tmp_path / "report.html")]) == 0
    assert_nowhere(keys, *live, *tables, repr(run), repr(run.manifest), str(refused.value), folders=(tmp_path,))


@pytest.mark.parametrize("auth", ["bearer", "api-key", "query", "subprotocol"])
def test_no_key_is_in_the_way_it_was_shown(
    server: vl.LocalServer, keys: list[str], auth: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """However it goes to the server, accepted or refused: the run, the error, what is printed, the server's own log."""
    with vl.connect(server.url, auth=auth, modality="text", out=tmp_path / "good") as session:  # type: ignore[arg-type]
        session.ask("What is 2 + 3?")
    wrong = "wrong-but-secret-0123456789"
    with pytest.raises(VoicelabError) as refused:
        vl.connect(server.url, auth=auth, api_key=wrong, out=tmp_path / "bad").open()  # type: ignore[arg-type]
    printed = capfd.readouterr()
    texts = [str(refused.value), repr(refused.value), printed.out, printed.err, server.log()]
    assert_nowhere([*keys, wrong], *texts, folders=(tmp_path,))


def test_no_client_secret_is_in_a_run(server: vl.LocalServer, keys: list[str], tmp_path: Path) -> None:
    """A token ``ek_...`` that was made with the key opens a session, and is not written down either."""
    url = f"{server.url.replace('ws://', 'http://', 1)}/client_secrets"
    headers = {"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json"}
    with urlopen(Request(url, data=b"{}", headers=headers)) as answer:
        token = json.load(answer)["value"]
    assert token.startswith("ek_")
    with vl.connect(server.url, api_key=token, modality="text", instructions=token, out=tmp_path / "run") as session:
        session.mark(f"made with {token}")
        session.ask(f"Is {token} a good key?")
        shown = [repr(session), str(session.log.events())]
    assert_nowhere([*keys, token], *shown, folders=(tmp_path,))


def test_no_key_is_in_what_a_session_without_a_server_says(
    keys: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens, or nobody can be meant: one line, and no key in it; warnings included."""
    texts = []
    for target in (f"ws://127.0.0.1:1/v1/realtime?api-key={OPENAI}", f"http://x/?api-key={OPENAI}", f"ws://{OPENAI}@x"):
        with warnings.catch_warnings(record=True) as warned, pytest.raises(VoicelabError) as caught:
            vl.connect(target, out=tmp_path / "run").open()
        texts += [str(caught.value), repr(caught.value), *(str(one.message) for one in warned)]
    printed = capfd.readouterr()
    assert_nowhere(keys, *texts, printed.out, printed.err, folders=(tmp_path,))


@pytest.mark.realtime
def test_no_key_is_in_the_servers_own_log_of_a_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trace is a run too: what the client says of keys is hidden in it as well."""
    with vl.LocalServer(hearing="none", trace=tmp_path / "traces") as server:
        monkeypatch.setenv("VOICELAB_API_KEY", server.api_key)
        said = f"the keys are {server.api_key} and {OPENAI}"
        with vl.connect(server.url, modality="text", instructions=said, out=tmp_path / "run") as session:
            session.ask(said)
    assert_nowhere([server.api_key, OPENAI], folders=(tmp_path,))
