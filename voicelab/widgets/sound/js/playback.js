// The loudspeaker: chunks of the kernel to the playback worklet, flushes, and exact counts back.
// In: chunks, flushes. Out: what was really played. Does not know: replies.

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
