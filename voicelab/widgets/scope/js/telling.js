// The picture in words: the table, what a screen reader hears as it happens, and the canvas's own text.
// In: the page. Out: texts. Does not know: the picture.

class Telling {
  constructor(page) {
    this.page = page;
    this.due = true;
    this.atMs = 0;
    this.said = new Set();
    page.parts.details.addEventListener("toggle", () => this.tell());
  }

  say(text) {
    this.page.parts.status.textContent = text;
  }

  // What was said belongs to what was shown.
  beginAnew() {
    this.said.clear();
    this.page.parts.note.textContent = "";
  }

  tell() {
    const { parts, story } = this.page;
    this.due = false;
    const turns = story.of("turn");
    const replies = story.of("reply");
    const cutOf = new Map(replies.filter((row) => row.cut).map((row) => [row.turn, row]));
    const last = turns.at(-1);
    parts.canvas.setAttribute("aria-label", last ? this.turnWords(last) : this.page.say("table_none"));
    parts.noTurns.hidden = turns.length > 0;
    if (parts.details.open) parts.tableBody.replaceChildren(...turns.map((turn) => this.tableRow(turn, cutOf.get(turn.n))));
    if (this.page.mode === "live") this.tellNews([...turns, ...replies]);
  }

  tellNews(rows) {
    const news = [];
    for (const row of rows) {
      const done = row.kind === "turn" ? row.decided !== null : row.cut;
      if (!done || this.said.has(row.id)) continue;
      this.said.add(row.id);
      news.push(row.kind === "turn" ? this.turnWords(row) : this.page.say("say_cut", { seconds: inSeconds(row.unheard) }));
    }
    if (news.length) this.say(news.slice(-2).join(" "));
  }

  turnWords(turn) {
    if (turn.decided === null) return this.page.say("say_speaking", { n: turn.n });
    const wait = Math.max(0, Math.round(turn.decided - turn.to));
    return this.page.say("say_turn", { n: turn.n, at: inSeconds(turn.to), wait });
  }

  tableRow(turn, cut) {
    const { say } = this.page;
    const open = turn.decided === null;
    const cells = [
      turn.n,
      say("table_s", { n: inSeconds(turn.speech, 2) }),
      open ? say("table_now") : say("table_s", { n: inSeconds(turn.to, 2) }),
      open ? "" : say("table_ms", { n: Math.round(turn.decided - turn.to) }),
      open || turn.replied === null ? "" : say("table_ms", { n: Math.round(turn.replied - turn.to) }),
      cut ? say("table_cut_yes", { seconds: inSeconds(cut.unheard) }) : say("table_cut_no"),
    ];
    const row = make("tr", "");
    row.append(...cells.map((text) => make("td", "", { text })));
    return row;
  }

  // The turns that another threshold would have made, and by which rule, where it is not the session's own.
  foundWords({ settings, turns, missed }) {
    const count = (likeness) => turns.filter((turn) => turn.likeness === likeness).length;
    const words = this.page.say("say_what_if", {
      value: settings.threshold.toFixed(2),
      n: turns.length,
      cut: count("cut"),
      merged: count("merged"),
      new: count("new"),
      missed: missed.length,
    });
    return `${words} ${this.page.ruleWords}`.trim();
  }
}
