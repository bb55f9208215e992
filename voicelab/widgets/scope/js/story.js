// What the page holds of a run: rows, both sides' outlines, speech scores.
// In: news of the kernel. Out: the same, found by kind and by time. Does not know: what is shown of it.

class Story {
  constructor() {
    this.forget();
  }

  forget() {
    this.rows = new Map();
    this.user = new Side();
    this.agent = new Side();
    this.starts = new Growing(Float32Array);
    this.ends = new Growing(Float32Array);
    this.p = new Growing(Uint8Array);
    this.now = 0;
    this.run = "";
    this.empty = true;
    this.over = true;
    this.detection = "";
    this.silence = 0;
  }

  take(news, buffers) {
    if (news.reset) this.forget();
    for (const row of news.rows) this.rows.set(row.id, row);
    this.user.take(news.user, view(Int16Array, buffers[0]));
    this.agent.take(news.agent, view(Int16Array, buffers[1]));
    this.starts.put(this.starts.n, view(Float32Array, buffers[2]));
    this.ends.put(this.ends.n, view(Float32Array, buffers[3]));
    this.p.put(this.p.n, view(Uint8Array, buffers[4]));
    this.now = news.now;
    this.run = news.run;
    this.empty = !news.run;
    this.over = news.over;
    this.detection = news.detection;
    this.silence = news.silence;
  }

  of(kind) {
    return [...this.rows.values()].filter((row) => row.kind === kind);
  }

  get end() {
    const ends = [this.user, this.agent].map((side) => ((side.base ?? 0) + side.loud.n) * BUCKET_MS);
    return Math.max(this.now, ...ends);
  }

  get begin() {
    const bases = [this.user.base, this.agent.base].filter((base) => base !== null);
    return bases.length ? Math.min(...bases) * BUCKET_MS : 0;
  }

  get threshold() {
    return this.of("threshold").at(-1)?.value ?? null;
  }

  // Whether turns end by a rule that has no threshold: then a what if is made by another rule than the session's.
  get withoutThreshold() {
    return this.detection !== "" && this.detection !== "server_vad";
  }

  // Who speaks at an instant: the turn, and whether a reply is being heard.
  speaking(ms) {
    const meets = (row, from) => from <= ms && ms <= (row.to ?? Infinity);
    const turn = this.of("turn").find((row) => meets(row, row.speech));
    return { turn, reply: this.of("reply").some((row) => meets(row, row.from)) };
  }

  firstScore(ms) {
    let [low, high] = [0, this.starts.n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends.data[middle] < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
