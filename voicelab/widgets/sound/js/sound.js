// One page's sound: joins the way, the microphone and the playback, and keeps how it stands for every view of it.
// In: the model, messages and chunks of the kernel, clicks. Out: frames, counts, a state. Does not know: turns.

const PING_MS = 1000;
const KERNEL_GONE_MS = 5000;
const COMM_REPORT_MS = 100; // a comm is no place for 50 reports a second

class Sound {
  constructor(model) {
    this.words = model.get("words");
    this.views = new Set();
    this.state = { way: "none", microphone: "off", muted: false, problem: "", places: {} };
    Object.assign(this.state, { roundTripMs: null, nUnderruns: 0, missingMs: 0 });
    this.way = new Way(model, {
      found: (welcome) => this.found(welcome),
      lost: () => this.lost(),
      message: (message) => this.heed(message),
      chunk: (chunk) => this.playback.chunk(chunk),
    });
    this.audio = new Audio(model.get("worklets"), () => this.tellAudio());
    this.microphone = new Microphone(this.audio, {
      tell: (state, problem, places) => this.tellMicrophone(state, problem, places),
      frame: (bytes) => this.way.send(bytes),
    });
    this.playback = new Playback(this.audio, {
      played: (played) => this.tellPlayed(played),
      flushed: (flushed) => this.way.tell({ type: "flushed", ...flushed }),
      failed: (error) => this.tellNoPlayback(error),
    });
    this.reportedMs = 0;
    this.pinging = setInterval(() => this.ping(), PING_MS);
    this.leave = () => this.way.tell({ type: "bye" });
    window.addEventListener("pagehide", this.leave);
    this.way.find();
  }

  found(welcome) {
    clearTimeout(this.kernelGone);
    this.change({ way: this.way.name, muted: welcome.muted, problem: "" });
    this.microphone.mute(welcome.muted);
    this.playback.generation = Math.max(this.playback.generation, welcome.generation);
    this.tellAudio();
    if (!welcome.listening) this.microphone.release();
    else if (!this.microphone.stream) this.microphone.start();
    else this.tellMicrophone(this.state.microphone, this.state.problem);
    this.ping();
  }

  // A kernel that has gone must not leave the microphone open.
  lost() {
    this.change({ way: "none", roundTripMs: null });
    clearTimeout(this.kernelGone);
    this.kernelGone = setTimeout(() => {
      this.microphone.release();
      this.change({ microphone: "off", problem: "kernel" });
    }, KERNEL_GONE_MS);
    this.way.find();
  }

  heed(message) {
    if (message.type === "pong") {
      this.change({ roundTripMs: performance.now() - message.at, missingMs: message.missing_ms });
    }
    if (message.type === "listen") message.on ? this.microphone.start() : this.microphone.stop();
    else if (message.type === "mute") this.mute(message.on);
    else if (message.type === "flush") this.playback.flush(message.generation);
    else if (message.type === "replaced") this.replaced();
    else if (message.type === "closed") this.close();
    this.pongMs = performance.now();
  }

  mute(on) {
    this.microphone.mute(on);
    this.change({ muted: on });
  }

  replaced() {
    this.microphone.release();
    this.playback.flush(this.playback.generation);
    this.way.drop();
    this.change({ way: "none", microphone: "off", problem: "replaced" });
  }

  ping() {
    if (this.state.way === "none") return;
    this.way.tell({ type: "ping", at: performance.now(), round_trip_ms: this.state.roundTripMs });
    if (this.way.name === "comm" && performance.now() - this.pongMs > KERNEL_GONE_MS && !document.hidden) {
      this.pongMs = performance.now();
      this.lost();
    }
  }

  // The click that a browser wants before it plays or records, or that brings the sound back to this page.
  async start() {
    if (this.state.problem === "replaced") {
      this.change({ problem: "" });
      this.way.find();
    }
    await this.audio.resume();
  }

  tellAudio() {
    const { context, running, latencyMs } = this.audio;
    if (context && !this.audio.closed) {
      this.way.tell({ type: "audio", rate_hz: context.sampleRate, running, output_latency_ms: latencyMs });
    }
    this.change({});
  }

  tellPlayed(played) {
    this.change({ nUnderruns: played.n_underruns });
    const now = performance.now();
    if (this.way.name === "comm" && now - this.reportedMs < COMM_REPORT_MS) return;
    this.reportedMs = now;
    this.way.tell({ type: "played", ...played, output_latency_ms: this.audio.latencyMs });
  }

  tellNoPlayback(error) {
    const problem = window.isSecureContext ? "worklets" : "insecure";
    this.change({ problem, places: { ...here(), reason: error.message } });
  }

  tellMicrophone(state, problem, places) {
    const all = { ...here(), ...places };
    this.change({ microphone: state, problem, places: all });
    this.way.tell({ type: "microphone", state, problem, places: all });
  }

  change(news) {
    Object.assign(this.state, news);
    for (const view of this.views) view();
  }

  close() {
    clearInterval(this.pinging);
    clearTimeout(this.kernelGone);
    window.removeEventListener("pagehide", this.leave);
    this.microphone.close();
    this.way.close();
    this.audio.close();
    this.change({ way: "none", microphone: "off" });
  }
}

// What the words say of this page's address.
function here() {
  const { origin, hostname, port, pathname } = location;
  return { origin, host: hostname, port: port || "80", path: pathname };
}
