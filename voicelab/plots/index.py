"""What stands in front of many runs in a report: outliers first, then the comparison, then the list of runs.

In: runs.  Out: HTML; figures to be placed.
Does not know: the page around it, how a run's own section looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from voicelab.measure.ledger import added
from voicelab.measure.run import Run
from voicelab.plots.headline import median_replies
from voicelab.plots.markup import Html, joined, table, table_row, tag
from voicelab.plots.outliers import Finding
from voicelab.plots.wording import count, heard_words, money, price_phrase, said_words

#: More groups than these are a list and no comparison.
MOST_GROUPS = 12


def grouping(runs: Sequence[Run]) -> tuple[bool, str | None]:
    """Return whether the runs can be compared in a figure, and by which tag; None: each for itself.

    The tag is ``condition`` where it tells runs apart, else the first one that does and makes no more than
    `MOST_GROUPS` groups.
    """
    tags = list(dict.fromkeys(name for run in runs for name in run.manifest.tags))
    for name in sorted(tags, key=lambda name: name != "condition"):
        values = {run.manifest.tags.get(name) for run in runs}
        if 2 <= len(values) <= min(MOST_GROUPS, len(runs) - 1):
            return True, name
    return len(runs) <= MOST_GROUPS, None


def summary(runs: Sequence[Run]) -> str:
    """Return all runs in one sentence; no median in it, since one over two conditions is of neither."""
    turns = [turn for run in runs for turn in run.turn_list()]
    n_cut = sum(turn.interrupted for turn in turns)
    parts = [count(len(runs), "run"), count(len(turns), "turn")]
    parts += [f"{count(n_cut, 'reply', 'replies')} cut off"] if n_cut else []
    phrases = {price_phrase(run.manifest.prices) for run in runs}
    costs = [turn.cost_usd for turn in turns]
    known = [cost for cost in costs if cost is not None]
    if known and len(phrases) == 1:
        missing = f", without {count(len(costs) - len(known), 'turn')} of unknown cost" if None in costs else ""
        parts.append(f"about {money(sum(known))} {phrases.pop()}{missing}")
    return "; ".join(parts)


def outliers_part(found: Sequence[Finding], runs: Sequence[Run]) -> Html:
    """Return one table a finding; each of its turns is a link that plays it and jumps to it."""
    if not found:
        return tag("p", "No turn stands out: there is none with a measured reply, a cost or a waste.")
    return joined(_finding(finding, runs) for finding in found)


def _finding(finding: Finding, runs: Sequence[Run]) -> Html:
    rows = (
        (
            tag(
                "a",
                f"{runs[one.place - 1].folder.name}, turn {one.turn.turn}",
                href=f"#run-{one.place}-turn-{one.turn.turn}",
                class_="jump",
            ),
            one.value.replace(" ", "\u00a0"),
            heard_words(one.turn),
            said_words(one.turn),
        )
        for one in finding.outliers
    )
    title = f"{finding.title[:1].upper()}{finding.title[1:]}"
    caption = f"{finding.rule[:1].upper()}{finding.rule[1:]}"
    listed = table(("turn", "value", "heard", "said"), rows, caption, numbers=(1,))
    return tag("div", tag("h3", title), listed, class_="outliers")


def runs_part(runs: Sequence[Run]) -> Html:
    """Return the runs as a table, each a link to its section."""
    tags = list(dict.fromkeys(name for run in runs for name in run.manifest.tags))
    heads = ("run", *tags, "turns", "median reply", "replies cut off", "cost", "state", "note")
    numbers = range(1 + len(tags), 1 + len(tags) + 4)
    rows = (table_row(_cells(place, run, tags), numbers) for place, run in enumerate(runs, 1))
    return table(heads, rows, "The runs of this report", numbers)


def _cells(place: int, run: Run, tags: Sequence[str]) -> tuple[object, ...]:
    turns, manifest = run.turn_list(), run.manifest
    replies = [f"{ms:,.0f} ms, n={n} ({known})" for known, (ms, n) in median_replies(turns).items()]
    cost = added([turn.cost_usd for turn in turns])
    return (
        tag("a", run.folder.name, href=f"#run-{place}"),
        *(manifest.tags.get(name, "") for name in tags),
        len(turns),
        "; ".join(replies),
        sum(turn.interrupted for turn in turns),
        "unknown" if cost is None else money(cost),
        manifest.state,
        manifest.note,
    )


def left_out_part(left_out: Iterable[tuple[Path, str]]) -> Html | None:
    """Return which folders could not be read, and why."""
    lines = [tag("li", why) for _, why in left_out]
    return tag("div", tag("p", "Left out:"), tag("ul", *lines), class_="source") if lines else None
