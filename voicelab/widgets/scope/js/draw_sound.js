// The two sides: user above the line, agent below it, shaded where a turn or a reply is; and the axis of time.
// In: a picture that was begun, a story. Out: strokes. Does not know: turns that would have been.

const TIME_STEPS_MS = [1000, 2000, 5000, 10_000, 20_000];
const TIME_WIDTH = 40; // pixels that a time on the axis needs, with a gap

function drawAxis(picture, span) {
  const { colour, height, lane } = picture;
  const room = (TIME_WIDTH * span) / picture.plotWidth;
  const step = TIME_STEPS_MS.find((ms) => ms >= room) ?? TIME_STEPS_MS.at(-1);
  const y = height - AXIS;
  picture.across(colour.edge, 1, [], y);
  for (let ms = Math.ceil(Math.max(0, picture.from) / step) * step; ms <= picture.to; ms += step) {
    const x = picture.x(ms);
    picture.line(colour.grid, 1, [], [[x, lane.top], [x, y]]);
    const words = picture.say("seconds", { n: ms / 1000 });
    if (x > LEFT + 8 && x < picture.width - RIGHT - 4) picture.text(words, x, y + 11, "center");
  }
}

function drawSpans(picture, story) {
  const { pen, lane, colour } = picture;
  pen.globalAlpha = 0.16;
  for (const row of story.rows.values()) {
    const to = row.to ?? picture.to;
    if (row.kind === "turn" && picture.shown(row.speech, to)) {
      pen.fillStyle = colour.user;
      pen.fillRect(picture.x(row.speech), lane.top, (to - row.speech) * picture.perMs, lane.middle - lane.top);
    } else if (row.kind === "reply" && picture.shown(row.from, to)) {
      pen.fillStyle = colour.agent;
      pen.fillRect(picture.x(row.from), lane.middle, (to - row.from) * picture.perMs, lane.bottom - lane.middle);
    }
  }
  pen.globalAlpha = 1;
  picture.across(colour.edge, 1, [], lane.middle);
}

// `sign` is -1 for the side above the line.
function drawSide(picture, side, colour, sign) {
  if (side.base === null) return;
  const { pen, lane } = picture;
  const size = Math.max(1, Math.ceil(1 / (BUCKET_MS * picture.perMs)));
  const step = size * BUCKET_MS;
  const { data, n } = side.grouped(size);
  const zero = side.base * BUCKET_MS;
  const first = clamp(Math.floor((picture.from - zero) / step), 0, n);
  const last = clamp(Math.ceil((picture.to - zero) / step) + 1, 0, n);
  const half = sign < 0 ? lane.middle - lane.top : lane.bottom - lane.middle;
  const scale = (sign * half * 0.96) / side.loudest;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(picture.x(zero + first * step), lane.middle);
  for (let k = first; k < last; k += 1) {
    pen.lineTo(picture.x(zero + (k + 0.5) * step), lane.middle + data[k] * scale + sign * 0.5);
  }
  pen.lineTo(picture.x(zero + last * step), lane.middle);
  pen.fill();
}

// What was generated and not heard: hatched, behind a crossed line where the reply was cut off.
function drawUnheard(picture, story) {
  const { pen, lane, colour } = picture;
  for (const row of story.of("reply")) {
    if (!row.cut || !picture.shown(row.to, row.to + row.unheard)) continue;
    const x = picture.x(row.to);
    const width = row.unheard * picture.perMs;
    const height = (lane.bottom - lane.middle) * 0.6;
    pen.fillStyle = picture.hatch;
    pen.fillRect(x, lane.middle + 1, width, height);
    picture.line(colour.agent, 1, [3, 2], [[x, lane.middle + height], [x + width, lane.middle + height]]);
    picture.line(colour.ink, 2, [], [[x, lane.middle - 6], [x, lane.bottom]]);
    const y = lane.bottom;
    picture.line(colour.ink, 2, [], [[x - 5, y - 10], [x + 5, y], [x, y - 5], [x + 5, y - 10], [x - 5, y]]);
    picture.plate(picture.say("not_heard", { seconds: inSeconds(row.unheard) }), x + 8, lane.bottom - 8);
  }
}
