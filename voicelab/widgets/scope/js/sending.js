// Messages that a moving hand would send too often: the first at once, then one in so many milliseconds, and the last.
// In: what to do, by name. Out: it is done. Does not know: messages.

class Sending {
  constructor() {
    this.at = {};
    this.timers = {};
  }

  atMost(name, everyMs, send, now = false) {
    clearTimeout(this.timers[name]);
    const since = performance.now() - (this.at[name] ?? -Infinity);
    const go = () => {
      this.at[name] = performance.now();
      send();
    };
    if (now || since >= everyMs) go();
    else this.timers[name] = setTimeout(go, everyMs - since);
  }

  stop() {
    for (const timer of Object.values(this.timers)) clearTimeout(timer);
  }
}

// Follows a pointer from where it went down on an element until it is let go.
function follow(element, down, { move, up }) {
  const end = (event) => {
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", end);
    element.removeEventListener("pointercancel", end);
    up(event);
  };
  element.setPointerCapture(down.pointerId);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
}
