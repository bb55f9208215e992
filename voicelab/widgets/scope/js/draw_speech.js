// The strip under the sound: probability of speech, and the thresholds that were and are.
// In: a picture that was begun, a story. Out: strokes. Does not know: which threshold is shown, and why.

function drawSpeech(picture, story) {
  const { pen, lane, colour } = picture;
  picture.across(colour.grid, 1, [], lane.strip1);
  picture.across(colour.edge, 1, [], lane.strip0);
  const per = (lane.strip0 - lane.strip1) / 255;
  pen.strokeStyle = colour.speech;
  pen.lineWidth = 1.5;
  pen.beginPath();
  let before = -Infinity;
  for (let k = story.firstScore(picture.from - 100); k < story.starts.n; k += 1) {
    const start = story.starts.data[k];
    if (start > picture.to) break;
    const [x, y] = [picture.x((start + story.ends.data[k]) / 2), lane.strip0 - story.p.data[k] * per];
    // Where nothing was sent there is no line.
    if (start - before > 5) pen.moveTo(x, y);
    else pen.lineTo(x, y);
    before = story.ends.data[k];
  }
  pen.stroke();
}

function drawThresholds(picture, story, seen) {
  const { colour, lane } = picture;
  const rows = story.of("threshold");
  rows.forEach((row, k) => {
    const to = rows[k + 1]?.from ?? picture.to;
    if (row.value === null || !picture.shown(row.from, to)) return;
    const y = picture.thresholdY(row.value, lane);
    picture.line(colour.edge, 1, [], [[picture.x(row.from), y], [picture.x(to), y]]);
  });
  if (seen.threshold === null) return;
  picture.across(colour.ink, 2, seen.whatIfMode ? [7, 4] : [], picture.thresholdY(seen.threshold, lane));
}
