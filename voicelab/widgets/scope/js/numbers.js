// Small sums that every part of the scope's page needs.
// In, out: numbers, and bytes of the kernel as numbers. Does not know: anything of sound.

const BUCKET_MS = 10; // of the outlines of the sound

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

const inSeconds = (ms, digits = 1) => (ms / 1000).toFixed(digits);

const view = (Kind, data) => {
  if (!data) return new Kind(0);
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  return new Kind(bytes.slice().buffer); // a copy: the bytes may begin where a number may not
};
