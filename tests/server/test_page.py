"""The server's page tells what the code does: every refusal, every option that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import voicelab.server
from voicelab.cli import main
from voicelab.server.capabilities import REFUSED_PATHS

PAGE = (Path(voicelab.server.__file__).parent / "README.md").read_text("utf-8")


def test_every_refused_field_is_on_the_page() -> None:
    """What `split_update` takes out is in the table, by its path or the end of it."""
    for path in REFUSED_PATHS:
        assert path in PAGE or f"`{path.rpartition('.')[2]}`" in PAGE, path


def test_every_option_on_the_page_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """``voicelab serve`` knows each option that the page shows."""
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    known = capsys.readouterr().out
    options = set(re.findall(r"serve (--[a-z-]+)", PAGE))
    assert options
    assert all(option in known for option in options)
