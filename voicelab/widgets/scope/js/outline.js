// How loud each side was: an outline that grows at its end, and coarser ones for each zoom.
// In: lowest and highest sample of each 10 ms. Out: the largest excursion of each 10 ms, or of groups of them.
// Does not know: which side it is, or how it is drawn.

// Numbers that grow at their end; `data` may be longer than `n`.
class Growing {
  constructor(Kind) {
    this.Kind = Kind;
    this.data = new Kind(1024);
    this.n = 0;
  }

  put(at, values) {
    const end = at + values.length;
    if (end > this.data.length) {
      const wider = new this.Kind(Math.max(end, this.data.length * 2));
      wider.set(this.data.subarray(0, this.n));
      this.data = wider;
    }
    if (at > this.n) this.data.fill(0, this.n, at);
    this.data.set(values, at);
    this.n = Math.max(this.n, end);
  }
}

// One side's loudness: the largest excursion of each 10 ms, and of groups of them for each zoom.
class Side {
  constructor() {
    this.loud = new Growing(Uint16Array);
    this.base = null;
    this.loudest = 1600;
    this.groups = new Map();
  }

  take(first, pairs) {
    if (!pairs.length) return;
    this.base ??= first;
    const at = Math.max(0, first - this.base);
    const values = new Uint16Array(pairs.length / 2);
    for (let k = 0; k < values.length; k += 1) {
      values[k] = Math.max(Math.abs(pairs[2 * k]), Math.abs(pairs[2 * k + 1]));
      if (values[k] > this.loudest) this.loudest = values[k];
    }
    this.loud.put(at, values);
    // What was told again may have become quieter: whole groups are made anew from there.
    for (const [size, group] of this.groups) group.n = Math.min(group.n, Math.floor(at / size));
  }

  grouped(size) {
    if (size === 1) return this.loud;
    if (!this.groups.has(size)) this.groups.set(size, new Growing(Uint16Array));
    const group = this.groups.get(size);
    const fresh = new Uint16Array(Math.max(0, Math.ceil(this.loud.n / size) - group.n));
    for (let k = 0; k < fresh.length; k += 1) {
      const from = (group.n + k) * size;
      for (let at = from; at < Math.min(from + size, this.loud.n); at += 1) {
        if (this.loud.data[at] > fresh[k]) fresh[k] = this.loud.data[at];
      }
    }
    group.put(group.n, fresh);
    if (this.loud.n % size) group.n -= 1; // the last one is not full yet
    return { data: group.data, n: Math.ceil(this.loud.n / size) };
  }
}
