// The browser's sound for a session in the kernel: microphone, playback, and the way to the kernel.
// In: messages and chunks of the kernel, clicks. Out: frames of the microphone, exact counts of what was played, and a
// line that says how it stands. Does not know: sessions, replies, turns.
//
// `Way` finds a way to the kernel and keeps to it; `Microphone` and `Playback` hold one end of the audio each; `Sound`
// joins them, one for each model however many views show it; `show` draws the line.

const RATE_HZ = 24000;
const HEAD_BYTES = 12;
const SOCKET_MS = 800; // two tries fall through within 2 s
const ANSWER_MS = 2000;
const PING_MS = 1000;
const SILENT_MS = 2000;
const KERNEL_GONE_MS = 5000;
const COMM_REPORT_MS = 100; // a comm is no place for 50 reports a second
const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

function pack(generation, first, samples) {
  const bytes = new ArrayBuffer(HEAD_BYTES + samples.byteLength);
  const head = new DataView(bytes);
  head.setUint32(0, generation, true);
  head.setUint32(4, first, true);
  new Int16Array(bytes, HEAD_BYTES).set(samples);
  return bytes;
}

function unpack(buffer) {
  const head = new DataView(buffer);
  const [generation, first, begins] = [0, 4, 8].map((at) => head.getUint32(at, true));
  return { generation, first, begins: begins === 1, samples: new Int16Array(buffer.slice(HEAD_BYTES)) };
}

// Where Jupyter's own pages say that the server's addresses begin; null in other front ends.
function baseUrl() {
  try {
    return JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl ?? null;
  } catch {
    return null;
  }
}

class Way {
  constructor(model, { found, lost, message, chunk }) {
    Object.assign(this, { model, found, lost, message, chunk });
    this.page = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.name = "none";
    this.socket = null;
    this.closed = false;
    this.waiting = new Map();
    this.fromComm = (content, buffers) => this.takeComm(content, buffers);
    model.on("msg:custom", this.fromComm);
  }

  async find() {
    this.drop();
    const door = await this.ask({ type: "hello", origin: location.origin }, "door");
    if (!door) return;
    for (const [name, address, token] of this.addresses(door)) {
      if (await this.open(name, address, token)) return;
      if (this.closed) return;
    }
    const welcome = await this.ask({ type: "here" }, "welcome");
    if (welcome) this.settle("comm", null, welcome);
  }

  addresses({ port, direct, proxy }) {
    const ways = [];
    if (direct && LOOPBACK.includes(location.hostname)) ways.push(["direct", `ws://127.0.0.1:${port}/`, direct]);
    const base = baseUrl();
    if (base !== null) {
      const address = new URL(`${base}proxy/${port}/`, location.href);
      address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
      ways.push(["proxy", address.href, proxy]);
    }
    return ways;
  }

  // Asks by comm, again and again until the kernel answers or the page is closed.
  async ask(message, answer) {
    while (!this.closed) {
      const heard = new Promise((resolve) => this.waiting.set(answer, resolve));
      this.model.send({ ...message, page: this.page });
      const given = await Promise.race([heard, new Promise((resolve) => setTimeout(resolve, ANSWER_MS, null))]);
      this.waiting.delete(answer);
      if (given) return given;
    }
    return null;
  }

  open(name, address, token) {
    return new Promise((resolve) => {
      const socket = new WebSocket(address);
      socket.binaryType = "arraybuffer";
      const fail = () => {
        clearTimeout(limit);
        socket.onmessage = socket.onclose = null;
        socket.close();
        resolve(false);
      };
      const limit = setTimeout(fail, SOCKET_MS);
      socket.onopen = () => socket.send(JSON.stringify({ type: "here", token }));
      socket.onclose = fail;
      socket.onmessage = ({ data }) => {
        const welcome = typeof data === "string" ? JSON.parse(data) : {};
        if (welcome.type !== "welcome") return;
        clearTimeout(limit);
        if (this.closed) fail();
        else this.settle(name, socket, welcome);
        resolve(true);
      };
    });
  }

  settle(name, socket, welcome) {
    this.name = name;
    this.socket = socket;
    if (socket) {
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") this.take(JSON.parse(data));
        else this.chunk(unpack(data));
      };
      socket.onclose = () => {
        if (this.socket === socket) this.lost();
      };
    }
    this.found(welcome);
  }

  takeComm(content, buffers) {
    if (content?.to !== this.page) return; // another page of this notebook hears the same comm
    const answer = this.waiting.get(content.type);
    if (answer) answer(content);
    else if (this.name === "comm" && content.type === "sound") {
      const { buffer, byteOffset, byteLength } = buffers[0];
      this.chunk(unpack(buffer.slice(byteOffset, byteOffset + byteLength)));
    } else if (this.name === "comm") this.take(content);
  }

  take(message) {
    if (this.name !== "none") this.message(message);
  }

  tell(message) {
    if (this.socket) {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    } else if (this.name === "comm") this.model.send({ ...message, page: this.page });
  }

  send(bytes) {
    if (this.socket) {
      if (this.socket.readyState === WebSocket.OPEN) this.socket.send(bytes);
    } else if (this.name === "comm") this.model.send({ type: "sound", page: this.page }, undefined, [bytes]);
  }

  drop() {
    const socket = this.socket;
    this.name = "none";
    this.socket = null;
    socket?.close();
  }

  close() {
    this.tell({ type: "bye" });
    this.closed = true;
    this.drop();
    this.model.off("msg:custom", this.fromComm);
  }
}

// The AudioContext with both worklets: opened when first needed, at 24 kHz where the browser can.
class Audio {
  constructor(worklets, changed) {
    this.worklets = worklets;
    this.changed = changed;
    this.context = null;
    this.opening = null;
    this.closed = false;
  }

  ready() {
    this.opening ??= this.open({ sampleRate: RATE_HZ });
    return this.opening;
  }

  // Some browsers connect a microphone only to a context at the microphone's own rate; the worklets then convert.
  async reopen() {
    await this.context.close();
    this.opening = this.open({});
    return this.opening;
  }

  async open(options) {
    const context = new AudioContext({ ...options, latencyHint: "interactive" });
    this.context = context;
    const address = URL.createObjectURL(new Blob([this.worklets], { type: "text/javascript" }));
    try {
      await context.audioWorklet.addModule(address);
    } finally {
      URL.revokeObjectURL(address);
    }
    context.onstatechange = this.changed;
    if (this.closed) await context.close();
    else await this.resume();
    return context;
  }

  // Without a click the promise of resume() may stay open for ever, so nobody waits for it long.
  async resume() {
    await Promise.race([this.context?.resume(), new Promise((resolve) => setTimeout(resolve, 300))]);
    this.changed();
  }

  get running() {
    return this.context?.state === "running";
  }

  get latencyMs() {
    return this.context ? 1000 * ((this.context.baseLatency || 0) + (this.context.outputLatency || 0)) : 0;
  }

  async close() {
    this.closed = true;
    if (this.context && this.context.state !== "closed") await this.context.close();
  }
}

class Microphone {
  constructor(audio, { tell, frame }) {
    Object.assign(this, { audio, tell, frame });
    this.wanted = false;
    this.muted = false;
    this.stream = null;
    this.node = null;
    this.turn = 0;
    this.devicesChanged = () => this.lookForDevice();
    navigator.mediaDevices?.addEventListener("devicechange", this.devicesChanged);
  }

  async start() {
    this.release();
    this.wanted = true;
    const turn = this.turn;
    if (!window.isSecureContext) return this.fail("insecure", "insecure");
    if (!navigator.mediaDevices?.getUserMedia) return this.fail("missing", "missing");
    this.tell("asking", "");
    try {
      const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      if (turn !== this.turn) return stopTracks(stream); // not wanted any more
      this.stream = stream;
      this.heedTrack(stream.getAudioTracks()[0]);
      await this.connect(turn);
    } catch (error) {
      if (turn === this.turn) this.explain(error);
    }
  }

  async connect(turn) {
    let context = await this.audio.ready();
    let source;
    try {
      source = context.createMediaStreamSource(this.stream);
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      context = await this.audio.reopen();
      source = context.createMediaStreamSource(this.stream);
    }
    if (turn !== this.turn) return;
    const mono = { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" };
    this.node = new AudioWorkletNode(context, "voicelab-capture", mono);
    const generation = crypto.getRandomValues(new Uint32Array(1))[0];
    let first = 0;
    this.node.port.onmessage = ({ data }) => {
      this.lastFrameMs = performance.now();
      this.frame(pack(generation, first, data));
      first += data.length;
    };
    source.connect(this.node);
    this.lastFrameMs = performance.now();
    this.tell("on", "");
    this.watch = setInterval(() => this.lookForFrames(), SILENT_MS / 2);
  }

  heedTrack(track) {
    track.enabled = !this.muted;
    track.onended = () => this.fail("unplugged", "unplugged");
    track.onmute = () => this.tell("silent", "silent");
    track.onunmute = () => this.tell("on", "");
  }

  lookForFrames() {
    const silent = performance.now() - this.lastFrameMs > SILENT_MS;
    if (silent && this.audio.running && !this.silent) this.tell("silent", "silent");
    if (!silent && this.silent) this.tell("on", "");
    this.silent = silent;
  }

  // Not every browser ends the track of a device that was pulled out.
  async lookForDevice() {
    const track = this.stream?.getAudioTracks()[0];
    if (!track) return;
    const devices = await navigator.mediaDevices.enumerateDevices();
    const id = track.getSettings().deviceId;
    const there = devices.some((device) => device.kind === "audioinput" && (!id || device.deviceId === id));
    if (this.stream?.getAudioTracks()[0] === track && (!there || track.readyState === "ended")) {
      this.fail("unplugged", "unplugged");
    }
  }

  explain(error) {
    if (error.name === "NotAllowedError") this.fail("denied", "denied");
    else if (error.name === "SecurityError") this.fail("insecure", "insecure");
    else if (error.name === "NotFoundError") this.fail("missing", "missing");
    else if (error.name === "NotReadableError" || error.name === "AbortError") this.fail("missing", "busy");
    else this.fail("missing", "worklets", { reason: error.message });
  }

  fail(state, problem, places) {
    this.release();
    this.tell(state, problem, places);
  }

  mute(on) {
    this.muted = on;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !on;
  }

  // After a failure there is nothing to stop, and the words about it stay.
  stop() {
    if (!this.wanted) return;
    this.release();
    this.tell("off", "");
  }

  release() {
    this.turn += 1;
    this.wanted = false;
    this.silent = false;
    clearInterval(this.watch);
    if (this.stream) stopTracks(this.stream);
    this.node?.port.postMessage("over");
    this.node?.disconnect();
    this.stream = this.node = null;
  }

  close() {
    this.release();
    navigator.mediaDevices?.removeEventListener("devicechange", this.devicesChanged);
  }
}

function stopTracks(stream) {
  for (const track of stream.getTracks()) {
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
  }
}

class Playback {
  constructor(audio, { played, flushed, failed }) {
    Object.assign(this, { audio, played, flushed, failed });
    this.generation = 1;
    this.node = null;
    this.context = null;
    this.early = [];
    this.opening = false;
  }

  chunk(chunk) {
    this.generation = Math.max(this.generation, chunk.generation);
    if (this.node && this.context === this.audio.context) this.node.port.postMessage(chunk, [chunk.samples.buffer]);
    else this.early.push(chunk);
    if (!this.node || this.context !== this.audio.context) this.open();
  }

  flush(generation) {
    this.generation = Math.max(this.generation, generation + 1);
    this.early = this.early.filter((chunk) => chunk.generation > generation);
    if (this.node) this.node.port.postMessage({ flush: generation });
    else this.flushed({ generation, position: 0 });
  }

  async open() {
    if (this.opening) return;
    this.opening = true;
    try {
      const context = await this.audio.ready();
      this.node?.disconnect();
      const generation = Math.min(this.generation, ...this.early.map((chunk) => chunk.generation));
      const mono = { numberOfInputs: 0, outputChannelCount: [1], processorOptions: { generation } };
      this.node = new AudioWorkletNode(context, "voicelab-playback", mono);
      this.context = context;
      this.node.port.onmessage = ({ data }) => (data.played ? this.played(data.played) : this.flushed(data.flushed));
      this.node.connect(context.destination);
      for (const chunk of this.early.splice(0)) this.node.port.postMessage(chunk, [chunk.samples.buffer]);
    } catch (error) {
      this.early = [];
      this.failed(error);
    } finally {
      this.opening = false;
    }
  }
}

class Sound {
  constructor(model) {
    this.words = model.get("words");
    this.views = new Set();
    this.state = { way: "none", microphone: "off", muted: false, problem: "", places: {} };
    Object.assign(this.state, { roundTripMs: null, nUnderruns: 0 });
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
    if (message.type === "pong") this.change({ roundTripMs: performance.now() - message.at });
    else if (message.type === "listen") message.on ? this.microphone.start() : this.microphone.stop();
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

function fill(text, places) {
  return (text ?? "").replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
}

function element(kind, parent, attributes = {}) {
  return parent.appendChild(Object.assign(document.createElement(kind), attributes));
}

function show(sound, el) {
  const { words } = sound;
  const line = element("div", el, { className: "voicelab-sound" });
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", words.label);
  const [microphone, way, rate, trip, underruns] = Array.from({ length: 5 }, () => element("span", line));
  microphone.setAttribute("role", "status");
  const button = element("button", line, { type: "button", textContent: words.start, onclick: () => sound.start() });
  const problem = element("p", line);
  problem.setAttribute("role", "status");
  const draw = () => {
    const { state, audio } = sound;
    const waits = audio.context?.state === "suspended";
    const wrong = state.problem || (waits ? "start" : "");
    const muted = state.muted && state.microphone === "on";
    put(microphone, words[`microphone.${muted ? "muted" : state.microphone}`]);
    put(way, words[`way.${state.way}`]);
    const rateHz = audio.context?.sampleRate;
    put(rate, rateHz ? fill(words[rateHz === RATE_HZ ? "rate" : "rate.resampled"], { rate_hz: rateHz }) : "");
    put(trip, state.roundTripMs === null ? "" : fill(words.round_trip, { ms: Math.round(state.roundTripMs) }));
    put(underruns, state.nUnderruns ? fill(words.underruns, { n: state.nUnderruns }) : "");
    put(problem, wrong ? fill(words[`problem.${wrong}`], state.places) : "");
    button.hidden = !waits && state.problem !== "replaced";
  };
  sound.views.add(draw);
  draw();
  return () => {
    sound.views.delete(draw);
    line.remove();
  };
}

// Text is set only when it is another one, so that a screen reader hears no news where there are none.
function put(node, text) {
  node.hidden = !text;
  if (node.textContent !== text) node.textContent = text;
}

const sounds = new Map();

export default {
  render({ model, el }) {
    if (!sounds.has(model)) sounds.set(model, new Sound(model));
    const sound = sounds.get(model);
    const hide = show(sound, el);
    return () => {
      hide();
      if (sound.views.size) return;
      sounds.delete(model);
      sound.close();
    };
  },
};
