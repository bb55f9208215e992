// The server's memory on the page: a table, one row an item.
// In: `items` (oldest first), `about` (counts), `words`. Out: nothing. Does not know: events.
// What was deleted or truncated is shown as such for a moment before it is gone, so that it can be seen to go.

const GONE_FOR_MS = 4000;

const seconds = (ms) => (ms / 1000).toFixed(1);

function whatOf(item, words) {
  const cell = node("td");
  const noWords = words[`no_words_${item.role}`] ?? words.no_words;
  if (item.text) cell.append(node("span", "voicelab-memory-text", item.text));
  else if (item.heard_ms === null) cell.append(node("span", "voicelab-memory-aside", noWords));
  if (item.status === "in_progress") cell.append(node("span", "voicelab-memory-aside", words.in_progress));
  if (item.heard_ms !== null) {
    const note = fill(words.truncated, { s: seconds(item.heard_ms) });
    cell.append(node("span", "voicelab-memory-aside", note));
  }
  return cell;
}

function soundOf(item, words) {
  if (item.kept_ms === null) return words.no_sound;
  const s = seconds(item.kept_ms);
  const isPart = item.audio_ms !== null && item.audio_ms - item.kept_ms >= 1;
  return isPart ? fill(words.part_sound, { s, all: seconds(item.audio_ms) }) : fill(words.all_sound, { s });
}

function rowOf(item, words) {
  const row = node("tr", `voicelab-memory-${item.role ?? "function"}`);
  row.dataset.id = item.item_id;
  if (item.heard_ms !== null) row.dataset.truncated = "";
  const who = node("th", "", item.kind === "message" ? words[item.role] : words[item.kind]);
  who.scope = "row";
  const sound = node("td", "voicelab-number", soundOf(item, words));
  const tokens = node("td", "voicelab-number", item.tokens.toLocaleString("en"));
  // Where the table is too narrow for its head, each number says itself what it is.
  sound.dataset.label = words.head_sound;
  tokens.dataset.label = words.head_tokens;
  row.append(who, whatOf(item, words), sound, tokens);
  return row;
}

class Memory {
  constructor(model, el) {
    this.model = model;
    this.words = model.get("words");
    this.items = [];
    this.timers = new Set();
    this.build(el);
    this.draw = () => this.show(true);
    model.on("change:items", this.draw);
    model.on("change:about", this.draw);
    this.show(false);
  }

  build(el) {
    this.root = node("section", "voicelab-memory");
    this.root.setAttribute("aria-label", this.words.title);
    this.empty = node("p", "", this.words.empty);
    this.earlier = node("p", "voicelab-memory-aside");
    const scroller = node("div", "voicelab-memory-scroll");
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", this.words.title);
    this.table = node("table");
    this.table.append(this.head(), (this.body = node("tbody")));
    scroller.append(this.empty, this.earlier, this.table);
    this.total = node("p");
    this.note = node("p", "voicelab-memory-aside");
    this.root.append(scroller, this.total, this.note);
    el.append(this.root);
    this.end = new AtEnd(scroller, this.table);
  }

  head() {
    const head = node("thead");
    const row = node("tr");
    for (const name of ["head_who", "head_what", "head_sound", "head_tokens"]) {
      const cell = node("th", "", this.words[name]);
      cell.scope = "col";
      row.append(cell);
    }
    head.append(row);
    return head;
  }

  show(isChange) {
    const items = this.model.get("items");
    const about = this.model.get("about");
    this.tell(about);
    // Two traits change together; the second call finds nothing new.
    if (items === this.items) return;
    this.update(items, isChange && about.epoch === this.epoch);
    this.items = items;
    this.epoch = about.epoch;
    if (isChange) this.end.keep();
    else this.end.go();
  }

  tell(about) {
    const words = this.words;
    this.empty.hidden = about.n > 0;
    this.table.hidden = this.total.hidden = about.n === 0;
    this.earlier.hidden = about.n_earlier === 0;
    this.earlier.textContent = fill(words.earlier, { n: about.n_earlier });
    const tokens = about.tokens.toLocaleString("en");
    this.total.textContent = fill(words.total, { n: about.n, tokens });
    const notes = [words.estimate];
    if (about.epoch > 0) notes.unshift(fill(words.epoch, { n: about.epoch + 1 }));
    if (about.n_unreadable > 0) notes.push(fill(words.unreadable, { n: about.n_unreadable }));
    this.note.textContent = notes.join(" ");
    this.note.hidden = about.n === 0;
  }

  update(items, showGoing) {
    const before = new Map(this.items.map((item) => [item.item_id, item]));
    const now = new Set(items.map((item) => item.item_id));
    const rows = new Map([...this.body.children].map((row) => [row.dataset.id, row]));
    for (const [id, row] of rows) if (!now.has(id)) showGoing ? this.going(row) : row.remove();
    let last = null;
    for (const item of items) {
      const old = rows.get(item.item_id);
      const row = JSON.stringify(before.get(item.item_id)) === JSON.stringify(item) && old ? old : rowOf(item, this.words);
      if (row !== old && old) old.replaceWith(row);
      else if (!old) this.insertBehind(last, row);
      if (showGoing && item.heard_ms !== null && before.get(item.item_id)?.heard_ms === null) this.mark(row);
      last = row;
    }
  }

  insertBehind(last, row) {
    if (last) last.after(row);
    else this.body.prepend(row);
  }

  going(row) {
    if (row.dataset.gone !== undefined) return;
    row.dataset.gone = "";
    row.cells[1].append(node("span", "voicelab-memory-aside", this.words.deleted));
    this.later(() => row.remove());
  }

  mark(row) {
    row.dataset.cut = "";
    this.later(() => delete row.dataset.cut);
  }

  later(action) {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, GONE_FOR_MS);
    this.timers.add(timer);
  }

  close() {
    this.timers.forEach(clearTimeout);
    this.end.close();
    this.model.off("change:items", this.draw);
    this.model.off("change:about", this.draw);
    this.root.remove();
  }
}

export default {
  render({ model, el }) {
    const view = new Memory(model, el);
    return () => view.close();
  },
};
