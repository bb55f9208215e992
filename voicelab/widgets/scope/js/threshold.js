// The threshold: a line that is dragged. Live it asks the session; paused it asks what would have been.
// In: hands and keys, what is in force, answers of the kernel. Out: messages, where the line is.
// Does not know: the turn rule.

const DRAG_EVERY_MS = 100;
const WHAT_IF_EVERY_MS = 60;
const ASKED_HOLDS_MS = 2000;

class Threshold {
  constructor(page) {
    this.page = page;
    this.tried = null; // in a what if
    this.found = null; // the turns that it would have made
    this.local = null; // asked for here, until the server says what is in force
    this.localAt = 0;
    this.sending = new Sending();
    const { threshold, use } = page.parts;
    threshold.addEventListener("pointerdown", (event) => this.drag(event));
    threshold.addEventListener("keydown", (event) => this.keyed(event));
    use.addEventListener("click", () => this.use());
  }

  get shown() {
    const { mode, model, story } = this.page;
    if (mode === "what if") return this.tried ?? story.threshold ?? model.get("asked");
    if (this.local !== null && performance.now() - this.localAt < ASKED_HOLDS_MS) return this.local;
    return mode === "ready" ? this.local ?? model.get("asked") : story.threshold;
  }

  get fixed() {
    return this.page.mode !== "what if" && !this.page.model.get("can_use");
  }

  // What is tried can become real where the session has a threshold at all.
  get usable() {
    const { mode, model, story } = this.page;
    return mode === "what if" && model.get("can_use") && this.tried !== null && !story.withoutThreshold;
  }

  forget() {
    this.tried = this.found = null;
  }

  place() {
    const { mode, parts, picture, say } = this.page;
    const value = this.shown;
    parts.threshold.hidden = value === null;
    if (value === null) return;
    parts.threshold.style.top = `${picture.thresholdY(value, picture.lanes(mode === "what if"))}px`;
    const words = say(`threshold_text_${mode.replace(" ", "_")}`, { value: value.toFixed(2) });
    const facts = { "aria-disabled": String(this.fixed), "aria-valuenow": value.toFixed(2), "aria-valuetext": words };
    for (const [name, fact] of Object.entries(facts)) parts.threshold.setAttribute(name, fact);
    parts.thresholdNumber.textContent = value.toFixed(2);
  }

  drag(down) {
    if (this.fixed || down.button) return;
    const { parts, picture } = this.page;
    const lanes = picture.lanes(this.page.mode === "what if");
    const box = parts.stage.getBoundingClientRect();
    const scale = picture.height / box.height;
    const at = (event) => (event.clientY - box.top) * scale;
    const before = this.shown;
    const off = picture.thresholdY(before, lanes) - at(down);
    follow(parts.threshold, down, {
      move: (event) => this.set(picture.thresholdAt(at(event) + off, lanes), false),
      up: () => {
        if (this.shown !== before) this.set(this.shown, true);
      },
    });
    parts.threshold.focus();
    down.preventDefault();
  }

  keyed(event) {
    const value = this.shown;
    if (value === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = {
      ArrowUp: value + 0.01,
      ArrowRight: value + 0.01,
      ArrowDown: value - 0.01,
      ArrowLeft: value - 0.01,
      PageUp: value + 0.1,
      PageDown: value - 0.1,
      Home: 0,
      End: 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (!this.fixed) this.set(to, false);
  }

  set(wanted, final) {
    const value = Math.round(clamp(wanted, 0, 1) * 100) / 100;
    if (this.page.mode === "what if") {
      this.tried = value;
      this.imagineSoon();
    } else {
      this.local = value;
      this.localAt = performance.now();
      const send = () => this.page.model.send({ do: "threshold", value: this.local ?? value });
      this.sending.atMost("threshold", DRAG_EVERY_MS, send, final);
    }
    this.page.changed();
  }

  use() {
    if (!this.usable) return;
    this.page.model.send({ do: "use", value: this.tried });
    this.local = this.tried;
    this.localAt = performance.now();
    if (this.page.running) {
      this.page.time.goLive();
      this.page.parts.pause.focus();
    }
  }

  imagineSoon() {
    if (this.page.mode === "what if") this.sending.atMost("what if", WHAT_IF_EVERY_MS, () => this.imagine());
  }

  imagine() {
    if (this.page.mode !== "what if" || this.tried === null) return;
    const to = this.page.time.rightEdge(performance.now());
    this.page.model.send({ do: "what if", value: this.tried, from: to - this.page.time.span, to });
  }

  // An answer to a question that was overtaken by another one is passed over.
  answered(found) {
    if (Math.abs(found.settings.threshold - (this.tried ?? -1)) > 1e-6) return;
    this.found = found;
    this.page.dirty = true;
    this.page.telling.say(this.page.telling.foundWords(found));
  }
}
