"""Pictures of a run: figures for notebooks, a sentence and a table for the terminal, one HTML file to keep.

Read in this order: ``wording`` (facts in words), ``headline`` (a run in one sentence, its turns as a table),
``theme`` (colours and one template), ``probability`` and ``waveform`` (both sides on one clock), ``timeline`` (who did
what, in lanes), ``latency`` (where each turn's time went), ``cost`` (tokens and money), ``both_ends`` (a client's run
and the server's trace laid over each other); then the report: ``sound``,
``provenance``, ``markup``, ``report_tables``, ``report`` with its ``report.css`` and ``report.js``.

The five figures are here by name: ``voicelab.plots.waveform(run)``. Plotly is imported when one is made.
"""

from __future__ import annotations

from voicelab.plots.both_ends import both_ends
from voicelab.plots.cost import cost
from voicelab.plots.latency import latency
from voicelab.plots.timeline import timeline
from voicelab.plots.waveform import waveform

__all__ = ["both_ends", "cost", "latency", "timeline", "waveform"]
