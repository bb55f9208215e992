"""Where a run's numbers come from."""

from __future__ import annotations

from voicelab.measure.columns import METRIC_VERSION
from voicelab.measure.run import Run
from voicelab.plots.provenance import facts_of, figure_source, session_in_force, settings, source_line

from .conftest import Stage


def test_rules_are_never_called_a_model(run: Run) -> None:
    """The embedded server says what it is, and that its dictation is poor."""
    assert source_line(run) == (
        "Source: the embedded server; answered by guide, which is rules, not a model; words from a free dictation "
        "that is poor and English only; speech scores silero-v6."
    )


def test_a_hosted_service_is_named_with_its_model(stage: Stage) -> None:
    """Provider and model, nothing about an embedded server."""
    hosted = stage(provider="openai", model="gpt-realtime", voicelab_server=None).run()
    assert source_line(hosted) == "Source: openai, model gpt-realtime."


def test_a_figures_source_names_runs_whose_numbers_and_which_definitions(run: Run, stage: Stage) -> None:
    """One line: rules are no model, nothing was billed, and numbers of two versions can be told apart."""
    assert figure_source(run) == (
        f"Run story; embedded server (rules, not a model; nothing billed); metric version {METRIC_VERSION}"
    )
    prices = {"model": "gpt-realtime", "billed": True}
    hosted = stage("hosted", provider="openai", model="gpt-realtime", voicelab_server=None, prices=prices).run()
    assert figure_source(hosted).startswith("Run hosted; openai, gpt-realtime; metric version ")


def test_a_figure_over_runs_names_all_sources_and_mixed_time(run: Run, stage: Stage) -> None:
    """Nothing of another kind hides among many."""
    virtual = [stage(f"v{k}", time="virtual").run() for k in range(3)]
    assert "; virtual time; " in figure_source(virtual)
    assert figure_source(virtual).startswith("Runs v0, v1 and v2; embedded server")
    hosted = stage("h", provider="openai", model="m", voicelab_server=None, prices={}).run()
    told = figure_source([*virtual, run, hosted])
    assert told.startswith("5 runs, v0 to h; embedded server (rules, not a model; nothing billed); openai, m; partly")


def test_a_killed_run_still_knows_who_answered(stage: Stage) -> None:
    """Where the manifest was never completed, the last session event says it."""
    story = stage(state="running", voicelab_server=None, in_force={})
    about = {"hearing": "guide", "reply": "mirror", "reply_is_a_model": False, "speech_scores": "energy"}
    story.record("recv", "session.created", 0, session={"voice": "marin", "voicelab": about})
    run = story.run()
    assert "answered by mirror" in source_line(run)
    assert session_in_force(run)["voice"] == "marin"


def test_settings_that_differ_from_what_was_asked_are_marked(run: Run) -> None:
    """300 ms were asked, 500 are in force; the threshold is as asked."""
    found = {setting.path.rpartition(".")[2]: setting for setting in settings(run)}
    assert found["silence_duration_ms"].differs
    assert (found["silence_duration_ms"].asked, found["silence_duration_ms"].in_force) == ("300", "500")
    assert not found["threshold"].differs


def test_prices_come_with_source_date_and_whether_they_were_billed(run: Run) -> None:
    """A cost can be checked by who was not there."""
    prices = dict(facts_of(run))["prices"]
    assert "source: " in prices
    assert "as of " in prices
    assert "nothing was billed" in prices


def test_lines_that_were_set_aside_are_counted(stage: Stage) -> None:
    """A damaged log says so."""
    story = stage()
    story.record("local", "voicelab.mark", 0, text="x")
    run_folder = story.run().folder
    with (run_folder / "events.jsonl").open("ab") as file:
        file.write(b'{"seq": 1, "t_\n')
    assert dict(facts_of(Run(run_folder)))["records"] == "1; 0 lost; 1 damaged line set aside"
