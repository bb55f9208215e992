// The microphone: asked for, watched, muted, let go.
// In: the browser's device. Out: frames of int16, and how it stands. Does not know: who wants them.

const SILENT_MS = 2000;

class Microphone {
  constructor(audio, { tell, frame }) {
    Object.assign(this, { audio, tell, frame });
    this.wanted = false;
    this.muted = false;
    this.stream = null;
    this.source = null;
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
    this.source = source;
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
    this.source?.disconnect(); // or the node would go on recording, now silence, beside the next one
    this.node?.port.postMessage("over");
    if (this.node) this.node.port.onmessage = null;
    this.stream = this.source = this.node = null;
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
