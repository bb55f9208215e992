"""The catalogue of words: every part is there, and another language needs only another folder."""

from __future__ import annotations

from importlib import resources

import pytest

from voicelab.widgets import words as room
from voicelab.widgets.words import LANGUAGE_VARIABLE, words

PARTS = sorted(file.name.removesuffix(".json") for file in resources.files(room).joinpath("en").iterdir())


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_words(part: str) -> None:
    """Keys and texts, none of them empty."""
    assert all(key and text for key, text in words(part).items())


def test_another_language_is_a_folder_and_what_it_lacks_stays_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A folder with one word: that word is taken, the others are those of the full catalogue."""
    package = tmp_path_factory.mktemp("catalogue")
    for language, text in (("en", '{"talk": "Talk", "stop": "Stop"}'), ("fr", '{"talk": "Parler"}')):
        (package / language).mkdir()
        (package / language / "bar.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr(room.resources, "files", lambda _package: package)
    monkeypatch.setenv(LANGUAGE_VARIABLE, "fr")
    words.cache_clear()
    try:
        assert dict(words("bar")) == {"talk": "Parler", "stop": "Stop"}
    finally:
        words.cache_clear()
