"""Pictures of a run: figures for notebooks, a sentence and a table for the terminal, one HTML file to keep.

Read in this order: ``wording`` (facts in words), ``headline`` (a run in one sentence, its turns as a table),
``provenance`` (whose numbers), ``theme`` (colours, one template, the foot of a figure). Figures of one run:
``probability`` and ``waveform`` (both sides on one clock), ``timeline`` (who did what, in lanes), ``latency`` (where
each turn's time went), ``ledger`` (what became of the sound), ``cost`` with ``cost_lines`` (tokens and money),
``history`` (sent once, billed every turn), ``other_models``, ``bill`` (a calculator), ``both_ends`` (a client's run and
the server's trace laid over each other). Of many turns and runs: ``spread`` with ``distribution`` (of latency) and
``comparison`` (side by side). Then the report: ``sound``, ``markup``, ``report_tables``, ``report_metrics``,
``outliers``, ``index``, ``report`` with its ``report.css`` and ``report.js``.

The figures are here by name: ``voicelab.plots.waveform(run)``. Plotly is imported when one is made.
"""

from __future__ import annotations

from voicelab.plots.bill import bill, what_if
from voicelab.plots.both_ends import both_ends
from voicelab.plots.comparison import comparison
from voicelab.plots.cost import cost
from voicelab.plots.distribution import latency_distribution
from voicelab.plots.history import history
from voicelab.plots.latency import latency
from voicelab.plots.ledger import ledger
from voicelab.plots.other_models import other_models
from voicelab.plots.timeline import timeline
from voicelab.plots.waveform import waveform

__all__ = [
    "bill",
    "both_ends",
    "comparison",
    "cost",
    "history",
    "latency",
    "latency_distribution",
    "ledger",
    "other_models",
    "timeline",
    "waveform",
    "what_if",
]
