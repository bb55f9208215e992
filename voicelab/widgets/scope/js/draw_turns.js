// The rows above the sound: the turns that were, and those that another threshold would have made.
// In: a picture that was begun, a story, an answer of the kernel. Out: strokes. Does not know: how turns are found.

function bracket(picture, from, to, y, dash, width = 2) {
  const [left, right] = [picture.x(from), Math.max(picture.x(to), picture.x(from) + 2)];
  picture.line(picture.colour.ink, width, dash, [[left, y + 6], [left, y], [right, y], [right, y + 6]]);
}

function drawTurns(picture, story) {
  const { pen, lane, colour } = picture;
  for (const row of story.of("turn")) {
    const to = row.to ?? picture.to;
    if (!picture.shown(row.from, Math.max(to, row.decided ?? to))) continue;
    bracket(picture, row.speech, to, 6, []);
    picture.plate(String(row.n), clamp(picture.x(row.speech), LEFT, picture.x(to)) + 5, 12);
    if (row.speech > row.from) {
      pen.fillStyle = colour.user;
      pen.fillRect(picture.x(row.from), lane.middle - 5, (row.speech - row.from) * picture.perMs, 5);
    }
    if (row.decided === null) continue;
    const x = picture.x(row.decided);
    picture.line(colour.ink, 1.5, [2, 2], [[picture.x(to), 12], [x, 12]]);
    picture.line(colour.edge, 1, [2, 3], [[x, 18], [x, lane.middle]]);
    picture.area(colour.ink, [[x - 5, 8], [x + 5, 8], [x, 18]]);
  }
}

function drawWhatIf(picture, story, found) {
  if (!found) return;
  const { colour } = picture;
  const y = ROW + 6;
  for (const turn of found.turns) {
    if (!picture.shown(turn.start_ms, turn.decided_ms ?? turn.end_ms)) continue;
    bracket(picture, turn.start_ms, turn.end_ms, y, [4, 2], turn.likeness === "merged" ? 4 : 2);
    const end = picture.x(turn.end_ms);
    if (turn.likeness === "cut") {
      picture.line(colour.ink, 2, [], [[end - 4, y - 2], [end + 4, y + 8]]);
      picture.line(colour.ink, 2, [], [[end + 4, y - 2], [end - 4, y + 8]]);
    }
    const x = Math.max(LEFT, picture.x(turn.start_ms)) + 5;
    if (turn.likeness !== "same") picture.plate(picture.say(turn.likeness), x, y + 8);
  }
  for (const row of story.of("turn").filter((one) => found.missed.includes(one.n))) {
    const [left, right] = [picture.x(row.speech), picture.x(row.to)];
    picture.line(colour.ink, 1, [1, 3], [[left, y], [right, y], [right, y + 10], [left, y + 10], [left, y]]);
    picture.plate(picture.say("missed"), Math.max(LEFT, left) + 5, y + 6);
  }
}
