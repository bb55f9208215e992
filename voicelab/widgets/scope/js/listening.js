// Two seconds of the run, played where somebody clicked.
// In: an instant; the kernel's WAV file. Out: sound, and where it is. Does not know: the picture.

class Listening {
  constructor(page) {
    this.page = page;
    this.audio = null;
    this.url = null;
    this.wanted = false;
    this.fromMs = 0;
  }

  ask(at) {
    this.page.time.setCursor(at);
    this.wanted = true;
    this.page.model.send({ do: "listen", at: this.page.model.get("cursor_ms") });
  }

  play(fromMs, wav) {
    if (!this.wanted) return;
    this.silence();
    this.wanted = false;
    this.fromMs = fromMs;
    this.url = URL.createObjectURL(new Blob([wav], { type: "audio/wav" }));
    this.audio = new Audio(this.url);
    this.audio.addEventListener("ended", () => this.silence());
    this.audio.play().catch(() => this.silence()); // a page that may not play sound still shows the place
  }

  silence() {
    this.audio?.pause();
    this.audio = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
    this.page.dirty = true;
  }

  get playing() {
    return this.audio !== null && !this.audio.paused;
  }

  get atMs() {
    return this.playing ? this.fromMs + this.audio.currentTime * 1000 : null;
  }
}
