"""The tables of a report: turns with their ledger and sound, what was refused or failed, where the numbers come from.

In: a `Run`.  Out: HTML, everything escaped.
Does not know: the page around them, figures.
"""

from __future__ import annotations

from collections.abc import Collection

from voicelab.measure.run import Run
from voicelab.measure.turns import Turn
from voicelab.plots.markup import Html, joined, table, table_row, tag
from voicelab.plots.provenance import facts_of, settings
from voicelab.plots.sound import flac_address, mixed, turn_stretch_ms
from voicelab.plots.wording import ANCHOR_WORDS, heard_words, money, said_words, seconds

_TROUBLE = ("voicelab.session.failed", "voicelab.session.closed", "voicelab.session.no_goodbye")


def turns_table(run: Run, name: str, sounding: Collection[int] | None = None) -> Html:
    """Return one row a turn: words, sound, reply time, tokens, cost, and the ledger of its audio.

    Parameters
    ----------
    run : Run
    name : str
        Of the run within the page; begins the rows' ids.
    sounding : collection of int, optional
        The turns whose sound is in the page; all of them when it is not given.
    """
    billed = "billed" if run.manifest.prices.get("billed", True) else "would be billed"
    listen = "listen" if sounding is None else "listen (outliers)"
    heads = ("turn", "heard", "said", listen, "reply", "tokens in / out", "cost")
    ledger = ("generated", "delivered", "heard by listener", "remembered", billed)
    turns, facts = run.turn_list(), run.facts()
    numbers = range(4, len(heads) + len(ledger))
    rows = []
    for turn, found in zip(turns, facts.turns, strict=True):
        stretch_ms = turn_stretch_ms(turn, found)
        with_sound = sounding is None or turn.turn in sounding
        number = _number(turn, stretch_ms if sounding is None else None)
        player = _player(run, turn, stretch_ms) if with_sound else ""
        cells = (number, heard_words(turn), said_words(turn), player)
        rows.append(table_row((*cells, *_numbers(turn)), numbers, id=f"{name}-turn-{turn.turn}"))
    if not rows:
        return tag("p", "There is no turn in this run.")
    caption = "What was heard and said, and the ledger of the replies' audio"
    return tag("div", table((*heads, *ledger), rows, caption, numbers), class_="turns")


def _number(turn: Turn, stretch_ms: tuple[float, float] | None) -> Html:
    if stretch_ms is None:
        return tag("span", turn.turn)
    start_s = f"{stretch_ms[0] / 1000:.3f}"
    hint = f"Play the run from turn {turn.turn}"
    return tag("button", turn.turn, type="button", class_="seek", data_seconds=start_s, title=hint, aria_label=hint)


def _player(run: Run, turn: Turn, stretch_ms: tuple[float, float] | None) -> object:
    if stretch_ms is None:
        return "no sound"
    samples = mixed(run, *stretch_ms)
    if not len(samples):
        return "no sound"
    label = f"Sound of turn {turn.turn}"
    return tag("audio", controls=True, preload="none", src=flac_address(samples), aria_label=label)


def _numbers(turn: Turn) -> tuple[str, ...]:
    reply = "" if turn.voice_to_voice_ms is None else _unbroken(f"{turn.voice_to_voice_ms:,.0f} ms")
    if reply and turn.speech_end_from != "label":
        reply += f" ({ANCHOR_WORDS[turn.speech_end_from or 'detector']})"
    ledger_ms = (turn.generated_ms, turn.delivered_ms, turn.heard_ms, turn.remembered_ms)
    generated, delivered, heard, remembered = ("unknown" if ms is None else _unbroken(seconds(ms)) for ms in ledger_ms)
    return (
        reply,
        f"{turn.input_tokens:,} / {turn.output_tokens:,}",
        "unknown" if turn.cost_usd is None else money(turn.cost_usd),
        generated,
        delivered,
        heard + (" (cut off)" if turn.interrupted else ""),
        remembered,
        f"{turn.audio_tokens_out:,} tokens",
    )


def _unbroken(text: str) -> str:
    return text.replace(" ", "\u00a0")


def trouble_table(run: Run) -> Html:
    """Return what was refused and what failed, in the order in which it happened."""
    rows = [(t_ns, error.get("type", "error"), error) for t_ns, error in run.facts().errors]
    rows += [(r.t_ns, "connection", r.event) for r in run.records() if r.type in _TROUBLE]
    if not rows:
        return tag("p", "Nothing was refused and nothing failed.")
    cells = (
        (f"{t_ns / 1e9:.2f} s", kind, about.get("code") or "", about.get("param") or "", about.get("message") or "")
        for t_ns, kind, about in sorted(rows, key=lambda row: row[0])
    )
    return table(("at", "kind", "code", "setting", "message"), cells, "Requests that were refused, and errors")


def provenance_tables(run: Run) -> Html:
    """Return where the numbers come from: facts of the run, then settings asked and in force."""
    facts = table(("fact", "value"), facts_of(run), "What this run says of itself")
    rows = [
        table_row(
            (
                setting.path,
                "not asked" if setting.asked is None else setting.asked,
                "not shown by the server" if setting.in_force is None else setting.in_force,
                "differs" if setting.differs else "",
            ),
            class_="differs" if setting.differs else None,
        )
        for setting in settings(run)
    ]
    if not rows:
        return facts
    heads = ("setting", "asked", "in force at the end", "")
    return joined([facts, table(heads, rows, "Settings: asked, and in force at the end; differences are marked")])
