// The two ends of the sound inside the browser's audio thread: what the microphone records, what the output gets.
// In: the microphone's samples; chunks to play, flushes. Out: frames of 480 int16 samples at 24 kHz; how many samples
// were really copied to the output. Does not know: where frames come from or go to.

const RATE_HZ = 24000;
const FRAME_SAMPLES = 480;
const REPORT_S = 0.02;
const TAPS_EACH_SIDE = 16;

const divisor = (a, b) => (b ? divisor(b, a % b) : a);

// Changes the rate with a windowed sinc, one row of taps for each phase that the two rates have in common.
class Resampler {
  constructor(fromHz, toHz) {
    const common = divisor(fromHz, toHz);
    this.step = fromHz / common;
    this.phases = toHz / common;
    const cutoff = 0.92 * Math.min(1, toHz / fromHz);
    this.half = Math.ceil(TAPS_EACH_SIDE / cutoff);
    this.rows = Array.from({ length: this.phases }, (_, phase) => this.row(phase / this.phases, cutoff));
    this.pending = new Float32Array(2 * this.half);
    this.clock = 0; // of the next output sample, in parts of an input sample, from the first pending one
  }

  row(fraction, cutoff) {
    const taps = Float32Array.from({ length: 2 * this.half }, (_, n) => {
      const x = n - this.half + 1 - fraction;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / this.half);
      return Math.abs(x) >= this.half ? 0 : window * (x ? Math.sin(Math.PI * cutoff * x) / (Math.PI * x) : cutoff);
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    return taps.map((tap) => tap / sum);
  }

  push(samples) {
    const input = new Float32Array(this.pending.length + samples.length);
    input.set(this.pending);
    input.set(samples, this.pending.length);
    const output = [];
    let first = Math.floor(this.clock / this.phases);
    while (first + 2 * this.half <= input.length) {
      const row = this.rows[this.clock % this.phases];
      let sum = 0;
      for (let n = 0; n < row.length; n += 1) sum += row[n] * input[first + n];
      output.push(sum);
      this.clock += this.step;
      first = Math.floor(this.clock / this.phases);
    }
    const used = Math.min(first, input.length);
    this.pending = input.slice(used);
    this.clock -= used * this.phases;
    return output;
  }
}

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = sampleRate === RATE_HZ ? null : new Resampler(sampleRate, RATE_HZ);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.n = 0;
    this.over = false;
    this.port.onmessage = () => {
      this.over = true;
    };
  }

  process([[samples]]) {
    if (this.over) return false;
    if (!samples) return true;
    for (const sample of this.resampler ? this.resampler.push(samples) : samples) {
      this.frame[this.n] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      this.n += 1;
      if (this.n === FRAME_SAMPLES) this.post();
    }
    return true;
  }

  post() {
    this.port.postMessage(this.frame, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.n = 0;
  }
}

class Playback extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.resampler = sampleRate === RATE_HZ ? null : new Resampler(RATE_HZ, sampleRate);
    this.made = []; // resampled, not copied yet
    this.nUnderruns = 0;
    this.nUntold = 0;
    this.begin(processorOptions.generation);
    this.port.onmessage = ({ data }) => (data.flush === undefined ? this.add(data) : this.flush(data.flush));
  }

  begin(generation) {
    this.generation = generation;
    this.queue = [];
    this.made = [];
    this.position = 0;
    this.ranDry = false;
  }

  add({ generation, first, begins, samples }) {
    if (generation < this.generation) return; // late: it was flushed
    if (generation > this.generation) this.begin(generation); // the flush was lost with the way it took
    if (this.ranDry && !begins) this.nUnderruns += 1;
    this.ranDry = false;
    this.queue.push({ first, samples, at: 0 });
  }

  flush(generation) {
    if (generation < this.generation) return;
    const position = generation === this.generation ? this.position : 0;
    this.begin(generation + 1);
    this.port.postMessage({ flushed: { generation, position } });
  }

  // Copies what waits into `out`; returns how many samples there were.
  take(out) {
    let n = 0;
    while (n < out.length && this.queue.length) {
      const chunk = this.queue[0];
      const count = Math.min(out.length - n, chunk.samples.length - chunk.at);
      for (let i = 0; i < count; i += 1) out[n + i] = chunk.samples[chunk.at + i] / 32768;
      chunk.at += count;
      n += count;
      this.position = chunk.first + chunk.at;
      if (chunk.at === chunk.samples.length) this.queue.shift();
    }
    if (n < out.length && this.position) this.ranDry = true;
    return n;
  }

  // At another rate the filter needs what follows: after the end of the queue that is silence.
  takeResampled(out) {
    let n = 0;
    while (this.made.length < out.length) {
      const some = new Float32Array(32);
      n += this.take(some);
      this.made.push(...this.resampler.push(some));
    }
    out.set(this.made.splice(0, out.length));
    return n;
  }

  process(_, [[out]]) {
    const n = this.resampler ? this.takeResampled(out) : this.take(out);
    if (n || this.nUntold) this.nUntold += out.length;
    const due = (this.nUntold + out.length) / sampleRate > REPORT_S;
    if (this.nUntold && (due || !this.queue.length)) this.tell();
    return true;
  }

  tell() {
    this.nUntold = 0;
    const { generation, position, nUnderruns } = this;
    this.port.postMessage({ played: { generation, position, n_underruns: nUnderruns } });
  }
}

registerProcessor("voicelab-capture", Capture);
registerProcessor("voicelab-playback", Playback);
