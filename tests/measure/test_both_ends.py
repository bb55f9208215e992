"""Promises of `voicelab.measure.both_ends`: one session, two logs, one time line."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.errors import RunError
from voicelab.measure.both_ends import lay_over
from voicelab.measure.run import Run
from voicelab.runlog.manifest import Manifest
from voicelab.runlog.record import Direction, Record
from voicelab.runlog.writer import RunWriter, prepare_folder

Seen = tuple[str, Direction, float]  # event id, direction, ms


def run_of(folder: Path, side: Literal["client", "server"], *seen: Seen) -> Run:
    """Write a run in which these events were seen."""
    manifest = Manifest(side=side, state="complete")
    writer = RunWriter(prepare_folder(folder), manifest)
    for seq, (event_id, direction, at_ms) in enumerate(seen):
        kind = "response.cancel" if event_id.startswith("c") else "response.done"
        event = {"event_id": event_id}
        record = Record(seq=seq, t_ns=round(at_ms * 1e6), wall="", dir=direction, type=kind, event=event)
        writer.record(record)
    writer.finish(manifest)
    return Run(folder)


def two_runs(folder: Path) -> tuple[Run, Run]:
    """Return a session whose server's clock began 1,000 ms before the client's; the quickest way takes 2 ms."""
    client = run_of(
        folder / "client",
        "client",
        ("c1", "send", 100.0),
        ("c2", "send", 200.0),
        ("s1", "recv", 310.0),
        ("s2", "recv", 402.0),
        ("c3", "send", 500.0),  # never arrived
    )
    server = run_of(
        folder / "server",
        "server",
        ("c1", "recv", 1102.0),
        ("c2", "recv", 1205.0),
        ("s1", "send", 1300.0),
        ("s2", "send", 1400.0),
    )
    return client, server


def test_each_event_lies_on_the_client_s_time_line(tmp_path: Path) -> None:
    """The quickest event each way gives the offset; every other delay is measured against it."""
    laid = lay_over(*two_runs(tmp_path))
    assert laid.offset_ms == pytest.approx(-1000)
    assert laid.uncertainty_ms == pytest.approx(2)
    seen = [(c.event_id, c.direction, c.client_ms, round(c.delay_ms, 6)) for c in laid.crossings]
    assert seen == [
        ("c1", "up", 100, 2),
        ("c2", "up", 200, 5),
        ("s1", "down", 310, 10),
        ("s2", "down", 402, 2),
    ]
    assert [round(c.server_ms, 6) for c in laid.crossings] == [102, 205, 300, 400]


def test_the_table_has_one_row_an_event(tmp_path: Path) -> None:
    """With the fields of a crossing as columns."""
    table = lay_over(*two_runs(tmp_path)).table()
    assert table.columns == ["event_id", "type", "direction", "client_ms", "server_ms", "delay_ms"]
    assert table["type"].to_list() == ["response.cancel"] * 2 + ["response.done"] * 2


@given(st.floats(-1e6, 1e6), st.floats(0, 50), st.floats(0, 50))
def test_the_offset_is_right_to_within_the_uncertainty(offset_ms: float, up_ms: float, down_ms: float) -> None:
    """However the clocks stand, and however unlike the two ways are."""
    with TemporaryDirectory() as folder:
        client = run_of(Path(folder) / "c", "client", ("c1", "send", 2e6), ("s1", "recv", 2e6 + 100 + down_ms))
        server = run_of(
            Path(folder) / "s",
            "server",
            ("c1", "recv", 2e6 + up_ms - offset_ms),
            ("s1", "send", 2e6 + 100 - offset_ms),
        )
        laid = lay_over(client, server)
    assert abs(laid.offset_ms - offset_ms) <= laid.uncertainty_ms + 1e-3
    assert sum(c.delay_ms for c in laid.crossings) == pytest.approx(up_ms + down_ms, abs=1e-3)


def test_runs_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    """The error says which is whose."""
    client, server = two_runs(tmp_path)
    with pytest.raises(RunError, match="in this order"):
        lay_over(server, client)


def test_runs_of_different_sessions_are_refused(tmp_path: Path) -> None:
    """Without a common event each way there is nothing to lay over."""
    client, _ = two_runs(tmp_path)
    other = run_of(tmp_path / "other", "server", ("c9", "recv", 1.0), ("s1", "send", 2.0))
    with pytest.raises(RunError, match="not of one session"):
        lay_over(client, other)
