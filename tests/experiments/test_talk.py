"""``voicelab talk`` under a budget: it stops before the limit, and says so in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import voicelab
from voicelab.audio.clip import write_wav
from voicelab.experiments.clips import spoken_lines
from voicelab.measure.run import open_run


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A recording."""
    path = tmp_path / "hello.wav"
    write_wav(path, spoken_lines()["hello"].clip.samples)
    return path


@pytest.mark.realtime
def test_it_stops_at_the_clip_whose_answer_would_pass_the_limit(hello: Path, tmp_path: Path) -> None:
    """One line says what the limit is and at which clip it stopped; what was said before is in the folder."""
    clips = [hello, hello, hello]
    done = voicelab("talk", *clips, "--budget", "0.01", "--out", "a", folder=tmp_path)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert "The budget of $0.01 refuses an answer to the clip" in line
    assert "of 3; see --budget" in line
    assert "voicelab report a" in line
    run = open_run(tmp_path / "a")
    assert run.manifest.state == "failed"
    turns = run.turn_list()
    assert 1 <= len(turns) < 3
    assert all(turn.reply for turn in turns)
    assert sum(turn.cost_usd or 0 for turn in turns) <= 0.01


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--budget", "0"), "amount in US dollars"),
        (("--budget", "1", "--to", "ws://127.0.0.1:1/v1/realtime?model=unheard-of"), "prices of 'unheard-of'"),
        (("--prices", "none.json"), "none.json"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_told_before_anything_is_opened(
    arguments: tuple[str, ...], part: str, hello: Path, tmp_path: Path
) -> None:
    """No amount of money, no known price, no file of prices: one line, and no folder."""
    done = voicelab("talk", hello, "--out", "a", *arguments, folder=tmp_path)
    assert done.returncode == 1
    assert part in done.stderr.splitlines()[-1]
    assert not (tmp_path / "a").exists()


def test_own_prices_let_a_budget_be_kept_with_any_model(hello: Path, tmp_path: Path) -> None:
    """The price is no reason to refuse any more; that nobody is there is told then."""
    (tmp_path / "mine.json").write_text('{"unheard-of": {"same_as": "gpt-realtime"}}')
    to = ("--to", "ws://127.0.0.1:1/v1/realtime?model=unheard-of")
    done = voicelab("talk", hello, "--out", "a", "--budget", "1", "--prices", "mine.json", *to, folder=tmp_path)
    assert "is the server running" in done.stderr
    assert open_run(tmp_path / "a").manifest.prices["overrides"] == {"unheard-of": {"same_as": "gpt-realtime"}}
