// What time it is in the run, between two news.
// In: the kernel's time whenever news come. Out: a guess for every frame. Does not know: the story.

const MOST_AHEAD_MS = 1500; // so long the picture scrolls on without news

// The kernel's clock, guessed from when news came: those that came quickest are the nearest to it.
class Clock {
  constructor() {
    this.offset = null;
    this.last = 0;
  }

  hear(now, here) {
    const found = here - now;
    const far = this.offset === null || Math.abs(found - this.offset) > 1000 || now < this.last;
    this.offset = far ? found : this.offset + (found - this.offset) * (found < this.offset ? 0.3 : 0.02);
    this.last = now;
  }

  now(here) {
    return this.offset === null ? this.last : Math.min(here - this.offset, this.last + MOST_AHEAD_MS);
  }
}
