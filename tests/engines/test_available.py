"""The promises of the two questions of `voicelab doctor`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from voicelab.engines.available import hearing_available, speaking_available
from voicelab.engines.child import child_environment

QUESTIONS = [(hearing_available, "pip install pocketsphinx"), (speaking_available, "pip install espeakng-loader")]


@pytest.mark.parametrize(("question", "mend"), QUESTIONS)
def test_what_is_installed_works(question: Callable[[], tuple[bool, str]], mend: str) -> None:
    """And the line says what it is, in place of a remedy."""
    works, line = question()
    assert works
    assert "is installed" in line
    assert mend not in line


@pytest.mark.parametrize(("question", "mend"), QUESTIONS)
def test_what_is_missing_comes_with_the_line_that_mends_it(
    question: Callable[[], tuple[bool, str]], mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, to be copied."""
    monkeypatch.setattr("voicelab.engines.available.find_spec", lambda name: None)
    works, line = question()
    assert not works
    assert mend in line
    assert "\n" not in line


def test_asking_loads_no_native_package() -> None:
    """The questions are cheap, and safe where a package is broken."""
    script = (
        "import sys\n"
        "from voicelab.engines.available import hearing_available, speaking_available\n"
        "hearing_available(), speaking_available()\n"
        "assert not {'pocketsphinx', 'espeakng_loader'} & set(sys.modules), 'loaded'\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=child_environment())
