// The browser's audio: one context for both ends, at 24 kHz where the browser can.
// In: the worklets' text. Out: a context that has them. Does not know: what is recorded or played.

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
