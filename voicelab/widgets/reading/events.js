// The event inspector on the page: a list of which only the visible part is drawn, filters, and one event's JSON.
// In: messages {type: "all" | "more", rows, n_records, found} and {type: "event", seq, json}; `words`, `most_kept`.
// Out: traits `folded` and `search`, messages {type: "all"} and {type: "open", seq}. Does not know: records.
// A row is [seq, t_ms, direction, type, n, short, last_ms]. Direction and type are filtered here; a search is made by
// the kernel, which has the JSON, and comes back as `found`: the numbers of the rows that match.

const SPARE_ROWS = 10;
const SEARCH_AFTER_MS = 250;
const SIGNS = { send: "→", recv: "←", local: "·" };

const number = (n) => n.toLocaleString("en");

// 65,823 ms is 1:05.823.
function clock(ms) {
  const minutes = Math.floor(ms / 60000);
  return `${minutes}:${((ms - minutes * 60000) / 1000).toFixed(3).padStart(6, "0")}`;
}

let nViews = 0;

class Events {
  constructor(model, el) {
    this.model = model;
    this.words = model.get("words");
    this.id = `voicelab-events-${++nViews}`;
    this.rows = new Map();
    this.visible = [];
    this.found = null;
    this.nRecords = 0;
    this.directions = new Set(["send", "recv", "local"]);
    this.hiddenTypes = new Set();
    this.typeBoxes = new Map();
    this.build(el);
    this.listen();
    this.show();
    model.send({ type: "all" });
  }

  // What stands on the page

  build(el) {
    this.root = node("section", "voicelab-events");
    this.root.setAttribute("aria-label", this.words.title);
    this.count = node("p", "voicelab-events-count");
    this.count.setAttribute("role", "status");
    const both = node("div", "voicelab-events-both");
    both.append(this.buildList(), this.buildPane());
    this.root.append(this.buildBar(), this.count, both);
    el.append(this.root);
  }

  buildBar() {
    const bar = node("div", "voicelab-events-bar");
    this.search = node("input");
    this.search.type = "search";
    this.search.value = this.model.get("search");
    this.search.placeholder = this.words.search_help;
    const search = node("label", "voicelab-events-search", `${this.words.search} `);
    search.append(this.search);
    const directions = node("fieldset");
    directions.append(node("legend", "voicelab-unseen", this.words.direction));
    for (const name of Object.keys(SIGNS)) directions.append(this.directionBox(name));
    this.fold = this.box(this.words.fold, this.model.get("folded"), (on) => this.save("folded", on));
    this.fold.title = this.words.fold_help;
    bar.append(search, directions, this.fold, this.buildTypes());
    return bar;
  }

  directionBox(name) {
    return this.box(`${SIGNS[name]} ${this.words[name]}`, true, (on) => {
      if (on) this.directions.add(name);
      else this.directions.delete(name);
      this.show();
    });
  }

  buildTypes() {
    this.types = node("details", "voicelab-events-types");
    this.typesTitle = node("summary", "", this.words.types);
    this.typesList = node("div", "voicelab-events-typelist");
    const all = this.button(this.words.all_types, () => this.chooseTypes(true));
    const none = this.button(this.words.no_types, () => this.chooseTypes(false));
    this.typesList.append(all, none);
    this.types.append(this.typesTitle, this.typesList);
    return this.types;
  }

  buildList() {
    const frame = node("div", "voicelab-events-frame");
    this.list = node("div", "voicelab-events-list");
    this.list.tabIndex = 0;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", this.words.list);
    this.space = node("div", "voicelab-events-space");
    this.space.setAttribute("role", "presentation");
    this.list.append(this.space);
    this.nothing = node("p", "voicelab-events-nothing");
    this.newest = this.button(`↓ ${this.words.newest}`, () => this.toTheEnd());
    this.newest.className = "voicelab-events-newest";
    frame.append(this.list, this.nothing, this.newest);
    this.end = new AtEnd(this.list, this.space, (following) => {
      this.newest.hidden = following || this.visible.length === 0;
    });
    return frame;
  }

  buildPane() {
    this.pane = node("div", "voicelab-events-pane");
    this.heading = node("p", "", this.words.choose);
    this.copy = this.button(this.words.copy, () => this.copyJson());
    this.copied = node("span");
    this.copied.setAttribute("role", "status");
    this.json = node("pre");
    this.json.tabIndex = 0;
    this.json.setAttribute("role", "region");
    this.json.setAttribute("aria-label", this.words.json);
    const bar = node("div", "voicelab-events-copy");
    bar.append(this.copy, this.copied);
    this.pane.append(this.heading, bar, this.json);
    this.copy.hidden = this.json.hidden = true;
    return this.pane;
  }

  box(text, on, changed) {
    const label = node("label");
    const input = node("input");
    input.type = "checkbox";
    input.checked = on;
    input.addEventListener("change", () => changed(input.checked));
    label.append(input, ` ${text}`);
    return label;
  }

  button(text, action) {
    const made = node("button", "", text);
    made.type = "button";
    made.addEventListener("click", action);
    return made;
  }

  // What comes in

  listen() {
    this.handlers = {
      "msg:custom": (message) => this.take(message),
      "change:folded": () => (this.fold.firstChild.checked = this.model.get("folded")),
    };
    for (const [name, handler] of Object.entries(this.handlers)) this.model.on(name, handler);
    this.list.addEventListener("scroll", () => this.scrolled());
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.click(event));
    this.search.addEventListener("input", () => this.searchSoon());
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.list);
  }

  close() {
    clearTimeout(this.searching);
    this.resized.disconnect();
    this.end.close();
    for (const [name, handler] of Object.entries(this.handlers)) this.model.off(name, handler);
    this.root.remove();
  }

  take(message) {
    if (message.type === "event") this.showJson(message);
    if (message.type !== "all" && message.type !== "more") return;
    if (message.type === "all") this.rows.clear();
    for (const row of message.rows) this.rows.set(row[0], row);
    this.forget();
    if (message.found === null) this.found = null;
    else this.found = new Set([...((message.type === "more" && this.found) || []), ...message.found]);
    this.nRecords = message.n_records;
    this.listTypes();
    this.show();
  }

  // The kernel keeps so many rows; a page that kept more would show what it cannot open.
  forget() {
    const most = this.model.get("most_kept");
    for (const seq of this.rows.keys()) {
      if (this.rows.size <= most) break;
      this.rows.delete(seq);
    }
  }

  listTypes() {
    const known = this.typeBoxes.size;
    for (const [, , , type] of this.rows.values()) {
      if (this.typeBoxes.has(type)) continue;
      const box = this.box(type, !this.hiddenTypes.has(type), (on) => this.chooseType(type, on));
      this.typeBoxes.set(type, box);
    }
    if (this.typeBoxes.size === known) return;
    const sorted = [...this.typeBoxes.keys()].sort();
    this.typesList.append(...sorted.map((type) => this.typeBoxes.get(type)));
  }

  chooseType(type, on) {
    if (on) this.hiddenTypes.delete(type);
    else this.hiddenTypes.add(type);
    this.show();
  }

  chooseTypes(on) {
    this.hiddenTypes = new Set(on ? [] : this.typeBoxes.keys());
    for (const box of this.typeBoxes.values()) box.firstChild.checked = on;
    this.show();
  }

  searchSoon() {
    clearTimeout(this.searching);
    this.searching = setTimeout(() => this.save("search", this.search.value.trim()), SEARCH_AFTER_MS);
  }

  save(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  // The list

  show() {
    this.visible = [...this.rows.values()].filter((row) => this.passes(row));
    this.tellCount();
    const none = this.visible.length === 0;
    this.nothing.hidden = !none;
    this.nothing.textContent = this.rows.size ? this.words.nothing : this.words.empty;
    this.list.hidden = none;
    this.draw();
  }

  passes([seq, , direction, type]) {
    if (!this.directions.has(direction) || this.hiddenTypes.has(type)) return false;
    return this.found === null || this.found.has(seq);
  }

  tellCount() {
    const capped = this.rows.size >= this.model.get("most_kept");
    const places = { shown: number(this.visible.length), rows: number(this.rows.size), n: number(this.nRecords) };
    const parts = [fill(capped ? this.words.count_capped : this.words.count, places)];
    const searched = this.model.get("folded") ? this.words.searched_folded : this.words.searched;
    if (this.found !== null) parts.push(fill(searched, places));
    this.count.textContent = parts.join("; ");
    const shown = this.typeBoxes.size - this.hiddenTypes.size;
    const some = fill(this.words.types_some, { n: shown, all: this.typeBoxes.size });
    this.typesTitle.textContent = this.hiddenTypes.size ? some : this.words.types;
  }

  // The height of a row follows the reader's letters, so it is measured.
  rowHeight() {
    return Math.round(1.7 * parseFloat(getComputedStyle(this.list).fontSize));
  }

  draw() {
    const height = this.rowHeight();
    this.space.style.height = `${this.visible.length * height}px`;
    this.end.keep();
    const first = Math.max(0, Math.floor(this.list.scrollTop / height) - SPARE_ROWS);
    const n = Math.ceil(this.list.clientHeight / height) + 2 * SPARE_ROWS;
    const drawn = this.visible.slice(first, first + n).map((row, k) => this.option(row, first + k, height));
    this.space.replaceChildren(...drawn);
    const chosen = drawn.find((option) => option.getAttribute("aria-selected") === "true");
    if (chosen) this.list.setAttribute("aria-activedescendant", chosen.id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  option([seq, tMs, direction, type, n, short], index, height) {
    const option = node("div", `voicelab-event voicelab-event-${direction}`);
    option.id = `${this.id}-${seq}`;
    option.dataset.seq = seq;
    option.setAttribute("role", "option");
    option.setAttribute("aria-posinset", index + 1);
    option.setAttribute("aria-setsize", this.visible.length);
    option.setAttribute("aria-selected", String(seq === this.chosen));
    if (type === "error") option.classList.add("voicelab-event-error");
    option.style.top = `${index * height}px`;
    option.style.height = `${height}px`;
    const sign = node("span", "voicelab-event-sign", SIGNS[direction]);
    sign.setAttribute("aria-label", this.words[direction]);
    sign.setAttribute("role", "img");
    const what = n > 1 ? `${number(n)} ${type}` : type;
    option.append(node("span", "voicelab-event-time", clock(tMs)), sign, node("span", "voicelab-event-type", what));
    option.append(node("span", "voicelab-event-short", short));
    return option;
  }

  scrolled() {
    // One drawing a frame, however fast the wheel turns.
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  toTheEnd() {
    this.end.go();
    this.draw();
    this.list.focus();
  }

  click(event) {
    const option = event.target.closest(".voicelab-event");
    if (option) this.choose(this.visible.findIndex((row) => row[0] === Number(option.dataset.seq)));
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / this.rowHeight()) - 1);
    const last = this.visible.length - 1;
    const at = this.visible.findIndex((row) => row[0] === this.chosen);
    const begin = at < 0 ? last + 1 : at;
    const steps = { ArrowUp: begin - 1, ArrowDown: at + 1, PageUp: begin - page, PageDown: at + page, Home: 0, End: last };
    if (!(event.key in steps) || last < 0) return;
    // JupyterLab would move to another cell.
    event.preventDefault();
    event.stopPropagation();
    this.choose(Math.min(last, Math.max(0, steps[event.key])));
  }

  choose(index) {
    const row = this.visible[index];
    this.chosen = row[0];
    this.end.following = false;
    this.intoView(index);
    this.draw();
    this.model.send({ type: "open", seq: row[0] });
  }

  intoView(index) {
    const height = this.rowHeight();
    const top = index * height;
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    const lowest = top + height - this.list.clientHeight;
    if (lowest > this.list.scrollTop) this.list.scrollTop = lowest;
  }

  // One event

  showJson({ seq, json }) {
    if (seq !== this.chosen) return;
    this.copied.textContent = "";
    this.copy.hidden = this.json.hidden = json === null;
    if (json === null) {
      this.heading.textContent = fill(this.words.gone, { n: number(this.model.get("most_kept")) });
      return;
    }
    const [, tMs, direction, type, n] = this.rows.get(seq);
    const places = { type, direction: this.words[direction], time: clock(tMs), seq: number(seq) };
    const parts = [fill(this.words.heading, places)];
    if (n > 1) parts.push(fill(this.words.first_of, { n: number(n) }));
    this.heading.textContent = parts.join(", ");
    this.json.textContent = json;
    this.json.scrollTop = 0;
  }

  async copyJson() {
    try {
      await navigator.clipboard.writeText(this.json.textContent);
      this.copied.textContent = this.words.copied;
    } catch {
      this.copied.textContent = this.words.not_copied;
    }
  }
}

export default {
  render({ model, el }) {
    const view = new Events(model, el);
    return () => view.close();
  },
};
