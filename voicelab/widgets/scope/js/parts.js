// The elements of the scope's page: a row of controls, the picture with two sliders over it, a row to look back, words.
// In: words. Out: elements by name, nothing attached to them. Does not know: what they do.

const SPANS_S = [5, 10, 30, 60];

const make = (tag, name, facts = {}) => {
  const made = document.createElement(tag);
  if (name) made.className = `voicelab-scope-${name}`;
  for (const [key, value] of Object.entries(facts)) {
    if (key === "text") made.textContent = value;
    else made.setAttribute(key, value);
  }
  return made;
};

// The signs of the legend; each is drawn as the canvas draws it.
const SIGNS = [
  ["legend_user", '<path d="M0 14L4 6L8 10L14 2L20 9L26 5L32 14Z" fill="var(--voicelab-user)"/>'],
  ["legend_agent", '<path d="M0 2L4 10L8 6L14 14L20 7L26 11L32 2Z" fill="var(--voicelab-agent)"/>'],
  ["legend_padding", '<path d="M2 8H30" stroke="var(--voicelab-user)" stroke-width="5"/>'],
  ["legend_endpoint", '<path d="M2 6H22" stroke="currentColor" stroke-dasharray="2 2"/><path d="M19 3H29L24 13Z" fill="currentColor"/>'],
  ["legend_cut", '<path d="M6 0V16M1 10L11 16M11 10L1 16" stroke="currentColor" stroke-width="2"/><path d="M14 14L22 2M20 14L28 2M26 14L32 4" stroke="var(--voicelab-agent)" stroke-width="1.5"/>'],
  ["legend_probability", '<path d="M0 14L8 12L12 3L22 3L26 13L32 14" fill="none" stroke="var(--voicelab-speech)" stroke-width="1.5"/>'],
  ["legend_threshold", '<path d="M0 4H32" stroke="currentColor" stroke-width="2"/><path d="M0 12H32" stroke="currentColor" stroke-width="2" stroke-dasharray="7 4"/>'],
  ["legend_mark", '<path d="M16 1L23 8L16 15L9 8Z" fill="var(--voicelab-mark)"/>'],
  ["legend_error", '<path d="M11 3L21 13M11 13L21 3" stroke="currentColor" stroke-width="3"/>'],
];

function buildBar() {
  const bar = make("div", "bar");
  const badge = make("span", "badge");
  const hint = make("span", "hint");
  const [pause, live, mark, use] = Array.from({ length: 4 }, () => make("button", "", { type: "button" }));
  bar.append(badge, hint, use, mark, pause, live);
  return { bar, badge, hint, pause, live, mark, use };
}

function buildStage(say) {
  const stage = make("div", "stage");
  const canvas = make("canvas", "", { role: "img", "aria-label": say("table_none") });
  const time = make("div", "time", { role: "slider", tabindex: "0", "aria-label": say("cursor"), "aria-valuemin": "0" });
  const threshold = make("div", "threshold", {
    role: "slider",
    tabindex: "0",
    "aria-label": say("threshold"),
    "aria-orientation": "vertical",
    "aria-valuemin": "0",
    "aria-valuemax": "1",
  });
  const thresholdNumber = make("span", "");
  threshold.append(thresholdNumber);
  const empty = make("p", "empty");
  stage.append(canvas, time, empty, threshold);
  return { stage, canvas, time, threshold, thresholdNumber, empty };
}

function buildPosition(say) {
  const look = make("label", "position");
  const position = make("input", "", { type: "range", min: "0", step: "100" });
  look.append(make("span", "", { text: say("position") }), position);
  const zoom = make("select", "", { "aria-label": say("zoom") });
  for (const n of SPANS_S) zoom.append(make("option", "", { value: n * 1000, text: say("seconds", { n }) }));
  return { look, position, zoom };
}

function buildLegend(say) {
  const details = make("details", "");
  const list = make("ul", "legend");
  for (const [key, drawing] of SIGNS) {
    const item = make("li", "");
    item.innerHTML = `<svg viewBox="0 0 32 16" aria-hidden="true">${drawing}</svg>`;
    item.append(make("span", "", { text: say(key) }));
    list.append(item);
  }
  const after = ["legend_scale", "keys"].map((key) => make("p", "", { text: say(key) }));
  details.append(make("summary", "", { text: say("legend_fold") }), list, ...after);
  return details;
}

function buildTable(say) {
  const details = make("details", "");
  const frame = make("div", "table", { tabindex: "0", role: "region", "aria-label": say("table") });
  const table = make("table", "");
  const head = make("tr", "");
  for (const key of ["turn", "start", "end", "wait", "reply", "cut"]) {
    head.append(make("th", "", { scope: "col", text: say(`table_${key}`) }));
  }
  const top = make("thead", "");
  top.append(head);
  const tableBody = make("tbody", "");
  table.append(top, tableBody);
  const noTurns = make("p", "", { text: say("table_none") });
  frame.append(table, noTurns);
  details.append(make("summary", "", { text: say("table_fold") }), frame);
  return { details, tableBody, noTurns };
}

function build(say) {
  const facts = { "aria-label": say("title"), "data-lm-suppress-shortcuts": "true", class: "voicelab-scope" };
  const root = make("section", "", facts);
  const parts = { root, ...buildBar(), ...buildStage(say), ...buildPosition(say), ...buildTable(say) };
  parts.note = make("p", "note", { role: "status" });
  parts.status = make("div", "hidden", { role: "status" });
  const foot = make("div", "foot");
  foot.append(parts.look, parts.zoom, buildLegend(say), parts.details);
  parts.pause.textContent = say("pause");
  parts.live.textContent = say("go_live");
  root.append(parts.bar, parts.stage, foot, parts.note, parts.status);
  return parts;
}
