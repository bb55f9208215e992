// The page: joins the story, the clock, the picture and the hands that move them, and repaints when something changed.
// In: news from the kernel, the model's traits. Out: a picture, the same in words, and what somebody does: a threshold,
// a mark, a place to listen to, a cursor. Does not know: runs, sessions, the turn rule.
//
// Everything is drawn from what the page holds, so the picture scrolls smoothly whenever news come.

const CALM_MS = 250; // between pictures, where somebody wants less motion
const WORDS_EVERY_MS = 1000;

class Page {
  constructor(model, el) {
    this.model = model;
    this.say = this.say.bind(this);
    this.story = new Story();
    this.clock = new Clock();
    this.dirty = true;
    this.hidden = false;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.parts = build(this.say);
    el.append(this.parts.root);
    this.picture = new Picture(this.parts.canvas, this.parts.root);
    this.telling = new Telling(this);
    this.listening = new Listening(this);
    this.threshold = new Threshold(this);
    this.time = new Time(this);
    this.attach();
  }

  say(key, places = {}) {
    const text = this.model.get("words")[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
  }

  attach() {
    const { model, parts } = this;
    parts.mark.addEventListener("click", () => this.mark());
    parts.root.addEventListener("keydown", (event) => this.keyed(event));
    this.onMessage = (content, buffers) => this.told(content, buffers);
    this.onChange = () => this.changed();
    this.onCursor = () => this.time.showCursor();
    model.on("msg:custom", this.onMessage);
    model.on("change:running change:can_use change:asked", this.onChange);
    model.on("change:cursor_ms", this.onCursor);
    // Also the first moment at which the page is laid out, which may come long after this.
    this.sized = new ResizeObserver(() => {
      this.picture.resize();
      this.recolour();
    });
    this.sized.observe(parts.stage);
    this.seen = new IntersectionObserver(([entry]) => {
      this.hidden = !entry.isIntersecting;
      this.dirty = true;
    });
    this.seen.observe(parts.stage);
    this.heedNoTheme = heedTheme(() => this.recolour());
    this.changed();
    this.frame = requestAnimationFrame(() => this.tick());
    model.send({ do: "again" });
  }

  remove() {
    cancelAnimationFrame(this.frame);
    this.threshold.sending.stop();
    this.sized.disconnect();
    this.seen.disconnect();
    this.heedNoTheme();
    this.listening.silence();
    this.model.off("msg:custom", this.onMessage);
    this.model.off("change:running change:can_use change:asked", this.onChange);
    this.model.off("change:cursor_ms", this.onCursor);
    this.parts.root.remove();
  }

  recolour() {
    this.picture.readColours();
    this.changed();
  }

  // --- what the kernel says

  told(content, buffers) {
    if (content.kind === "news") this.heed(content, buffers);
    else if (content.kind === "what if") this.threshold.answered(content);
    else if (content.kind === "sound") this.listening.play(content.from, buffers[0]);
    else if (content.kind === "say") this.parts.note.textContent = content.text;
  }

  heed(news, buffers) {
    const { story, time, threshold } = this;
    if (news.reset) this.beginAnew(news);
    const before = story.detection;
    story.take(news, buffers);
    this.clock.hear(news.now, performance.now());
    if (news.rows.length || news.reset) this.telling.due = true;
    if (news.rows.some((row) => row.kind === "threshold")) threshold.local = null;
    if (news.reset && !this.running && !time.pausedEnd) time.pausedEnd = story.begin + time.span;
    this.dirty = true;
    if (news.reset || news.over || story.detection !== before) this.changed();
    if (news.reset) threshold.imagine();
  }

  // Another run, or the same again: what was tried belongs to what was shown, but a page that looks back stays there.
  beginAnew(news) {
    this.telling.beginAnew();
    if (news.run === this.story.run) return;
    this.time.forget();
    this.threshold.forget();
  }

  get running() {
    return this.model.get("running") && !this.story.over;
  }

  get mode() {
    if (this.story.empty) return "ready";
    return this.running && !this.time.paused ? "live" : "what if";
  }

  // A what if is made by the rule of server_vad; where the session has another one that is said.
  get ruleWords() {
    const { story } = this;
    if (this.mode !== "what if" || !story.withoutThreshold) return "";
    const key = `rule_${story.detection}`;
    return this.say(key in this.model.get("words") ? key : "rule_other", { silence_ms: Math.round(story.silence) });
  }

  // --- repainting

  changed() {
    const { mode, say, parts, story, time } = this;
    const key = mode.replace(" ", "_");
    // A run that ends is looked at from its end.
    if (parts.root.dataset.mode === "live" && mode === "what if" && !time.paused) time.pausedEnd = story.end;
    parts.root.dataset.mode = mode;
    parts.badge.textContent = say(key);
    parts.hint.textContent = `${say(`${key}_hint`)} ${this.ruleWords}`.trim();
    parts.pause.hidden = mode !== "live";
    parts.live.hidden = !this.running || !time.paused;
    parts.mark.hidden = mode === "ready";
    parts.mark.textContent = say(mode === "live" ? "mark_now" : "mark_cursor");
    parts.use.hidden = !this.threshold.usable;
    parts.use.textContent = say("use", { value: (this.threshold.shown ?? 0).toFixed(2) });
    parts.empty.hidden = !story.empty && story.end > 0;
    parts.empty.textContent = say(story.empty ? "empty" : "quiet");
    this.threshold.place();
    time.place();
    this.dirty = true;
  }

  tick() {
    this.frame = requestAnimationFrame(() => this.tick());
    const here = performance.now();
    const moving = this.mode === "live" || this.listening.playing;
    if (here - this.telling.atMs > WORDS_EVERY_MS && (this.telling.due || moving)) {
      this.telling.atMs = here;
      this.time.place();
      this.threshold.place();
      if (this.telling.due) this.telling.tell();
    }
    if (this.hidden || !(this.dirty || moving)) return;
    if (moving && this.calm.matches && here - (this.drawnAt ?? 0) < CALM_MS) return;
    const end = this.time.rightEdge(here);
    const still = moving && !this.dirty && end === this.drawnEnd && !this.listening.playing;
    if (!still) this.draw(end, here);
  }

  draw(end, here) {
    this.dirty = false;
    this.drawnAt = here;
    this.drawnEnd = end;
    drawAll(this.picture, this.story, {
      end,
      span: this.time.span,
      whatIfMode: this.mode === "what if",
      whatIf: this.threshold.found,
      threshold: this.threshold.shown,
      cursor: this.model.get("cursor_ms"),
      playing: this.listening.atMs,
      say: this.say,
    });
  }

  // --- keys and marks

  keyed(event) {
    // Alone it keeps its keys from the notebook; in the Lab the other keys are the Lab's, which does the same.
    const inLab = this.parts.root.closest(".voicelab-lab") !== null;
    if (!inLab && event.key !== "Tab" && event.key !== "Escape") event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.tagName === "SELECT") return;
    const { time } = this;
    const act = {
      p: () => (time.paused ? time.goLive() : time.pause()),
      l: () => time.goLive(),
      m: () => event.repeat || this.mark(),
      "+": () => time.zoomBy(-1),
      "-": () => time.zoomBy(1),
    }[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  }

  mark() {
    if (this.story.empty) return;
    const here = performance.now();
    const looked = () => this.model.get("cursor_ms") ?? this.time.rightEdge(here);
    const at = this.mode === "live" ? this.clock.now(here) : looked();
    this.parts.note.textContent = "";
    this.model.send({ do: "mark", at });
    this.telling.say(this.say("say_marked", { at: inSeconds(at, 2) }));
  }
}
