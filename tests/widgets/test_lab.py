"""The Lab in the real JupyterLab: a recorded voice as the microphone, real hands on the knobs, busy cells, restarts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.widgets.browser import axe, until
from tests.widgets.jupyterlab import JupyterLab, Notebook
from voicelab.errors import ConfigError
from voicelab.experiments.clips import spoken_lines
from voicelab.widgets.lab import Lab

LINES = spoken_lines()
OPEN = "import voicelab as vl\nlab = vl.Lab(source='browser')\nlab.desk.choose_reply('guide').result()\nlab"
pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A voice that says something, waits, and cuts in: as a microphone of 48 kHz hears it, over and over."""
    rest = np.zeros(24_000, np.int16)
    said = [rest, LINES["read"].clip.samples, *[rest] * 3, LINES["sum"].clip.samples, *[rest] * 4]
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    samples = soxr.resample(np.concatenate(said).astype(np.float32) / 32_768, 24_000, 48_000)
    soundfile.write(path, samples, 48_000, subtype="PCM_16")
    return path


def opened(lab: JupyterLab, microphone: Path | None = None, cells: list[str] | None = None) -> Notebook:
    """Return a notebook in which the Lab is shown."""
    notebook = lab.open(cells or [OPEN], microphone=microphone)
    notebook.run_all()
    notebook.page.wait_for_selector(".voicelab-talk")
    return notebook


def told(notebook: Notebook, expression: str) -> object:
    """Return the value of an expression in the kernel."""
    return json.loads(notebook.kernel(f"import json; print(json.dumps({expression}))"))


def test_a_voice_holds_a_conversation_and_cuts_in(lab: JupyterLab, voice: Path) -> None:
    """Talk, speak, be answered, interrupt: the truncation is what was played, and the run is whole."""
    notebook = opened(lab, voice)
    notebook.page.get_by_role("button", name="Talk", exact=True).click()
    notebook.page.wait_for_selector(".voicelab-talk[data-live=true]")
    until(lambda: bool(told(notebook, "any(t.interrupted for t in lab.run.turn_list())")), "an interruption")
    assert told(notebook, "lab.session.listening") == "browser"
    notebook.page.get_by_role("button", name="Stop", exact=True).click()
    until(lambda: told(notebook, "lab.desk.standing.state") == "over", "the end")
    cut = told(
        notebook,
        "[[r.event['audio_end_ms'], [s.event['heard_ms'] for s in lab.run.records() if s.type =="
        " 'voicelab.playback.stopped' and s.event['item_id'] == r.event['item_id']]]"
        " for r in lab.run.records() if r.type == 'conversation.item.truncate']",
    )
    assert isinstance(cut, list)
    assert cut
    for end_ms, heard in cut:
        assert [int(ms) for ms in heard] == [end_ms]
    assert told(notebook, "lab.run.manifest.state") == "complete"
    assert told(
        notebook, "[r.event['sink'] for r in lab.run.records() if r.type == 'voicelab.playback.started'][0]"
    ) == ("browser")


def test_the_threshold_slider_changes_the_session_also_in_a_busy_cell(lab: JupyterLab) -> None:
    """By keyboard, while a cell sleeps and while one computes: in force before the cell ends."""
    cells = [
        "import voicelab as vl, time\nlab = vl.Lab()\nlab.talk()\nlab",
        "time.sleep(6); print('slept', lab.session.in_force['audio']['input']['turn_detection']['threshold'])",
        "end = time.monotonic() + 6\nwhile time.monotonic() < end: pass\n"
        "print('counted', lab.session.in_force['audio']['input']['turn_detection']['threshold'])",
    ]
    notebook = lab.open(cells)
    notebook.run(0)
    notebook.page.wait_for_selector(".voicelab-talk[data-live=true]")
    handle = notebook.page.locator(".voicelab-lab .noUi-handle").first
    for cell, word in ((1, "slept"), (2, "counted")):
        before = told(notebook, "lab.session.in_force['audio']['input']['turn_detection']['threshold']")
        notebook.run(cell)
        handle.press("ArrowRight")
        notebook.wait_idle()
        until(lambda cell=cell, word=word: word in notebook.output(cell), "the cell's output")
        assert float(notebook.output(cell).split()[-1]) > float(str(before))


def test_running_the_cell_again_leaves_nothing_behind(lab: JupyterLab, voice: Path) -> None:
    """One Lab, one pump, one session thread, one server; the first Lab says that it is closed, its run is whole."""
    notebook = opened(lab, voice)
    notebook.page.get_by_role("button", name="Talk", exact=True).click()
    until(lambda: bool(told(notebook, "lab.desk.standing.listening")), "the microphone")
    notebook.kernel("first = lab")
    threads = told(notebook, "sorted(t.name for t in __import__('threading').enumerate() if 'voicelab' in t.name)")
    for _ in range(3):
        notebook.run_all()
    assert told(notebook, "first.run.manifest.state") == "complete"
    assert told(notebook, "first.desk.standing.state") == "over"
    now = told(notebook, "sorted(t.name for t in __import__('threading').enumerate() if 'voicelab' in t.name)")
    assert isinstance(now, list)
    assert isinstance(threads, list)
    assert set(now) <= set(threads)
    assert now.count("voicelab-pump") == 1


def test_a_kernel_restart_leaves_a_whole_run(lab: JupyterLab) -> None:
    """Restarted in the middle of a session: all lines can be read, the manifest says how it ended."""
    notebook = opened(lab, None, ["import voicelab as vl\nlab = vl.Lab()\nlab.talk('runs/cut-short')\nlab"])
    lines = int(str(told(notebook, "len(lab.run.records())")))
    notebook.restart()
    state = notebook.kernel(
        "import voicelab as vl; run = vl.open_run('runs/cut-short'); print(run.manifest.state, run.bad_lines, "
        "len(run.records()))"
    ).split()
    assert state[0] in ("complete", "running")  # Jupyter may not leave it the time for a goodbye
    assert int(state[1]) <= 1
    assert int(state[2]) >= lines - 60


def test_the_lab_is_seen_before_anything_is_connected_and_axe_finds_nothing_serious(lab: JupyterLab) -> None:
    """Knobs, scope, transcript, and words that say what to press."""
    notebook = opened(lab)
    page = notebook.page
    assert "Press Talk" in page.locator(".voicelab-note").inner_text()
    page.wait_for_selector(".voicelab-lab canvas")
    page.wait_for_selector(".voicelab-lab .noUi-handle")
    assert axe(page, ".voicelab-lab") == []


def test_a_wish_that_is_no_knob_is_told() -> None:
    """With the names of those that are; a wrong value with its path."""
    with pytest.raises(ConfigError, match="no knob called tempo; it has detection, threshold"):
        Lab(tempo=3)
    with pytest.raises(ConfigError, match="threshold"):
        Lab(threshold=3.0)


def test_by_code_the_lab_does_what_its_buttons_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Talk, play, ask, turn a knob, stop: for notebooks that nobody clicks through."""
    monkeypatch.setenv("VOICELAB_HEADLESS", "1")
    lab = Lab(silence_ms=400)
    with pytest.raises(ConfigError, match="talk"):
        _ = lab.session
    lab.talk(tmp_path / "run")
    assert lab.play(LINES["hello"].clip).transcript == "hello"
    assert "eighty-four" in lab.ask("What is 12 * 7?").reply
    lab.wish(threshold=0.8)
    run = lab.stop()
    assert run.manifest.state == "complete"
    assert run.manifest.in_force["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 400
    assert run.manifest.in_force["audio"]["input"]["turn_detection"]["threshold"] == 0.8
    lab.close()
