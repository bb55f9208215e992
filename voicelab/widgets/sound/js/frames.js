// Chunks of sound as bytes: a head of 12 bytes (generation, first sample, whether it begins a reply), then int16.
// In, out: samples and bytes. Does not know: which way they take.

const RATE_HZ = 24000;
const HEAD_BYTES = 12;

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
