// The transcript on the page.
// In: `lines` (all, when a view opens or a run is over), messages {type: "lines"} with what has changed, `offer` (the
// cards), `words`. Out: `cursor_ms`, messages {type: "all" | "card" | "say"}. Does not know: events, or who answers.
// Only lines that changed are drawn again, so that a reader's selection and place survive a long conversation.

// 65,823 ms is 1:05.8.
function clock(ms) {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

class Transcript {
  constructor(model, el) {
    this.model = model;
    this.words = model.get("words");
    this.rows = new Map();
    this.announced = new Set();
    this.build(el);
    this.listen();
    this.drawAll();
    this.drawOffer();
    this.drawCursor();
    // Between opening and this answer lines may have come that only other views were told about.
    if (model.get("growing")) model.send({ type: "all" });
  }

  build(el) {
    this.root = node("section", "voicelab-transcript");
    this.root.setAttribute("aria-label", this.words.title);
    this.scroller = node("div", "voicelab-transcript-scroll");
    // A box that scrolls has to be reachable without a mouse.
    this.scroller.tabIndex = 0;
    this.scroller.setAttribute("role", "region");
    this.scroller.setAttribute("aria-label", this.words.title);
    this.empty = node("p", "voicelab-transcript-empty", this.words.empty);
    this.earlier = node("p", "voicelab-transcript-earlier");
    this.list = node("ol", "voicelab-transcript-lines");
    this.newest = node("button", "voicelab-transcript-newest", `↓ ${this.words.newest}`);
    this.newest.type = "button";
    this.newest.hidden = true;
    this.footnote = node("p", "voicelab-transcript-footnote", this.words.footnote);
    this.spoken = node("div", "voicelab-unseen");
    this.spoken.setAttribute("aria-live", "polite");
    this.cards = node("details", "voicelab-transcript-cards");
    this.cards.open = true;
    this.mirror = node("p", "voicelab-transcript-mirror", this.words.mirror);
    this.scroller.append(this.empty, this.earlier, this.list);
    this.root.append(this.scroller, this.newest, this.footnote, this.mirror, this.cards, this.spoken);
    el.append(this.root);
  }

  listen() {
    this.handlers = {
      "change:lines": () => this.drawAll(),
      "change:offer": () => this.drawOffer(),
      "change:cursor_ms": () => this.drawCursor(),
      "msg:custom": (message) => message.type === "lines" && this.take(message.lines),
    };
    for (const [name, handler] of Object.entries(this.handlers)) this.model.on(name, handler);
    this.newest.addEventListener("click", () => this.toTheEnd());
    this.list.addEventListener("click", (event) => this.choose(event));
    this.end = new AtEnd(this.scroller, this.list, (following) => (this.newest.hidden = following));
  }

  close() {
    this.end.close();
    for (const [name, handler] of Object.entries(this.handlers)) this.model.off(name, handler);
    this.root.remove();
  }

  drawAll() {
    this.list.replaceChildren();
    this.rows.clear();
    const lines = this.model.get("lines");
    // What was there when the view opened is not read out; nor is the same line twice.
    for (const line of lines) if (line.state === "final") this.announced.add(line.key);
    const n = this.model.get("n_earlier");
    this.earlier.hidden = !n;
    this.earlier.textContent = fill(this.words.earlier, { n });
    this.put(lines);
    this.drawCursor();
  }

  take(lines) {
    this.put(lines);
    const said = lines.filter((line) => this.isNews(line)).map((line) => this.reading(line));
    if (said.length) this.spoken.replaceChildren(...said);
    if (lines.some((line) => line.who === "agent" && line.state === "final")) this.foldCards();
  }

  put(lines) {
    for (const line of lines) this.draw(line);
    this.empty.hidden = this.rows.size > 0;
    this.footnote.hidden = !this.list.querySelector("[data-estimated]");
    this.end.keep();
  }

  draw(line) {
    const old = this.rows.get(line.key);
    if (line.how === "gone") {
      old?.remove();
      this.rows.delete(line.key);
      return;
    }
    const row = this.row(line);
    // A reader who stands on the line's button keeps it.
    const focused = old?.contains(document.activeElement);
    if (old) old.replaceWith(row);
    else this.insert(row, line.at_ms);
    this.rows.set(line.key, row);
    if (focused) row.querySelector("button").focus();
  }

  insert(row, atMs) {
    let before = null;
    let last = this.list.lastElementChild;
    // A line may begin before the newest one does: speech is detected while the agent still talks.
    while (last && Number(last.dataset.atMs) > atMs) {
      before = last;
      last = last.previousElementSibling;
    }
    this.list.insertBefore(row, before);
  }

  row(line) {
    const row = node("li", `voicelab-line voicelab-line-${line.who}`);
    row.dataset.atMs = line.at_ms;
    row.dataset.state = line.state;
    if (line.estimated) row.dataset.estimated = "";
    const time = node("button", "voicelab-line-time", clock(line.at_ms));
    time.type = "button";
    time.setAttribute("aria-label", fill(this.words.go_to, { time: clock(line.at_ms) }));
    const what = node("div", "voicelab-line-what");
    what.append(node("span", "voicelab-line-who", this.words[line.who]), ...this.saying(line));
    row.append(time, what);
    return row;
  }

  saying(line) {
    const words = this.words;
    if (line.who === "note") return [node("span", "voicelab-line-text", fill(words[line.how], { text: line.text }))];
    if (line.who === "tool") return this.call(line);
    const parts = [];
    const aside = { typed: words.typed, written: words.written, aside: words.aside }[line.how];
    if (aside) parts.push(node("span", "voicelab-line-aside", aside));
    if (line.text) parts.push(node("span", "voicelab-line-text", line.text));
    else if (!line.unheard) parts.push(node("span", "voicelab-line-aside", this.instead(line)));
    if (line.unheard) parts.push(...this.struck(line));
    if (line.cut) parts.push(node("span", "voicelab-line-aside", this.cut(line)));
    return parts;
  }

  call(line) {
    const parts = [node("code", "voicelab-line-text", line.text)];
    if (line.result !== null) {
      const result = fill(this.words.result, { result: line.result });
      parts.push(node("span", "voicelab-line-aside", result));
    }
    return parts;
  }

  instead(line) {
    if (line.state !== "final") return this.words[line.state];
    return line.words_known ? this.words.no_words : this.words.not_transcribed;
  }

  struck(line) {
    const del = node("del", "voicelab-line-unheard");
    del.append(node("span", "voicelab-unseen", ` ${this.words.unheard_begin} `), line.unheard.trim());
    del.append(node("span", "voicelab-unseen", ` (${this.words.unheard_end}) `));
    if (!line.estimated) return [del];
    del.title = this.words.estimated;
    const mark = node("span", "voicelab-line-mark", "≈");
    mark.title = this.words.estimated;
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", this.words.estimate_mark);
    return [mark, del];
  }

  cut(line) {
    if (!line.received_ms) return this.words.cut_text;
    const told = (ms) => fill(this.words.seconds, { s: (ms / 1000).toFixed(1) });
    return fill(this.words.cut, { heard: told(line.heard_ms), received: told(line.received_ms) });
  }

  isNews(line) {
    if (line.state !== "final" || line.how === "gone" || this.announced.has(line.key)) return false;
    this.announced.add(line.key);
    return true;
  }

  reading(line) {
    return node("p", "", this.rows.get(line.key).querySelector(".voicelab-line-what").textContent);
  }

  toTheEnd() {
    this.end.go();
    this.scroller.focus();
  }

  choose(event) {
    const row = event.target.closest(".voicelab-line");
    // Whoever marks words to copy them does not mean to move the cursor.
    if (!row || String(document.getSelection())) return;
    this.model.set("cursor_ms", Number(row.dataset.atMs));
    this.model.save_changes();
  }

  drawCursor() {
    const cursor = this.model.get("cursor_ms");
    let at = null;
    for (const row of this.list.children) {
      row.removeAttribute("aria-current");
      if (cursor !== null && Number(row.dataset.atMs) <= cursor + 0.001) at = row;
    }
    at?.setAttribute("aria-current", "true");
  }

  // Cards

  drawOffer() {
    const { cards, mirror } = this.model.get("offer");
    this.cards.hidden = !cards.length;
    this.chosen = node("div", "voicelab-transcript-chosen");
    this.chosen.setAttribute("aria-live", "polite");
    const title = node("summary", "", mirror ? this.words.cards_mirror : this.words.cards);
    const list = node("ul");
    for (const text of cards) list.append(this.card(text));
    this.mirror.hidden = !mirror || !cards.length;
    this.cards.replaceChildren(title, list, this.chosen);
    if (this.wanted && cards.includes(this.wanted)) this.tell(this.wanted);
  }

  // Once the guide has answered, the conversation needs the room more; who opens the cards again keeps them.
  foldCards() {
    if (this.folded || this.model.get("offer").mirror) return;
    this.folded = true;
    this.cards.open = false;
  }

  card(text) {
    const item = node("li");
    const button = node("button", "voicelab-card", text);
    button.type = "button";
    button.addEventListener("click", () => {
      this.model.send({ type: "card", text });
      this.tell(text);
    });
    item.append(button);
    return item;
  }

  tell(text) {
    this.wanted = text;
    this.chosen.replaceChildren();
    if (!this.model.get("offer").as_text) {
      this.chosen.append(node("p", "", fill(this.words.say_now, { text })));
      return;
    }
    const send = node("button", "voicelab-card-send", fill(this.words.send_text, { text }));
    send.type = "button";
    send.addEventListener("click", () => {
      this.model.send({ type: "say", text });
      this.wanted = null;
      this.chosen.replaceChildren(node("p", "", fill(this.words.sent_text, { text })));
    });
    this.chosen.append(node("p", "", this.words.or_type), send);
  }
}

export default {
  render({ model, el }) {
    const view = new Transcript(model, el);
    return () => view.close();
  },
};
