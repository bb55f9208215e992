// The picture's ground: colours, size, where the lanes are, and the pen with which everything is drawn.
// In: a canvas, and the element whose style sheet has the colours. Out: places and strokes. Does not know: what is drawn.

const LEFT = 52;
const RIGHT = 56;
const AXIS = 20;
const ROW = 20;
const STRIP_PART = 0.24; // of the height, for the speech probability
const LOWEST_STRIP = 36;
const HIGHEST_STRIP = 64;
const COLOURS = ["ink", "ground", "grid", "edge", "user", "agent", "speech", "mark"];

class Picture {
  constructor(canvas, root) {
    this.canvas = canvas;
    this.root = root;
    this.pen = canvas.getContext("2d");
    this.colour = {};
    this.width = this.height = 0;
  }

  // An element has colours only once it is on the page, and Jupyter renders widgets before it puts them there.
  readColours() {
    if (!this.root.isConnected) return;
    const style = getComputedStyle(this.root);
    this.colour = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--voicelab-${name}`).trim()]));
    this.font = `12px ${style.fontFamily}`;
    this.hatch = this.makeHatch();
  }

  makeHatch() {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.strokeStyle = this.colour.agent;
    pen.lineWidth = 1.5;
    pen.beginPath();
    for (const at of [-8, 0, 8]) {
      pen.moveTo(at, 8);
      pen.lineTo(at + 8, 0);
    }
    pen.stroke();
    return this.pen.createPattern(tile, "repeat");
  }

  resize() {
    const scale = window.devicePixelRatio || 1;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.pen.setTransform(scale, 0, 0, scale, 0, 0);
  }

  get plotWidth() {
    return Math.max(1, this.width - LEFT - RIGHT);
  }

  // Where the lanes are; the row of turns that would have been is there while somebody asks for it.
  lanes(withWhatIf) {
    const top = ROW * (withWhatIf ? 2 : 1) + 6;
    const high = clamp(Math.round(this.height * STRIP_PART), LOWEST_STRIP, HIGHEST_STRIP);
    const strip = this.height - AXIS - high;
    return { top, middle: (top + strip - 8) / 2, bottom: strip - 8, strip, strip1: strip + 4, strip0: strip + high - 4 };
  }

  thresholdY(value, lanes) {
    return lanes.strip0 - value * (lanes.strip0 - lanes.strip1);
  }

  thresholdAt(y, lanes) {
    return clamp((lanes.strip0 - y) / (lanes.strip0 - lanes.strip1), 0, 1);
  }

  // Turns the page to a stretch of time; what is drawn from now on lies in it.
  begin(seen) {
    const { pen } = this;
    this.from = seen.end - seen.span;
    this.to = seen.end;
    this.perMs = this.plotWidth / seen.span;
    this.lane = this.lanes(seen.whatIfMode);
    this.say = seen.say;
    pen.clearRect(0, 0, this.width, this.height);
    pen.font = this.font;
    pen.textBaseline = "middle";
  }

  // Draws between the names and the right margin only.
  inPlot(draw) {
    const { pen } = this;
    pen.save();
    pen.beginPath();
    pen.rect(LEFT, 0, this.plotWidth, this.height);
    pen.clip();
    draw();
    pen.restore();
  }

  x(ms) {
    return LEFT + (ms - this.from) * this.perMs;
  }

  msAt(x) {
    return this.from + (x - LEFT) / this.perMs;
  }

  shown(from, to) {
    return from <= this.to && to >= this.from;
  }

  line(colour, width, dash, points) {
    const { pen } = this;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
    pen.setLineDash([]);
  }

  across(colour, width, dash, y) {
    this.line(colour, width, dash, [[LEFT, y], [LEFT + this.plotWidth, y]]);
  }

  area(colour, points) {
    const { pen } = this;
    pen.fillStyle = colour;
    pen.beginPath();
    points.forEach(([x, y], k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.fill();
  }

  text(words, x, y, align = "left") {
    this.pen.fillStyle = this.colour.ink;
    this.pen.textAlign = align;
    this.pen.fillText(words, x, y);
  }

  // Words over the sound: on a plate of the ground's colour, or their contrast would depend on what was said.
  plate(words, x, y) {
    const { pen } = this;
    const width = pen.measureText(words).width;
    const left = clamp(x, LEFT + 2, Math.max(LEFT + 2, this.width - RIGHT - width - 2));
    pen.fillStyle = this.colour.ground;
    pen.fillRect(left - 2, y - 8, width + 4, 16);
    this.text(words, left, y);
  }
}
