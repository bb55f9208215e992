// The time cursor of a figure: an upright line through all its lanes, set by a click or by keys, and what is heard there.
// In: `cursor_ms` (on the run's time line, or null); the plotly figure beside it, whose x is seconds; a WAV file.
// Out: `cursor_ms`; {do: "listen", at}. Does not know: what the lanes show.
//
// The line lies over the figure and is none of its shapes: plotly would draw everything again each time it moves.

const CLICK_PX = 5; // who moves further between down and up wants to zoom
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const STEPS_IN_VIEW = 50;

const say = (text, places) => text.replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);

class Cursor {
  constructor(model, el) {
    this.model = model;
    this.words = model.get("words");
    this.figure = null;
    this.audio = null;
    this.line = document.createElement("div");
    this.line.className = "voicelab-cursor-line";
    this.slider = el.appendChild(this.makeSlider());
    this.leaving = new AbortController();
    this.slider.addEventListener("keydown", (event) => this.keyed(event));
    this.search = new MutationObserver(() => this.find(el));
    this.search.observe(document.body, { childList: true, subtree: true, attributeFilter: ["class"] });
    this.place = () => this.draw();
    this.heard = (message, [wav]) => message.kind === "sound" && this.play(wav);
    model.on("change:cursor_ms", this.place);
    model.on("msg:custom", this.heard);
    this.find(el);
    this.draw();
  }

  makeSlider() {
    const slider = document.createElement("div");
    const facts = { role: "slider", tabindex: "0", "aria-label": this.words.cursor, "aria-valuemin": "0" };
    // An arrow key moves the cursor, not the notebook's cell.
    for (const [name, value] of Object.entries({ ...facts, "data-lm-suppress-shortcuts": "true" })) {
      slider.setAttribute(name, value);
    }
    slider.className = "voicelab-cursor";
    return slider;
  }

  // The notebook puts this widget on the page when it likes, and so does plotly with its figure.
  find(el) {
    const figure = el.closest(".voicelab-figure")?.querySelector(".js-plotly-plot");
    if (!figure?._fullLayout?.xaxis || !figure.on) return;
    this.search.disconnect();
    this.figure = figure;
    figure.style.position = "relative";
    figure.on("plotly_afterplot", this.place);
    figure.on("plotly_relayouting", this.place);
    const { signal } = this.leaving;
    figure.addEventListener("pointerdown", (event) => this.pressed(event), { capture: true, signal });
    this.draw();
  }

  get lanes() {
    const full = this.figure?.data?.length ? this.figure._fullLayout : null;
    return full?.xaxis && full.yaxis ? { x: full.xaxis, y: full.yaxis } : null;
  }

  pressed(down) {
    const at = this.msAt(down);
    if (at === null || down.button) return;
    const released = (up) => {
      if (Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) < CLICK_PX) this.ask(at);
    };
    // Plotly lays a cover over the page while a button is down, so the end is not the figure's to hear.
    window.addEventListener("pointerup", released, { once: true, capture: true, signal: this.leaving.signal });
  }

  // Where on the time line somebody points; null outside the lanes.
  msAt(event) {
    const { lanes } = this;
    if (!lanes) return null;
    const box = this.figure.getBoundingClientRect();
    const x = event.clientX - box.left - lanes.x._offset;
    const y = event.clientY - box.top - lanes.y._offset;
    if (x < 0 || x > lanes.x._length || y < 0 || y > lanes.y._length) return null;
    return Math.max(0, lanes.x.p2d(x) * 1000);
  }

  move(ms) {
    this.model.set("cursor_ms", Math.max(0, ms));
    this.model.save_changes();
  }

  ask(ms) {
    this.move(ms);
    this.model.send({ do: "listen", at: this.model.get("cursor_ms") });
  }

  keyed(event) {
    const { lanes } = this;
    if (!lanes || event.ctrlKey || event.metaKey || event.altKey) return;
    const [from, to] = lanes.x.range.map((seconds) => seconds * 1000);
    const now = this.model.get("cursor_ms") ?? to;
    if (event.key in STEPS) this.move(now + (STEPS[event.key] * (to - from)) / STEPS_IN_VIEW);
    else if (event.key === "Home") this.move(from);
    else if (event.key === "End") this.move(to);
    else if (event.key === "Enter" || event.key === " ") this.ask(now);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  draw() {
    const { lanes, words, slider } = this;
    const ms = this.model.get("cursor_ms");
    const told = ms === null ? words.cursor_none : say(words.cursor_at, { at: (ms / 1000).toFixed(2) });
    if (slider.textContent !== told) slider.textContent = told;
    slider.hidden = !lanes;
    if (!lanes) return this.line.remove();
    slider.setAttribute("aria-valuemax", Math.max(lanes.x.range[1], (ms ?? 0) / 1000).toFixed(2));
    slider.setAttribute("aria-valuenow", ((ms ?? 0) / 1000).toFixed(2));
    slider.setAttribute("aria-valuetext", told);
    const x = ms === null ? -1 : lanes.x.d2p(ms / 1000);
    if (x < 0 || x > lanes.x._length) return this.line.remove();
    if (this.line.parentNode !== this.figure) this.figure.append(this.line);
    this.line.style.transform = `translateX(${lanes.x._offset + x}px)`;
    this.line.style.top = `${lanes.y._offset}px`;
    this.line.style.height = `${lanes.y._length}px`;
  }

  play(wav) {
    this.silence();
    this.url = URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
    this.audio = new Audio(this.url);
    this.audio.addEventListener("ended", () => this.silence());
    this.audio.play().catch(() => this.silence()); // a page that may not play sound still shows the place
  }

  silence() {
    this.audio?.pause();
    if (this.audio) URL.revokeObjectURL(this.url);
    this.audio = null;
  }

  close() {
    this.search.disconnect();
    this.leaving.abort();
    this.silence();
    this.figure?.removeListener?.("plotly_afterplot", this.place);
    this.figure?.removeListener?.("plotly_relayouting", this.place);
    this.model.off("change:cursor_ms", this.place);
    this.model.off("msg:custom", this.heard);
    this.line.remove();
    this.slider.remove();
  }
}

export default {
  render({ model, el }) {
    const cursor = new Cursor(model, el);
    return () => cursor.close();
  },
};
