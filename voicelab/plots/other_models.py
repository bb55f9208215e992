"""What the same run would have cost elsewhere: one bar a model, the prices of the launch among them.

In: a `Run`.  Out: a plotly figure.
Does not know: prices, or how they are applied (``measure.unit_costs``). What has no price is written as unpriced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from voicelab.measure.run import Run
from voicelab.measure.unit_costs import COMPARED_MODELS, Elsewhere, on_other_models
from voicelab.plots import theme
from voicelab.plots.provenance import figure_source
from voicelab.plots.wording import money

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW = 34


def other_models(run: Run, *, models: Sequence[str] = COMPARED_MODELS, dark: bool = False) -> Figure:
    """Draw what the same run would have cost on other models, among them at the prices of the launch.

    Parameters
    ----------
    run : Run
    models : sequence of str
        By default OpenAI's generations, and two that are billed by time.
    dark : bool
        Light letters on a dark ground.

    Returns
    -------
    plotly Figure
        Traces ``same tokens`` and ``same time``; a model without a price has a label and no bar.
    """
    responses = [response for response in run.facts().responses.values() if response.done_ns is not None]
    if not any(response.usage for response in responses):
        return theme.empty("No response has reported its tokens yet, so there is nothing to compare", dark=dark)
    own = run.manifest.prices.get("model")
    named = dict.fromkeys([*models, *([own] if own else [])])
    found = on_other_models(responses, session_ms=run.duration_ms, models=list(named), overrides=run.prices)
    found.sort(key=lambda elsewhere: (elsewhere.usd is None, elsewhere.usd or 0.0))
    made = theme.figure(130 + _ROW * len(found), dark)
    made.add_traces(
        [
            _elsewhere("same tokens", [one for one in found if one.basis == "tokens"], theme.SKY, "", own),
            _elsewhere("same time", [one for one in found if one.basis == "time"], theme.ORANGE, "/", own),
        ]
    )
    made.update_layout(
        xaxis={
            "title": {
                "text": "US dollars, without transcription<br>same tokens: the same counts, the same ones cached; "
                "another model would say other things"
            },
            "rangemode": "tozero",
            "tickformat": "$,.4~f",
        },
        yaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": [_model(one, own) for one in reversed(found)],
            "showgrid": False,
            "fixedrange": True,
        },
    )
    return theme.foot(made, figure_source(run))


def _model(elsewhere: Elsewhere, own: str | None) -> str:
    return f"{elsewhere.model} (this run's prices)" if elsewhere.model == own else elsewhere.model


def _to_compare(usd: float) -> str:
    # Two models that differ by a tenth of a cent must not look alike.
    return f"${usd:,.4f}" if usd < 1 else money(usd)


def _elsewhere(name: str, found: Sequence[Elsewhere], colour: str, shape: str, own: str | None) -> dict[str, Any]:
    dated = [f"as of {one.price.date}; {one.price.source}" if one.price else "no price is known" for one in found]
    told = ["unpriced" if one.usd is None else _to_compare(one.usd) for one in found]
    hovers = [theme.hover(f"{one.model}: {usd}", how) for one, usd, how in zip(found, told, dated, strict=True)]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": [0 if one.usd is None else one.usd for one in found],
        "y": [_model(one, own) for one in found],
        "text": told,
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": hovers,
        "hoverinfo": "text",
        "marker": {"color": colour, "line": {"width": 0}, "pattern": theme.pattern(shape)},
    }
