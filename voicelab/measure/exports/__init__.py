"""Runs in the formats of other tools: tables, traces, labels beside the sound, each with a dictionary.

Read in this order: ``export`` (`export_runs`, the door), ``tables`` (the tables of one run or of many) with ``jsonl``,
``csv`` and ``parquet``; ``lanes`` (what happened when, side by side) with ``perfetto``, ``audacity`` and ``textgrid``;
``otlp`` with ``otlp_mapping`` (which attribute comes from where); ``dictionary`` (what every name in an export means).
Nothing here measures anything: what is exported is what the tables say.
"""

from __future__ import annotations

from voicelab.measure.exports.export import FORMATS, export_runs

__all__ = ["FORMATS", "export_runs"]
