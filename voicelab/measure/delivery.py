"""How the reply came and was played: pace, lateness, underruns, and the parts of a turn without an end of speech.

In: a `Scene`.  Out: metrics that are ``measured``: no beginning or end of the user's speech is in them.
Does not know: turn-taking.

By the project's metric definitions, section 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from voicelab.measure.facts import Facts, ItemFacts
from voicelab.measure.intervals import Estimate, count_per, ratio_of
from voicelab.measure.metric import Metric, metric, nothing, spread
from voicelab.measure.scene import Scene
from voicelab.measure.stretches import length_ms
from voicelab.runlog.record import TRACK_RATE_HZ

_PER_MS = TRACK_RATE_HZ / 1000


def delivery(scene: Scene) -> list[Metric]:
    """Return how the sound of the replies came and was played."""
    return [*_arrivals(scene.facts), *_playout(scene)]


def waiting(scene: Scene) -> list[Metric]:
    """Return the parts of the wait for a reply that need no end of speech, and those of a function call."""
    turns, tools = scene.turns, list(scene.facts.tools.values())
    replied = [turn for turn in turns if turn.status != "no response"]
    spoken = [turn for turn in replied if turn.kind == "spoken"]
    why = "no turn was answered with sound"
    rows = [
        *spread("time_to_first_audio", "measured", [turn.first_audio_ms for turn in replied], why=why),
        *spread("time_to_first_audible", "measured", [turn.from_stopped_ms for turn in spoken], why=why),
        *spread("request", "measured", [turn.request_ms for turn in spoken], why="no spoken turn was answered"),
        *spread("model", "measured", [turn.model_ms for turn in replied], why=why),
        *spread("playout", "measured", [turn.playout_ms for turn in replied], why=why),
        *spread("leading_silence", "measured", [turn.leading_silence_ms for turn in replied], why=why),
    ]
    answered = [_between(tool.called_ns, tool.answered_ns) for tool in tools]
    replies = [_between(tool.answered_ns, tool.next_audio_ns) for tool in tools]
    gaps = [_between(tool.called_ns, tool.next_audio_ns) for tool in tools]
    for name, values in (("tool_run", answered), ("tool_reply", replies), ("tool_gap", gaps)):
        rows += spread(name, "measured", values, why="no function was called" if not tools else "none was answered")
    return rows


def real_time_factor(server: Mapping[str, Any] | None) -> list[Metric]:
    """Return the real-time factor, which no log holds so far: it says why and gives no number.

    Parameters
    ----------
    server : mapping or None
        What the manifest says of the embedded server.
    """
    why = "the log has no processing times"
    modelled = (server or {}).get("modelled_cost")
    if modelled:
        told = ", ".join(f"{name} {value:g}" for name, value in sorted(modelled.items()))
        why += f"; the engines' work had a modelled cost in this run ({told}), which says nothing of this computer"
    elif server is None:
        why += ": a hosted service does not tell them"
    return nothing(["real_time_factor"], "measured", why)


def _arrivals(facts: Facts) -> list[Metric]:
    names = ("delivery_spread", "delivery_lag", "generation_speed_up", "generation_speed_up_least")
    items = {i.item_id: i for response in facts.responses.values() for i in response.items.values() if i.n_samples}
    arrivals = {item_id: facts.arrivals[item_id] for item_id in items if len(facts.arrivals.get(item_id, ())) > 1}
    n_single = len(items) - len(arrivals)
    if not arrivals:
        return nothing(names, "measured", "no reply came in more than one piece", n_single)
    lags = {item_id: [t_ns / 1e6 - before / _PER_MS for t_ns, before in came] for item_id, came in arrivals.items()}
    took_ms = [(came[-1][0] - came[0][0]) / 1e6 for came in arrivals.values()]
    audio_ms = [items[item_id].n_samples / _PER_MS for item_id in arrivals]
    quotients = [audio / took for audio, took in zip(audio_ms, took_ms, strict=True) if took > 0]
    least = Estimate(min(quotients, default=None), None, None, len(quotients), len(items) - len(quotients))
    spreads, late = [max(lag) - min(lag) for lag in lags.values()], [max(lag) - lag[0] for lag in lags.values()]
    note = "replies that came in one piece have none" if n_single else ""
    return [
        *spread("delivery_spread", "measured", spreads, note, n_missing=n_single),
        *spread("delivery_lag", "measured", late, note, n_missing=n_single),
        metric("generation_speed_up", "measured", ratio_of(audio_ms, took_ms, n_single), note),
        metric("generation_speed_up_least", "measured", least, note),
    ]


def _playout(scene: Scene) -> list[Metric]:
    names = ("underrun_rate", "starved_share")
    if not scene.facts.plays or not scene.said:
        return nothing(names, "measured", "nothing was played on this side")
    underruns: dict[str, int] = {}
    for _, item_id in scene.facts.underruns:
        underruns[item_id] = underruns.get(item_id, 0) + 1
    heard_ms = [said.heard_ms for said in scene.said]
    starved_ms = [_starved_ms(said.item) for said in scene.said]
    due_ms = [heard + starved for heard, starved in zip(heard_ms, starved_ms, strict=True)]
    counts = [float(underruns.get(said.item.item_id, 0)) for said in scene.said]
    return [
        metric(names[0], "measured", count_per(counts, [ms / 60_000 for ms in heard_ms])),
        metric(names[1], "measured", ratio_of(starved_ms, due_ms)),
    ]


def _starved_ms(item: ItemFacts) -> float:
    """Return the silence between the stretches of one item that were heard."""
    ordered = sorted((start, start + n) for start, n in item.heard_refs)
    return length_ms((a[1] / _PER_MS, b[0] / _PER_MS) for a, b in pairwise(ordered) if b[0] > a[1])


def _between(start_ns: int | None, end_ns: int | None) -> float | None:
    return None if start_ns is None or end_ns is None else (end_ns - start_ns) / 1e6
