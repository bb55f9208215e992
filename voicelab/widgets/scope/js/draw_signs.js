// What lies over everything: marks, errors, cursors, the names of the lanes; and the order in which all is drawn.
// In: a picture, a story, what somebody looks at. Out: the whole picture. Does not know: where it comes from.

const MOST_LETTERS = 24;

function drawMarks(picture, story) {
  const { colour, lane } = picture;
  for (const row of story.of("mark")) {
    if (!picture.shown(row.from, row.from)) continue;
    const [x, y] = [picture.x(row.from), lane.top + 10];
    picture.line(colour.mark, 1, [], [[x, lane.top], [x, lane.strip]]);
    const words = row.text.length > MOST_LETTERS ? `${row.text.slice(0, MOST_LETTERS - 1)}…` : row.text;
    picture.plate(words, x + 9, y);
    picture.area(colour.mark, [[x, y - 7], [x + 7, y], [x, y + 7], [x - 7, y]]);
  }
  for (const row of story.of("error")) {
    if (!picture.shown(row.from, row.from)) continue;
    const [x, y] = [picture.x(row.from), lane.bottom - 10];
    picture.plate(picture.say("error"), x + 9, y);
    picture.line(colour.ink, 3, [], [[x - 5, y - 5], [x + 5, y + 5]]);
    picture.line(colour.ink, 3, [], [[x - 5, y + 5], [x + 5, y - 5]]);
  }
}

function drawCursor(picture, ms, dash) {
  if (ms === null || !picture.shown(ms, ms)) return;
  const x = picture.x(ms);
  picture.line(picture.colour.ink, 1.5, dash, [[x, 0], [x, picture.height - AXIS]]);
}

function drawNames(picture, seen) {
  const { lane } = picture;
  const name = (words, y) => picture.text(words, LEFT - 6, y, "right");
  name(picture.say("turns"), 10);
  if (seen.whatIfMode) name(picture.say("what_if_row"), ROW + 12);
  name(picture.say("user"), (lane.top + lane.middle) / 2);
  name(picture.say("agent"), (lane.bottom + lane.middle) / 2);
  name("1", lane.strip1 + 3);
  name(picture.say("speech"), (lane.strip0 + lane.strip1) / 2);
  name("0", lane.strip0 - 3);
}

// `seen`: `end` and `span` of what is shown (ms), `threshold`, `cursor` and `playing` or null, `whatIfMode` and the
// turns of a `whatIf`, and `say`, which gives words.
function drawAll(picture, story, seen) {
  picture.begin(seen);
  drawAxis(picture, seen.span);
  picture.inPlot(() => {
    drawSpans(picture, story);
    drawSide(picture, story.user, picture.colour.user, -1);
    drawSide(picture, story.agent, picture.colour.agent, 1);
    drawUnheard(picture, story);
    drawTurns(picture, story);
    if (seen.whatIfMode) drawWhatIf(picture, story, seen.whatIf);
    drawSpeech(picture, story);
    drawThresholds(picture, story, seen);
    drawMarks(picture, story);
    drawCursor(picture, seen.cursor, [6, 3]);
    drawCursor(picture, seen.playing, []);
  });
  drawNames(picture, seen);
}
