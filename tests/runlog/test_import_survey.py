"""Promises of `voicelab.runlog.import_survey`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runlog.foreign import conversation, plain, unmute, write
from voicelab.errors import RunError
from voicelab.runlog.import_survey import lines_of, survey_of


def test_a_survey_tells_what_holds_for_the_whole_file(tmp_path: Path) -> None:
    """How many events, by which clock, in which dialect."""
    survey = survey_of(write(tmp_path / "log.jsonl", conversation(), unmute))
    assert survey.n_events == len(conversation())
    assert survey.rule is not None
    assert survey.rule.field == "timestamp_wall"
    assert survey.began_ns == 1_795_176_000_000_000_000
    assert (survey.beta, survey.server_tells_session, survey.words_flipped, survey.bad_lines) == (
        False,
        True,
        False,
        [],
    )
    assert survey_of(write(tmp_path / "plain.jsonl", conversation(), plain)).rule is None


def test_sound_of_either_side_and_dialect_is_a_ruler(tmp_path: Path) -> None:
    """Times are read by the longer of the two sides."""
    only_replies = [one for one in conversation() if one[2]["type"] == "response.output_audio.delta"] * 20
    old = [(at_ms, who, {**body, "type": "response.audio.delta"}) for at_ms, who, body in only_replies]
    for n, told in enumerate((only_replies, old)):
        lines = [{"t": k * 0.07, "event": body} for k, (_, _, body) in enumerate(told)]
        source = tmp_path / f"{n}.jsonl"
        source.write_text("".join(json.dumps(line) + "\n" for line in lines))
        rule = survey_of(source).rule
        assert rule is not None
        assert "seconds (the unit in which the file lasts about as long as its audio)" in rule.why


def test_words_are_flipped_where_most_contradict_their_types(tmp_path: Path) -> None:
    """One slip does not turn the others round."""
    told = conversation(10)
    slips = {1}
    for share, expected in ((slips, False), (set(range(12)), True)):
        lines = [
            {"dir": {"send": "recv", "recv": "send"}[who] if n in share else who, "event": body}
            for n, (_, who, body) in enumerate(told)
        ]
        source = tmp_path / f"{expected}.jsonl"
        source.write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert survey_of(source).words_flipped is expected


def test_lines_are_numbered_as_an_editor_shows_them(tmp_path: Path) -> None:
    """From 1, empty ones counted and passed over."""
    (tmp_path / "log.jsonl").write_text('\n{"type": "error"}\n\nno\n')
    assert [(number, line is None) for number, line in lines_of(tmp_path / "log.jsonl")] == [(2, False), (4, True)]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Said in one line."""
    with pytest.raises(RunError, match="cannot be read"):
        survey_of(tmp_path)
