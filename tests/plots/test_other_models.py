"""What the same run would have cost elsewhere."""

from __future__ import annotations

import pytest

from voicelab.measure.run import Run, open_run
from voicelab.plots.other_models import other_models

from .conftest import USAGE_USD, Stage


def test_other_models_are_sorted_by_what_they_would_charge(run: Run) -> None:
    """The launch is the dearest; the run's own model carries its sum and is marked."""
    made = other_models(run)
    bars = {model: usd for trace in made.data for model, usd in zip(trace.y, trace.x, strict=True)}
    assert bars["gpt-realtime (this run's prices)"] == pytest.approx(4 * USAGE_USD)
    order = list(made.layout.yaxis.categoryarray)
    assert order[0] == "gpt-4o-realtime-preview-2024-10-01"
    assert [bars[model] for model in order] == sorted(bars.values(), reverse=True)
    # 4 * (20 * 5 + 20 * 2.5 + 10 * 20 + 50 * 100 + 10 * 20 + 40 * 200)
    assert bars["gpt-4o-realtime-preview-2024-10-01"] == pytest.approx(4 * 13_550e-6)
    assert {trace.name for trace in made.data} == {"same tokens", "same time"}
    assert not any("$" in text for trace in made.data for text in trace.hovertext)
    assert "the same counts" in made.layout.xaxis.title.text


def test_a_model_without_a_price_is_written_as_unpriced(run: Run) -> None:
    """It has a row, a word and no bar."""
    made = other_models(run, models=["somebodys-model", "gpt-realtime"])
    (trace,) = [trace for trace in made.data if "somebodys-model" in trace.y]
    k = list(trace.y).index("somebodys-model")
    assert (trace.text[k], trace.x[k]) == ("unpriced", 0)


def test_other_models_use_the_users_prices(run: Run) -> None:
    """A price of your own for a model of your own."""
    own = open_run(run.folder, prices={"mine": {"same_as": "gpt-realtime", "text": {"in": 8}}})
    made = other_models(own, models=["mine"])
    bars = {model: usd for trace in made.data for model, usd in zip(trace.y, trace.x, strict=True)}
    assert bars["mine"] == pytest.approx(4 * (USAGE_USD + 20 * 4 / 1e6))


def test_other_models_of_a_run_without_usage_say_so(stage: Stage) -> None:
    """Instead of a row of zeros."""
    assert "nothing to compare" in other_models(stage().run()).layout.annotations[0].text
