"""Promises of `voicelab.widgets.workshop`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import voicelab as vl
from voicelab.widgets.workshop import reset


@pytest.mark.realtime
def test_a_reset_closes_whatever_is_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Lab, sessions, then servers; the runs are whole, and a second reset finds nothing."""
    monkeypatch.setenv("VOICELAB_HEADLESS", "1")
    lab = vl.Lab()
    server = vl.LocalServer(hearing="none", reply="mirror")
    session = vl.connect(server=server, out=tmp_path / "run").open()
    names: dict[str, Any] = {"lab": lab, "session": session, "again": session, "server": server, "n": 3}
    reset(names)
    assert capsys.readouterr().out == (
        "Closed: the Lab, session run, embedded server. The microphone is free; "
        "run the cell that you want to begin with.\n"
    )
    assert vl.open_run(tmp_path / "run").manifest.state == "complete"
    assert not server.running
    reset(names)
    assert capsys.readouterr().out.startswith("Nothing was open")


def test_outside_a_notebook_there_is_nothing_to_close(capsys: pytest.CaptureFixture[str]) -> None:
    """And it says so."""
    reset()
    assert capsys.readouterr().out.startswith("Nothing was open")
