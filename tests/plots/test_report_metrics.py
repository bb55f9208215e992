"""The metrics as a table of the report."""

from __future__ import annotations

from voicelab.measure.columns import METRIC_VERSION
from voicelab.measure.metric import METRICS, base_of
from voicelab.measure.run import Run
from voicelab.plots.report_metrics import metrics_table

from .test_report import Page


def rows_of(run: Run) -> list[list[str]]:
    body = metrics_table(run).split("<tbody>")[1].split("</tbody>")[0]
    return [[cell.rpartition(">")[2] for cell in line.split("</td>")[:-1]] for line in body.split("</tr>")[:-1]]


def test_each_value_comes_with_its_definition_basis_interval_and_n(run: Run) -> None:
    """Labelled and estimated are rows apart, and no number is over both."""
    rows = [row for row in rows_of(run) if row[0] == "voice to voice"]
    assert [(row[2], row[3], row[5]) for row in rows] == [
        ("labelled", "512\u00a0ms", "1"),
        ("estimated", "544\u00a0ms", "1"),
    ]
    assert all(row[1] == METRICS["voice_to_voice"].text for row in rows)


def test_no_metric_is_missing_in_silence(run: Run) -> None:
    """Each is in the table, or named below it."""
    page = Page(metrics_table(run))
    named = {row[0] for row in rows_of(run)} | {text.partition(",")[0] for text in page.text_in("li")}
    assert {base_of(row.metric).replace("_", " ") for row in run.metric_list()} == named


def test_the_version_of_the_definitions_is_told(run: Run) -> None:
    """Numbers of two versions are not compared unmarked."""
    assert f"version {METRIC_VERSION} of the definitions" in metrics_table(run)


def test_a_spread_is_one_row() -> None:
    """Median, 95th percentile and greatest are told together; a name that only looks so stays."""
    assert [base_of(name) for name in ("voice_to_voice_p95", "talk_ratio", "generation_speed_up_least")] == [
        "voice_to_voice",
        "talk_ratio",
        "generation_speed_up_least",
    ]
