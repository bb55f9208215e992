// What stretch of the run is shown, and the time cursor: live, paused, looked back at, dragged, moved by keys.
// In: hands and keys, the clock. Out: the right edge of the picture; ``cursor_ms``. Does not know: what is drawn.

const LAG_MS = 120; // behind the newest news, so that the next are there before they are needed
const DRAG_FROM_PX = 5;

class Time {
  constructor(page) {
    this.page = page;
    this.span = 10_000;
    this.paused = false;
    this.pausedEnd = 0;
    const { pause, live, zoom, position, time } = page.parts;
    zoom.value = String(this.span);
    pause.addEventListener("click", () => this.pause());
    live.addEventListener("click", () => this.goLive());
    zoom.addEventListener("change", () => this.setSpan(Number(zoom.value)));
    position.addEventListener("input", () => this.lookBack(Number(position.value)));
    time.addEventListener("pointerdown", (event) => this.drag(event));
    time.addEventListener("keydown", (event) => this.keyed(event));
  }

  forget() {
    this.paused = false;
    this.pausedEnd = 0;
  }

  rightEdge(here) {
    const { mode, clock } = this.page;
    if (mode === "live") return Math.max(this.span, clock.now(here) - LAG_MS);
    return mode === "ready" ? this.span : this.within(this.pausedEnd);
  }

  // No picture begins before the run does.
  within(end) {
    return clamp(end, this.span, Math.max(this.span, this.page.story.end));
  }

  place() {
    const { mode, story, parts, model, say } = this.page;
    const end = this.rightEdge(performance.now());
    const from = Math.max(0, end - this.span);
    parts.position.disabled = story.empty;
    parts.position.max = String(Math.max(this.span, story.end));
    parts.position.min = String(this.span);
    parts.position.value = mode === "live" ? parts.position.max : String(end);
    parts.position.setAttribute("aria-valuetext", say("position_text", { from: inSeconds(from), to: inSeconds(end) }));
    const cursor = model.get("cursor_ms");
    parts.time.setAttribute("aria-valuemax", inSeconds(story.end));
    parts.time.setAttribute("aria-valuenow", inSeconds(cursor ?? 0));
    parts.time.setAttribute("aria-valuetext", this.cursorWords(cursor));
  }

  cursorWords(cursor) {
    const { story, say } = this.page;
    if (cursor === null) return say("cursor_none");
    const { turn, reply } = story.speaking(cursor);
    const what = turn && reply ? "both" : turn ? "user" : reply ? "agent" : "quiet";
    return say("cursor_text", { at: inSeconds(cursor), what: say(`cursor_${what}`, { n: turn?.n }) });
  }

  pause(end = this.rightEdge(performance.now())) {
    const { page } = this;
    if (page.mode !== "live") return;
    this.paused = true;
    this.pausedEnd = end;
    page.threshold.forget();
    this.swap(page.parts.pause, page.parts.live);
    page.telling.say(`${page.say("say_paused")} ${page.ruleWords}`.trim());
  }

  goLive() {
    const { page } = this;
    if (!page.running) return;
    this.paused = false;
    page.threshold.forget();
    this.swap(page.parts.live, page.parts.pause);
    page.telling.say(page.say("say_live"));
  }

  // A button that goes away while it has the focus would leave a keyboard in the void.
  swap(from, to) {
    const focused = document.activeElement === from;
    this.page.changed();
    if (focused) to.focus();
  }

  setSpan(span) {
    this.span = span;
    this.page.parts.zoom.value = String(span);
    this.page.changed();
    this.page.threshold.imagineSoon();
  }

  zoomBy(step) {
    const at = SPANS_S.indexOf(this.span / 1000);
    this.setSpan(SPANS_S[clamp(at + step, 0, SPANS_S.length - 1)] * 1000);
  }

  lookBack(end) {
    const { page } = this;
    if (page.story.empty) return;
    if (page.mode === "live") this.pause(end);
    this.pausedEnd = this.within(end);
    this.place();
    page.dirty = true;
    page.threshold.imagineSoon();
  }

  setCursor(ms) {
    this.page.model.set("cursor_ms", clamp(ms, 0, this.page.story.end));
    this.page.model.save_changes();
  }

  // Another view may have set the cursor: a page that looks back goes there, one that is live stays live.
  showCursor() {
    const ms = this.page.model.get("cursor_ms");
    if (ms !== null && this.page.mode === "what if") {
      const end = this.rightEdge(0);
      if (ms > end || ms < end - this.span) this.lookBack(ms + this.span / 2);
    }
    this.place();
    this.page.dirty = true;
  }

  msAt(event) {
    const { parts, picture } = this.page;
    const box = parts.stage.getBoundingClientRect();
    return picture.msAt((event.clientX - box.left) * (picture.width / box.width));
  }

  drag(down) {
    const { page } = this;
    if (page.story.empty || down.button) return;
    const grabbed = this.msAt(down);
    let dragged = false;
    follow(page.parts.time, down, {
      move: (event) => {
        if (!dragged && Math.abs(event.clientX - down.clientX) < DRAG_FROM_PX) return;
        dragged = true;
        this.lookBack(this.rightEdge(performance.now()) + grabbed - this.msAt(event));
        page.draw(this.rightEdge(performance.now()), performance.now());
      },
      up: (event) => {
        if (!dragged && event.type === "pointerup") page.listening.ask(grabbed);
      },
    });
  }

  keyed(event) {
    const { page } = this;
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || page.story.empty) return;
    const cursor = page.model.get("cursor_ms") ?? this.rightEdge(performance.now());
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -25, PageUp: 25 };
    if (key in steps) {
      this.pause();
      this.setCursor(cursor + (steps[key] * this.span) / 50);
    } else if (key === "Home") {
      this.pause();
      this.setCursor(0);
    } else if (key === "End") {
      if (page.running) this.goLive();
      else this.setCursor(page.story.end);
    } else if (key === "Enter" || key === " ") {
      page.listening.ask(cursor);
    } else {
      return;
    }
    event.preventDefault();
  }
}
