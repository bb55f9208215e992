// The scope's page: both sides on one clock, scrolling, with turns, replies, speech probability and the threshold.
// In: news from the kernel (rows, outlines of the sound, scores), the model's traits. Out: a picture, the same in words,
// and what somebody does: a threshold, a mark, a place to listen to, a cursor. Does not know: runs, sessions, the turn
// rule. Everything is drawn from what the page holds, so the picture scrolls smoothly whenever news come.

const BUCKET_MS = 10;
const LAG_MS = 120; // behind the newest news, so that the next are there before they are needed
const MOST_AHEAD_MS = 1500; // so long the picture scrolls on without news
const CALM_MS = 250;
const SPANS_S = [5, 10, 30, 60];
const LEFT = 52;
const RIGHT = 56;
const STRIP = 64;
const AXIS = 20;
const ROW = 20;
const DRAG_EVERY_MS = 100;
const WHAT_IF_EVERY_MS = 60;
const ASKED_HOLDS_MS = 2000;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const inSeconds = (ms, digits = 1) => (ms / 1000).toFixed(digits);
const view = (Kind, data) => {
  if (!data) return new Kind(0);
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  return new Kind(bytes.slice().buffer); // a copy: the bytes may begin where a number may not
};

// --- what the page holds ---------------------------------------------------------------------------------------

// Numbers that grow at their end; `data` may be longer than `n`.
class Growing {
  constructor(Kind) {
    this.Kind = Kind;
    this.data = new Kind(1024);
    this.n = 0;
  }

  put(at, values) {
    const end = at + values.length;
    if (end > this.data.length) {
      const wider = new this.Kind(Math.max(end, this.data.length * 2));
      wider.set(this.data.subarray(0, this.n));
      this.data = wider;
    }
    if (at > this.n) this.data.fill(0, this.n, at);
    this.data.set(values, at);
    this.n = Math.max(this.n, end);
  }
}

// One side's loudness: the largest excursion of each 10 ms, and of groups of them for each zoom.
class Side {
  constructor() {
    this.loud = new Growing(Uint16Array);
    this.base = null;
    this.loudest = 1600;
    this.groups = new Map();
  }

  take(first, pairs) {
    if (!pairs.length) return;
    this.base ??= first;
    const at = Math.max(0, first - this.base);
    const values = new Uint16Array(pairs.length / 2);
    for (let k = 0; k < values.length; k += 1) {
      values[k] = Math.max(Math.abs(pairs[2 * k]), Math.abs(pairs[2 * k + 1]));
      if (values[k] > this.loudest) this.loudest = values[k];
    }
    this.loud.put(at, values);
    // What was told again may have become quieter: whole groups are made anew from there.
    for (const [size, group] of this.groups) group.n = Math.min(group.n, Math.floor(at / size));
  }

  grouped(size) {
    if (size === 1) return this.loud;
    if (!this.groups.has(size)) this.groups.set(size, new Growing(Uint16Array));
    const group = this.groups.get(size);
    const fresh = new Uint16Array(Math.max(0, Math.ceil(this.loud.n / size) - group.n));
    for (let k = 0; k < fresh.length; k += 1) {
      const from = (group.n + k) * size;
      for (let at = from; at < Math.min(from + size, this.loud.n); at += 1) {
        if (this.loud.data[at] > fresh[k]) fresh[k] = this.loud.data[at];
      }
    }
    group.put(group.n, fresh);
    if (this.loud.n % size) group.n -= 1; // the last one is not full yet
    return { data: group.data, n: Math.ceil(this.loud.n / size) };
  }
}

class Story {
  constructor() {
    this.forget();
  }

  forget() {
    this.rows = new Map();
    this.user = new Side();
    this.agent = new Side();
    this.starts = new Growing(Float32Array);
    this.ends = new Growing(Float32Array);
    this.p = new Growing(Uint8Array);
    this.now = 0;
    this.run = "";
    this.empty = true;
    this.over = true;
    this.detection = "";
  }

  take(news, buffers) {
    if (news.reset) this.forget();
    for (const row of news.rows) this.rows.set(row.id, row);
    this.user.take(news.user, view(Int16Array, buffers[0]));
    this.agent.take(news.agent, view(Int16Array, buffers[1]));
    this.starts.put(this.starts.n, view(Float32Array, buffers[2]));
    this.ends.put(this.ends.n, view(Float32Array, buffers[3]));
    this.p.put(this.p.n, view(Uint8Array, buffers[4]));
    this.now = news.now;
    this.run = news.run;
    this.empty = !news.run;
    this.over = news.over;
    this.detection = news.detection;
  }

  of(kind) {
    return [...this.rows.values()].filter((row) => row.kind === kind);
  }

  get end() {
    const ends = [this.user, this.agent].map((side) => ((side.base ?? 0) + side.loud.n) * BUCKET_MS);
    return Math.max(this.now, ...ends);
  }

  get begin() {
    const bases = [this.user.base, this.agent.base].filter((base) => base !== null);
    return bases.length ? Math.min(...bases) * BUCKET_MS : 0;
  }

  get threshold() {
    return this.of("threshold").at(-1)?.value ?? null;
  }

  // Who speaks at an instant: the turn, and whether a reply is being heard.
  speaking(ms) {
    const meets = (row, from) => from <= ms && ms <= (row.to ?? Infinity);
    const turn = this.of("turn").find((row) => meets(row, row.speech));
    return { turn, reply: this.of("reply").some((row) => meets(row, row.from)) };
  }

  firstScore(ms) {
    let [low, high] = [0, this.starts.n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends.data[middle] < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// The kernel's clock, guessed from when news came: those that came quickest are the nearest to it.
class Clock {
  constructor() {
    this.offset = null;
    this.last = 0;
  }

  hear(now, here) {
    const found = here - now;
    const far = this.offset === null || Math.abs(found - this.offset) > 1000 || now < this.last;
    this.offset = far ? found : this.offset + (found - this.offset) * (found < this.offset ? 0.3 : 0.02);
    this.last = now;
  }

  now(here) {
    return this.offset === null ? this.last : Math.min(here - this.offset, this.last + MOST_AHEAD_MS);
  }
}

// --- the picture -----------------------------------------------------------------------------------------------

class Picture {
  constructor(canvas, root) {
    this.canvas = canvas;
    this.root = root;
    this.pen = canvas.getContext("2d");
    this.readColours();
    this.resize();
  }

  readColours() {
    const style = getComputedStyle(this.root);
    const names = ["ink", "ground", "grid", "edge", "user", "agent", "speech", "mark"];
    this.colour = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--voicelab-${name}`).trim()]));
    this.font = `12px ${style.fontFamily}`;
    this.hatch = this.makeHatch();
  }

  makeHatch() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.strokeStyle = this.colour.agent;
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const at of [-8, 0, 8]) {
      pen.moveTo(at, 8);
      pen.lineTo(at + 8, 0);
    }
    pen.stroke();
    return this.pen.createPattern(tile, "repeat");
  }

  resize() {
    const scale = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
  }

  get plotWidth() {
    return Math.max(1, this.width - LEFT - RIGHT);
  }

  // Where the lanes are; the row of turns that would have been is there while somebody asks for it.
  lanes(withWhatIf) {
    const top = ROW * (withWhatIf ? 2 : 1) + 6;
    const strip = this.height - AXIS - STRIP;
    return { top, middle: (top + strip - 8) / 2, bottom: strip - 8, strip, strip1: strip + 4, strip0: strip + STRIP - 4 };
  }

  thresholdY(value, lanes) {
    return lanes.strip0 - value * (lanes.strip0 - lanes.strip1);
  }

  thresholdAt(y, lanes) {
    return clamp((lanes.strip0 - y) / (lanes.strip0 - lanes.strip1), 0, 1);
  }

  draw(story, seen) {
    const { pen } = this;
    this.begin = seen.end - seen.span;
    this.perMs = this.plotWidth / seen.span;
    this.end = seen.end;
    this.lane = this.lanes(seen.whatIfMode);
    this.say = seen.say;
    pen.clearRect(0, 0, this.width, this.height);
    pen.font = this.font;
    pen.textBaseline = "middle";
    this.drawAxis(seen.span);
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, 0, this.plotWidth, this.height);
    pen.clip();
    this.drawSpans(story);
    this.drawSide(story.user, this.colour.user, -1);
    this.drawSide(story.agent, this.colour.agent, 1);
    this.drawUnheard(story);
    this.drawTurns(story);
    if (seen.whatIfMode) this.drawWhatIf(story, seen.whatIf);
    this.drawSpeech(story);
    this.drawThresholds(story, seen);
    this.drawMarks(story);
    this.drawCursor(seen.cursor, [6, 3]);
    this.drawCursor(seen.playing, []);
    pen.restore();
    this.drawNames(seen);
  }

  x(ms) {
    return LEFT + (ms - this.begin) * this.perMs;
  }

  shown(from, to) {
    return from <= this.end && to >= this.begin;
  }

  line(colour, width, dash, points) {
    const { pen } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
    pen.setLineDash([]);
  }

  text(words, x, y, align = "left") {
    this.pen.fillStyle = this.colour.ink;
    this.pen.textAlign = align;
    this.pen.fillText(words, x, y);
  }

  // Words over the sound: on a plate of the ground's colour, or their contrast would depend on what was said.
  plate(words, x, y) {
    const { pen } = this;
    const width = pen.measureText(words).width;
    const left = clamp(x, LEFT + 2, Math.max(LEFT + 2, this.width - RIGHT - width - 2));
    pen.fillStyle = this.colour.ground;
    pen.fillRect(left - 2, y - 8, width + 4, 16);
    this.text(words, left, y);
  }

  drawAxis(span) {
    const step = span <= 10_000 ? 1000 : span <= 30_000 ? 5000 : 10_000;
    const y = this.height - AXIS;
    this.line(this.colour.edge, 1, [], [[LEFT, y], [LEFT + this.plotWidth, y]]);
    for (let ms = Math.ceil(Math.max(0, this.begin) / step) * step; ms <= this.end; ms += step) {
      const x = this.x(ms);
      this.line(this.colour.grid, 1, [], [[x, this.lane.top], [x, y]]);
      const words = this.say("seconds", { n: ms / 1000 });
      if (x > LEFT + 8 && x < this.width - RIGHT - 4) this.text(words, x, y + 11, "center");
    }
  }

  drawSide(side, colour, sign) {
    if (side.base === null) return;
    const { pen } = this;
    const size = Math.max(1, Math.ceil(1 / (BUCKET_MS * this.perMs)));
    const step = size * BUCKET_MS;
    const { data, n } = side.grouped(size);
    const zero = side.base * BUCKET_MS;
    const first = clamp(Math.floor((this.begin - zero) / step), 0, n);
    const last = clamp(Math.ceil((this.end - zero) / step) + 1, 0, n);
    const half = sign < 0 ? this.lane.middle - this.lane.top : this.lane.bottom - this.lane.middle;
    const scale = (sign * half * 0.96) / side.loudest;
    pen.fillStyle = colour;
    pen.beginPath();
    pen.moveTo(this.x(zero + first * step), this.lane.middle);
    for (let k = first; k < last; k += 1) {
      pen.lineTo(this.x(zero + (k + 0.5) * step), this.lane.middle + data[k] * scale + sign * 0.5);
    }
    pen.lineTo(this.x(zero + last * step), this.lane.middle);
    pen.fill();
  }

  drawSpans(story) {
    const { pen, lane } = this;
    pen.globalAlpha = 0.16;
    for (const row of story.rows.values()) {
      const to = row.to ?? this.end;
      if (row.kind === "turn" && this.shown(row.speech, to)) {
        pen.fillStyle = this.colour.user;
        pen.fillRect(this.x(row.speech), lane.top, (to - row.speech) * this.perMs, lane.middle - lane.top);
      } else if (row.kind === "reply" && this.shown(row.from, to)) {
        pen.fillStyle = this.colour.agent;
        pen.fillRect(this.x(row.from), lane.middle, (to - row.from) * this.perMs, lane.bottom - lane.middle);
      }
    }
    pen.globalAlpha = 1;
    this.line(this.colour.edge, 1, [], [[LEFT, lane.middle], [LEFT + this.plotWidth, lane.middle]]);
  }

  drawUnheard(story) {
    const { pen, lane } = this;
    for (const row of story.of("reply")) {
      if (!row.cut || !this.shown(row.to, row.to + row.unheard)) continue;
      const x = this.x(row.to);
      pen.fillStyle = this.hatch;
      const height = (lane.bottom - lane.middle) * 0.6;
      pen.fillRect(x, lane.middle + 1, row.unheard * this.perMs, height);
      this.line(this.colour.agent, 1, [3, 2], [[x, lane.middle + height], [x + row.unheard * this.perMs, lane.middle + height]]);
      this.line(this.colour.ink, 2, [], [[x, lane.middle - 6], [x, lane.bottom]]);
      this.line(this.colour.ink, 2, [], [[x - 5, lane.bottom - 10], [x + 5, lane.bottom], [x, lane.bottom - 5],
        [x + 5, lane.bottom - 10], [x - 5, lane.bottom]]);
      this.plate(this.say("not_heard", { seconds: inSeconds(row.unheard) }), x + 8, lane.bottom - 8);
    }
  }

  bracket(from, to, y, dash, width = 2) {
    const [left, right] = [this.x(from), Math.max(this.x(to), this.x(from) + 2)];
    this.line(this.colour.ink, width, dash, [[left, y + 6], [left, y], [right, y], [right, y + 6]]);
  }

  drawTurns(story) {
    const { pen, lane } = this;
    for (const row of story.of("turn")) {
      const to = row.to ?? this.end;
      if (!this.shown(row.from, Math.max(to, row.decided ?? to))) continue;
      this.bracket(row.speech, to, 6, []);
      this.plate(String(row.n), clamp(this.x(row.speech), LEFT, this.x(to)) + 5, 12);
      if (row.speech > row.from) {
        pen.fillStyle = this.colour.user;
        pen.fillRect(this.x(row.from), lane.middle - 5, (row.speech - row.from) * this.perMs, 5);
      }
      if (row.decided === null) continue;
      const x = this.x(row.decided);
      this.line(this.colour.ink, 1.5, [2, 2], [[this.x(to), 12], [x, 12]]);
      this.line(this.colour.edge, 1, [2, 3], [[x, 18], [x, lane.middle]]);
      pen.fillStyle = this.colour.ink;
      pen.beginPath();
      pen.moveTo(x - 5, 8);
      pen.lineTo(x + 5, 8);
      pen.lineTo(x, 18);
      pen.fill();
    }
  }

  drawWhatIf(story, found) {
    if (!found) return;
    const y = ROW + 6;
    for (const turn of found.turns) {
      if (!this.shown(turn.start_ms, turn.decided_ms ?? turn.end_ms)) continue;
      this.bracket(turn.start_ms, turn.end_ms, y, [4, 2], turn.likeness === "merged" ? 4 : 2);
      const end = this.x(turn.end_ms);
      if (turn.likeness === "cut") {
        this.line(this.colour.ink, 2, [], [[end - 4, y - 2], [end + 4, y + 8]]);
        this.line(this.colour.ink, 2, [], [[end + 4, y - 2], [end - 4, y + 8]]);
      }
      if (turn.likeness !== "same") this.plate(this.say(turn.likeness), Math.max(LEFT, this.x(turn.start_ms)) + 5, y + 8);
    }
    for (const row of story.of("turn").filter((one) => found.missed.includes(one.n))) {
      const [left, right] = [this.x(row.speech), this.x(row.to)];
      this.line(this.colour.ink, 1, [1, 3], [[left, y], [right, y], [right, y + 10], [left, y + 10], [left, y]]);
      this.plate(this.say("missed"), Math.max(LEFT, left) + 5, y + 6);
    }
  }

  drawSpeech(story) {
    const { pen, lane } = this;
    this.line(this.colour.grid, 1, [], [[LEFT, lane.strip1], [LEFT + this.plotWidth, lane.strip1]]);
    this.line(this.colour.edge, 1, [], [[LEFT, lane.strip0], [LEFT + this.plotWidth, lane.strip0]]);
    const per = (lane.strip0 - lane.strip1) / 255;
    pen.strokeStyle = this.colour.speech;
    pen.lineWidth = 1.5;
    pen.beginPath();
    let before = -Infinity;
    for (let k = story.firstScore(this.begin - 100); k < story.starts.n; k += 1) {
      const start = story.starts.data[k];
      if (start > this.end) break;
      const [x, y] = [this.x((start + story.ends.data[k]) / 2), lane.strip0 - story.p.data[k] * per];
      // Where nothing was sent there is no line.
      if (start - before > 5) pen.moveTo(x, y);
      else pen.lineTo(x, y);
      before = story.ends.data[k];
    }
    pen.stroke();
  }

  drawThresholds(story, seen) {
    const rows = story.of("threshold");
    rows.forEach((row, k) => {
      const to = rows[k + 1]?.from ?? this.end;
      if (row.value === null || !this.shown(row.from, to)) return;
      const y = this.thresholdY(row.value, this.lane);
      this.line(this.colour.edge, 1, [], [[this.x(row.from), y], [this.x(to), y]]);
    });
    if (seen.threshold === null) return;
    const y = this.thresholdY(seen.threshold, this.lane);
    this.line(this.colour.ink, 2, seen.whatIfMode ? [7, 4] : [], [[LEFT, y], [LEFT + this.plotWidth, y]]);
  }

  drawMarks(story) {
    const { pen, lane } = this;
    for (const row of story.of("mark")) {
      if (!this.shown(row.from, row.from)) continue;
      const [x, y] = [this.x(row.from), lane.top + 10];
      this.line(this.colour.mark, 1, [], [[x, lane.top], [x, lane.strip]]);
      this.plate(row.text.length > 24 ? `${row.text.slice(0, 23)}…` : row.text, x + 9, y);
      pen.fillStyle = this.colour.mark;
      pen.beginPath();
      [[x, y - 7], [x + 7, y], [x, y + 7], [x - 7, y]].forEach(([a, b], k) => (k ? pen.lineTo(a, b) : pen.moveTo(a, b)));
      pen.fill();
    }
    for (const row of story.of("error")) {
      if (!this.shown(row.from, row.from)) continue;
      const [x, y] = [this.x(row.from), lane.bottom - 10];
      this.plate(this.say("error"), x + 9, y);
      this.line(this.colour.ink, 3, [], [[x - 5, y - 5], [x + 5, y + 5]]);
      this.line(this.colour.ink, 3, [], [[x - 5, y + 5], [x + 5, y - 5]]);
    }
  }

  drawCursor(ms, dash) {
    if (ms === null || !this.shown(ms, ms)) return;
    this.line(this.colour.ink, 1.5, dash, [[this.x(ms), 0], [this.x(ms), this.height - AXIS]]);
  }

  drawNames(seen) {
    const { lane } = this;
    const at = LEFT - 6;
    this.text(this.say("turns"), at, 10, "right");
    if (seen.whatIfMode) this.text(this.say("what_if_row"), at, ROW + 12, "right");
    this.text(this.say("user"), at, (lane.top + lane.middle) / 2, "right");
    this.text(this.say("agent"), at, (lane.bottom + lane.middle) / 2, "right");
    this.text("1", at, lane.strip1 + 3, "right");
    this.text(this.say("speech"), at, (lane.strip0 + lane.strip1) / 2, "right");
    this.text("0", at, lane.strip0 - 3, "right");
  }
}

// --- the page --------------------------------------------------------------------------------------------------

const make = (tag, name, facts = {}) => {
  const made = document.createElement(tag);
  if (name) made.className = `voicelab-scope-${name}`;
  for (const [key, value] of Object.entries(facts)) {
    if (key === "text") made.textContent = value;
    else made.setAttribute(key, value);
  }
  return made;
};

// The signs of the legend; each is drawn as the canvas draws it.
const SIGNS = [
  ["legend_user", '<path d="M0 14L4 6L8 10L14 2L20 9L26 5L32 14Z" fill="var(--voicelab-user)"/>'],
  ["legend_agent", '<path d="M0 2L4 10L8 6L14 14L20 7L26 11L32 2Z" fill="var(--voicelab-agent)"/>'],
  ["legend_padding", '<path d="M2 8H30" stroke="var(--voicelab-user)" stroke-width="5"/>'],
  ["legend_endpoint", '<path d="M2 6H22" stroke="currentColor" stroke-dasharray="2 2"/><path d="M19 3H29L24 13Z" fill="currentColor"/>'],
  ["legend_cut", '<path d="M6 0V16M1 10L11 16M11 10L1 16" stroke="currentColor" stroke-width="2"/><path d="M14 14L22 2M20 14L28 2M26 14L32 4" stroke="var(--voicelab-agent)" stroke-width="1.5"/>'],
  ["legend_probability", '<path d="M0 14L8 12L12 3L22 3L26 13L32 14" fill="none" stroke="var(--voicelab-speech)" stroke-width="1.5"/>'],
  ["legend_threshold", '<path d="M0 4H32" stroke="currentColor" stroke-width="2"/><path d="M0 12H32" stroke="currentColor" stroke-width="2" stroke-dasharray="7 4"/>'],
  ["legend_mark", '<path d="M16 1L23 8L16 15L9 8Z" fill="var(--voicelab-mark)"/>'],
  ["legend_error", '<path d="M11 3L21 13M11 13L21 3" stroke="currentColor" stroke-width="3"/>'],
];

class Page {
  constructor(model, el) {
    this.model = model;
    this.story = new Story();
    this.clock = new Clock();
    this.span = 10_000;
    this.paused = false;
    this.pausedEnd = 0;
    this.whatIf = null; // the threshold that is tried
    this.found = null;
    this.local = null; // a threshold asked for here, until the server says what is in force
    this.localAt = 0;
    this.sentAt = {};
    this.timers = {};
    this.audio = null;
    this.wantsSound = false;
    this.dirty = true;
    this.wordsDirty = true;
    this.wordsAt = 0;
    this.said = new Set();
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.say = this.say.bind(this);
    this.build(el);
    this.picture = new Picture(this.canvas, this.root);
    this.attach();
  }

  say(key, places = {}) {
    const text = this.model.get("words")[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
  }

  // --- building

  build(el) {
    const { say } = this;
    this.root = make("section", "", { "aria-label": say("title"), "data-lm-suppress-shortcuts": "true", class: "voicelab-scope" });
    const bar = make("div", "bar");
    this.badge = make("span", "badge");
    this.hint = make("span", "hint");
    this.pauseButton = make("button", "", { type: "button", text: say("pause") });
    this.liveButton = make("button", "", { type: "button", text: say("go_live") });
    this.markButton = make("button", "", { type: "button" });
    this.useButton = make("button", "", { type: "button" });
    this.zoom = make("select", "", { "aria-label": say("zoom") });
    for (const n of SPANS_S) this.zoom.append(make("option", "", { value: n * 1000, text: say("seconds", { n }) }));
    this.zoom.value = String(this.span);
    bar.append(this.badge, this.hint, this.useButton, this.markButton, this.pauseButton, this.liveButton, this.zoom);
    this.stage = make("div", "stage");
    this.canvas = make("canvas", "", { role: "img", "aria-label": say("table_none") });
    this.time = make("div", "time", { role: "slider", tabindex: "0", "aria-label": say("cursor"), "aria-valuemin": "0" });
    this.threshold = make("div", "threshold", {
      role: "slider",
      tabindex: "0",
      "aria-label": say("threshold"),
      "aria-orientation": "vertical",
      "aria-valuemin": "0",
      "aria-valuemax": "1",
    });
    this.thresholdNumber = make("span", "");
    this.threshold.append(this.thresholdNumber);
    this.empty = make("p", "empty");
    this.stage.append(this.canvas, this.time, this.empty, this.threshold);
    const position = make("label", "position");
    this.position = make("input", "", { type: "range", min: "0", step: "100" });
    position.append(make("span", "", { text: say("position") }), this.position);
    this.note = make("p", "note", { role: "status" });
    this.status = make("div", "hidden", { role: "status" });
    this.root.append(bar, this.stage, position, this.note, this.status, this.buildLegend(), this.buildTable());
    el.append(this.root);
  }

  buildLegend() {
    const details = make("details", "");
    const list = make("ul", "legend");
    for (const [key, drawing] of SIGNS) {
      const item = make("li", "");
      item.innerHTML = `<svg viewBox="0 0 32 16" aria-hidden="true">${drawing}</svg>`;
      item.append(make("span", "", { text: this.say(key) }));
      list.append(item);
    }
    const after = ["legend_scale", "keys"].map((key) => make("p", "", { text: this.say(key) }));
    details.append(make("summary", "", { text: this.say("legend") }), list, ...after);
    return details;
  }

  buildTable() {
    this.details = make("details", "");
    const frame = make("div", "table", { tabindex: "0", role: "region", "aria-label": this.say("table") });
    const table = make("table", "");
    const head = make("tr", "");
    for (const key of ["turn", "start", "end", "wait", "reply", "cut"]) {
      head.append(make("th", "", { scope: "col", text: this.say(`table_${key}`) }));
    }
    const top = make("thead", "");
    top.append(head);
    this.tableBody = make("tbody", "");
    table.append(top, this.tableBody);
    this.noTurns = make("p", "", { text: this.say("table_none") });
    frame.append(table, this.noTurns);
    this.details.append(make("summary", "", { text: this.say("table") }), frame);
    return this.details;
  }

  attach() {
    const { model } = this;
    this.pauseButton.addEventListener("click", () => this.pause());
    this.liveButton.addEventListener("click", () => this.goLive());
    this.markButton.addEventListener("click", () => this.mark());
    this.useButton.addEventListener("click", () => this.use());
    this.zoom.addEventListener("change", () => this.setSpan(Number(this.zoom.value)));
    this.position.addEventListener("input", () => this.lookBack(Number(this.position.value)));
    this.root.addEventListener("keydown", (event) => this.keyed(event));
    this.time.addEventListener("pointerdown", (event) => this.dragTime(event));
    this.time.addEventListener("keydown", (event) => this.timeKeyed(event));
    this.threshold.addEventListener("pointerdown", (event) => this.dragThreshold(event));
    this.threshold.addEventListener("keydown", (event) => this.thresholdKeyed(event));
    this.details.addEventListener("toggle", () => this.tellInWords());
    this.onMessage = (content, buffers) => this.told(content, buffers);
    this.onChange = () => this.changed();
    this.onCursor = () => this.showCursor();
    model.on("msg:custom", this.onMessage);
    model.on("change:running change:can_use change:asked", this.onChange);
    model.on("change:cursor_ms", this.onCursor);
    this.sized = new ResizeObserver(() => {
      this.picture.resize();
      this.changed();
    });
    this.sized.observe(this.stage);
    this.seen = new IntersectionObserver(([entry]) => {
      this.hidden = !entry.isIntersecting;
      this.dirty = true;
    });
    this.seen.observe(this.stage);
    this.themed = new MutationObserver(() => {
      this.picture.readColours();
      this.changed();
    });
    this.themed.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
    this.changed();
    this.frame = requestAnimationFrame(() => this.tick());
    model.send({ do: "again" });
  }

  remove() {
    cancelAnimationFrame(this.frame);
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
    this.sized.disconnect();
    this.seen.disconnect();
    this.themed.disconnect();
    this.silence();
    this.model.off("msg:custom", this.onMessage);
    this.model.off("change:running change:can_use change:asked", this.onChange);
    this.model.off("change:cursor_ms", this.onCursor);
    this.root.remove();
  }

  // --- what the kernel says

  told(content, buffers) {
    if (content.kind === "news") {
      if (content.reset) this.beginAnew(content);
      this.story.take(content, buffers);
      this.clock.hear(content.now, performance.now());
      if (content.rows.length || content.reset) this.wordsDirty = true;
      if (this.local !== null && content.rows.some((row) => row.kind === "threshold")) this.local = null;
      if (content.reset && !this.running && !this.pausedEnd) this.pausedEnd = this.story.begin + this.span;
      this.dirty = true;
      if (content.reset || content.over) this.changed();
      if (content.reset && this.whatIf !== null) this.imagine();
    } else if (content.kind === "what if") {
      if (Math.abs(content.settings.threshold - (this.whatIf ?? -1)) < 1e-6) this.showFound(content);
    } else if (content.kind === "sound" && this.wantsSound) {
      this.play(content.from, buffers[0]);
    } else if (content.kind === "say") {
      this.note.textContent = content.text;
    }
  }

  // Another run, or the same again: what was tried belongs to what was shown, but a page that looks back stays there.
  beginAnew(content) {
    this.said.clear();
    this.note.textContent = "";
    if (content.run === this.story.run) return;
    this.paused = false;
    this.pausedEnd = 0;
    this.whatIf = this.found = null;
  }

  get running() {
    return this.model.get("running") && !this.story.over;
  }

  get mode() {
    if (this.story.empty) return "ready";
    return this.running && !this.paused ? "live" : "what if";
  }

  get inForce() {
    return this.story.threshold;
  }

  get shownThreshold() {
    if (this.mode === "what if") return this.whatIf ?? this.inForce ?? this.model.get("asked");
    if (this.local !== null && performance.now() - this.localAt < ASKED_HOLDS_MS) return this.local;
    return this.mode === "ready" ? this.local ?? this.model.get("asked") : this.inForce;
  }

  // --- repainting

  changed() {
    const { mode, say } = this;
    const key = mode.replace(" ", "_");
    // A run that ends is looked at from its end.
    if (this.root.dataset.mode === "live" && mode === "what if" && !this.paused) this.pausedEnd = this.story.end;
    this.root.dataset.mode = mode;
    this.badge.textContent = say(key);
    this.hint.textContent = say(`${key}_hint`);
    this.pauseButton.hidden = mode !== "live";
    this.liveButton.hidden = !this.running || !this.paused;
    this.markButton.hidden = mode === "ready";
    this.markButton.textContent = say(mode === "live" ? "mark_now" : "mark_cursor");
    const shown = this.shownThreshold;
    this.useButton.hidden = mode !== "what if" || !this.model.get("can_use") || this.whatIf === null;
    this.useButton.textContent = say("use", { value: (shown ?? 0).toFixed(2) });
    this.empty.hidden = !this.story.empty && this.story.end > 0;
    this.empty.textContent = say(this.story.empty ? "empty" : "quiet");
    this.placeThreshold();
    this.placeTime();
    this.dirty = true;
  }

  placeThreshold() {
    const { mode, threshold } = this;
    const value = this.shownThreshold;
    const fixed = mode !== "what if" && !this.model.get("can_use");
    threshold.hidden = value === null;
    if (value === null) return;
    const lanes = this.picture.lanes(mode === "what if");
    threshold.style.top = `${this.picture.thresholdY(value, lanes)}px`;
    threshold.setAttribute("aria-disabled", String(fixed));
    threshold.setAttribute("aria-valuenow", value.toFixed(2));
    threshold.setAttribute("aria-valuetext", this.say(`threshold_text_${mode.replace(" ", "_")}`, { value: value.toFixed(2) }));
    this.thresholdNumber.textContent = value.toFixed(2);
  }

  placeTime() {
    const { story } = this;
    const end = this.rightEdge(performance.now());
    const from = Math.max(0, end - this.span);
    this.position.disabled = story.empty;
    this.position.max = String(Math.max(this.span, story.end));
    this.position.min = String(Math.min(this.span, story.end));
    this.position.value = String(end);
    this.position.setAttribute("aria-valuetext", this.say("position_text", { from: inSeconds(from), to: inSeconds(end) }));
    this.time.setAttribute("aria-valuemax", inSeconds(story.end));
    const cursor = this.model.get("cursor_ms");
    this.time.setAttribute("aria-valuenow", inSeconds(cursor ?? 0));
    this.time.setAttribute("aria-valuetext", this.cursorWords(cursor));
  }

  cursorWords(cursor) {
    if (cursor === null) return this.say("cursor_none");
    const { turn, reply } = this.story.speaking(cursor);
    const what = turn && reply ? "both" : turn ? "user" : reply ? "agent" : "quiet";
    return this.say("cursor_text", { at: inSeconds(cursor), what: this.say(`cursor_${what}`, { n: turn?.n }) });
  }

  rightEdge(here) {
    if (this.mode === "live") return Math.max(this.span, this.clock.now(here) - LAG_MS);
    if (this.mode === "ready") return this.span;
    return clamp(this.pausedEnd, Math.min(this.span, this.story.end), Math.max(this.span, this.story.end));
  }

  tick() {
    this.frame = requestAnimationFrame(() => this.tick());
    const here = performance.now();
    const moving = this.mode === "live" || (this.audio && !this.audio.paused);
    if (here - this.wordsAt > 1000 && (this.wordsDirty || moving)) {
      this.wordsAt = here;
      this.placeTime();
      this.placeThreshold();
      if (this.wordsDirty) this.tellInWords();
    }
    if (this.hidden || !(this.dirty || moving)) return;
    if (moving && this.calm.matches && here - (this.drawnAt ?? 0) < CALM_MS) return;
    const end = this.rightEdge(here);
    const still = moving && !this.dirty && end === this.drawnEnd && !this.audio;
    if (!still) this.draw(end, here);
  }

  draw(end, here) {
    this.dirty = false;
    this.drawnAt = here;
    this.drawnEnd = end;
    this.picture.draw(this.story, {
      end,
      span: this.span,
      whatIfMode: this.mode === "what if",
      whatIf: this.found,
      threshold: this.shownThreshold,
      cursor: this.model.get("cursor_ms"),
      playing: this.audio && !this.audio.paused ? this.soundFrom + this.audio.currentTime * 1000 : null,
      say: this.say,
    });
  }

  // --- the same in words

  tellInWords() {
    this.wordsDirty = false;
    const turns = this.story.of("turn");
    const replies = this.story.of("reply");
    const cutOf = new Map(replies.filter((row) => row.cut).map((row) => [row.turn, row]));
    const last = turns.at(-1);
    this.canvas.setAttribute("aria-label", last ? this.turnWords(last) : this.say("table_none"));
    this.noTurns.hidden = turns.length > 0;
    if (this.details.open) this.tableBody.replaceChildren(...turns.map((turn) => this.tableRow(turn, cutOf.get(turn.n))));
    if (this.mode !== "live") return;
    const news = [];
    for (const row of [...turns, ...replies]) {
      const done = row.kind === "turn" ? row.decided !== null : row.cut;
      if (!done || this.said.has(row.id)) continue;
      this.said.add(row.id);
      news.push(row.kind === "turn" ? this.turnWords(row) : this.say("say_cut", { seconds: inSeconds(row.unheard) }));
    }
    if (news.length) this.status.textContent = news.slice(-2).join(" ");
  }

  turnWords(turn) {
    if (turn.decided === null) return this.say("say_speaking", { n: turn.n });
    const wait = Math.max(0, Math.round(turn.decided - turn.to));
    return this.say("say_turn", { n: turn.n, at: inSeconds(turn.to), wait });
  }

  tableRow(turn, cut) {
    const { say } = this;
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

  // --- time

  pause(end = this.rightEdge(performance.now())) {
    if (this.mode !== "live") return;
    this.paused = true;
    this.pausedEnd = end;
    this.whatIf = this.found = null;
    this.keepFocus(this.pauseButton, this.liveButton);
    this.status.textContent = this.say("say_paused");
    this.imagine();
  }

  goLive() {
    if (!this.running) return;
    this.paused = false;
    this.whatIf = this.found = null;
    this.keepFocus(this.liveButton, this.pauseButton);
    this.status.textContent = this.say("say_live");
  }

  // A button that goes away while it has the focus would leave a keyboard in the void.
  keepFocus(from, to) {
    const focused = document.activeElement === from;
    this.changed();
    if (focused) to.focus();
  }

  setSpan(span) {
    this.span = span;
    this.zoom.value = String(span);
    this.changed();
    this.imagineSoon();
  }

  lookBack(end) {
    if (this.story.empty) return;
    if (this.mode === "live") this.pause(end);
    this.pausedEnd = clamp(end, Math.min(this.span, this.story.end), Math.max(this.span, this.story.end));
    this.placeTime();
    this.dirty = true;
    this.imagineSoon();
  }

  setCursor(ms) {
    this.model.set("cursor_ms", clamp(ms, 0, this.story.end));
    this.model.save_changes();
  }

  showCursor() {
    const ms = this.model.get("cursor_ms");
    if (ms !== null && this.mode === "what if") {
      const end = this.rightEdge(0);
      if (ms > end || ms < end - this.span) this.lookBack(ms + this.span / 2);
    }
    this.placeTime();
    this.dirty = true;
  }

  msAt(event) {
    const box = this.stage.getBoundingClientRect();
    const scale = this.picture.width / box.width;
    return this.picture.begin + ((event.clientX - box.left) * scale - LEFT) / this.picture.perMs;
  }

  dragTime(down) {
    if (this.story.empty || down.button) return;
    const grabbed = this.msAt(down);
    let dragged = false;
    const move = (event) => {
      if (!dragged && Math.abs(event.clientX - down.clientX) < 5) return;
      dragged = true;
      this.lookBack(this.rightEdge(performance.now()) + grabbed - this.msAt(event));
      this.draw(this.rightEdge(performance.now()), performance.now());
    };
    const up = (event) => {
      this.time.removeEventListener("pointermove", move);
      this.time.removeEventListener("pointerup", up);
      this.time.removeEventListener("pointercancel", up);
      if (!dragged && event.type === "pointerup") this.listen(grabbed);
    };
    this.time.setPointerCapture(down.pointerId);
    this.time.addEventListener("pointermove", move);
    this.time.addEventListener("pointerup", up);
    this.time.addEventListener("pointercancel", up);
  }

  timeKeyed(event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || this.story.empty) return;
    const cursor = this.model.get("cursor_ms") ?? this.rightEdge(performance.now());
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -25, PageUp: 25 };
    if (key in steps) {
      this.pause();
      this.setCursor(cursor + (steps[key] * this.span) / 50);
    } else if (key === "Home") {
      this.pause();
      this.setCursor(0);
    } else if (key === "End") {
      if (this.running) this.goLive();
      else this.setCursor(this.story.end);
    } else if (key === "Enter" || key === " ") {
      this.listen(cursor);
    } else {
      return;
    }
    event.preventDefault();
  }

  // --- keys, marks, sound

  keyed(event) {
    if (event.key !== "Tab" && event.key !== "Escape") event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (event.target.tagName === "SELECT") return;
    const acts = {
      p: () => (this.paused ? this.goLive() : this.pause()),
      l: () => this.goLive(),
      m: () => event.repeat || this.mark(),
      "+": () => this.zoomBy(-1),
      "-": () => this.zoomBy(1),
    };
    if (!(key in acts)) return;
    event.preventDefault();
    acts[key]();
  }

  zoomBy(step) {
    const at = SPANS_S.indexOf(this.span / 1000);
    this.setSpan(SPANS_S[clamp(at + step, 0, SPANS_S.length - 1)] * 1000);
  }

  mark() {
    if (this.story.empty) return;
    const now = this.clock.now(performance.now());
    const at = this.mode === "live" ? now : this.model.get("cursor_ms") ?? this.rightEdge(performance.now());
    this.note.textContent = "";
    this.model.send({ do: "mark", at });
    this.status.textContent = this.say("say_marked", { at: inSeconds(at, 2) });
  }

  listen(at) {
    this.setCursor(at);
    this.wantsSound = true;
    this.model.send({ do: "listen", at: this.model.get("cursor_ms") });
  }

  play(from, wav) {
    this.silence();
    this.wantsSound = false;
    this.soundFrom = from;
    this.soundUrl = URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
    this.audio = new Audio(this.soundUrl);
    this.audio.addEventListener("ended", () => this.silence());
    this.audio.play().catch(() => this.silence()); // a page that may not play sound still shows the place
  }

  silence() {
    this.audio?.pause();
    this.audio = null;
    if (this.soundUrl) URL.revokeObjectURL(this.soundUrl);
    this.soundUrl = null;
    this.dirty = true;
  }

  // --- the threshold

  dragThreshold(down) {
    if (this.threshold.getAttribute("aria-disabled") === "true" || down.button) return;
    const lanes = this.picture.lanes(this.mode === "what if");
    const box = this.stage.getBoundingClientRect();
    const scale = this.picture.height / box.height;
    const at = (event) => (event.clientY - box.top) * scale;
    const off = this.picture.thresholdY(this.shownThreshold, lanes) - at(down);
    const move = (event) => this.setThreshold(this.picture.thresholdAt(at(event) + off, lanes), false);
    const up = (event) => {
      this.threshold.removeEventListener("pointermove", move);
      this.threshold.removeEventListener("pointerup", up);
      this.threshold.removeEventListener("pointercancel", up);
      if (this.shownThreshold !== before) this.setThreshold(this.shownThreshold, true);
    };
    const before = this.shownThreshold;
    this.threshold.setPointerCapture(down.pointerId);
    this.threshold.focus();
    this.threshold.addEventListener("pointermove", move);
    this.threshold.addEventListener("pointerup", up);
    this.threshold.addEventListener("pointercancel", up);
    down.preventDefault();
  }

  thresholdKeyed(event) {
    const value = this.shownThreshold;
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
    if (this.threshold.getAttribute("aria-disabled") !== "true") this.setThreshold(to, false);
  }

  setThreshold(wanted, final) {
    const value = Math.round(clamp(wanted, 0, 1) * 100) / 100;
    if (this.mode === "what if") {
      this.whatIf = value;
      this.imagineSoon();
    } else {
      this.local = value;
      this.localAt = performance.now();
      this.sendAtMost("threshold", DRAG_EVERY_MS, () => this.model.send({ do: "threshold", value: this.local ?? value }), final);
    }
    this.changed();
  }

  use() {
    if (this.whatIf === null) return;
    this.model.send({ do: "use", value: this.whatIf });
    this.local = this.whatIf;
    this.localAt = performance.now();
    if (this.running) {
      this.goLive();
      this.pauseButton.focus();
    }
  }

  // The first at once, then one in so many milliseconds, and always the last.
  sendAtMost(name, everyMs, send, now = false) {
    clearTimeout(this.timers[name]);
    const since = performance.now() - (this.sentAt[name] ?? -Infinity);
    const go = () => {
      this.sentAt[name] = performance.now();
      send();
    };
    if (now || since >= everyMs) go();
    else this.timers[name] = setTimeout(go, everyMs - since);
  }

  imagineSoon() {
    if (this.mode === "what if") this.sendAtMost("what if", WHAT_IF_EVERY_MS, () => this.imagine());
  }

  imagine() {
    if (this.mode !== "what if" || this.whatIf === null) return;
    const to = this.rightEdge(performance.now());
    this.model.send({ do: "what if", value: this.whatIf, from: to - this.span, to });
  }

  showFound(found) {
    this.found = found;
    this.dirty = true;
    const count = (likeness) => found.turns.filter((turn) => turn.likeness === likeness).length;
    this.status.textContent = this.say("say_what_if", {
      value: found.settings.threshold.toFixed(2),
      n: found.turns.length,
      cut: count("cut"),
      merged: count("merged"),
      new: count("new"),
      missed: found.missed.length,
    });
  }
}

export default {
  render({ model, el }) {
    const page = new Page(model, el);
    return () => page.remove();
  },
};
