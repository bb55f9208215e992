// A box that scrolls and shows its end, where the newest is, until the reader scrolls up.
// In: the box and what grows in it. Out: `following`, kept true also while the box is hidden, or its lines break anew.
// Does not know: what is in the box.

const NEAR_THE_END_PX = 40;

class AtEnd {
  // `changed` is called with whether the end is followed, whenever that may have changed.
  constructor(box, content, changed = () => {}) {
    this.box = box;
    this.changed = changed;
    this.following = true;
    this.sizes = new ResizeObserver(() => this.keep());
    this.sizes.observe(box);
    this.sizes.observe(content);
    box.addEventListener("scroll", () => this.look());
  }

  close() {
    this.sizes.disconnect();
  }

  // After anything that may have moved the end.
  keep() {
    if (this.following) this.box.scrollTop = this.box.scrollHeight;
    this.size = this.measure();
    this.changed(this.following);
  }

  go() {
    this.following = true;
    this.keep();
  }

  // A scroll with another size than before is the page's own doing, not the reader's.
  look() {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    if (this.measure() === this.size) this.following = scrollHeight - scrollTop - clientHeight < NEAR_THE_END_PX;
    this.keep();
  }

  measure() {
    return `${this.box.clientWidth} ${this.box.clientHeight} ${this.box.scrollHeight}`;
  }
}
