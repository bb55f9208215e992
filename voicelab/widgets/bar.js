// The bar on top of the Lab: target, state, clock, cost, Talk and Stop, and the problem if there is one.
// In: the synced traits of bar.py.  Out: {do, value} messages.
// Does not know: what a command does. The keys of the Lab are here as well, because they do what the buttons do.

const LOCAL = "local";
const TYPED = "url";
const ASK_AGAIN_MS = 3000;

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// Two digits, and up to six where the amount is that small.
function dollars(usd) {
  return `$${usd.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 6, useGrouping: false })}`;
}

// Keys belong to the whole Lab; where a key has a meaning of its own (typing, a button, a slider) it keeps it.
function hasItsOwnKeys(node, key) {
  if (node.closest("input, textarea, select, [contenteditable], [role=textbox]")) return true;
  return key === " " && node.closest("button, a, summary, [role=slider], [role=tab], [role=option]") !== null;
}

export default {
  render({ model, el }) {
    const words = model.get("words");
    const send = (what, value, more = {}) => model.send({ do: what, value, ...more });
    // A click may be lost while the front end is still setting up its way to the kernel: asked again once, if nothing
    // at all has changed. Talk and Stop do no harm twice.
    const ask = (what) => {
      const before = model.get("standing");
      send(what);
      setTimeout(() => { if (model.get("standing") === before) send(what); }, ASK_AGAIN_MS);
    };
    const parts = buildBar(words, model.get("targets"), send, ask);
    el.classList.add("voicelab-bar-host");
    el.append(parts.root, parts.help);

    const repaint = () => {
      paint(parts, words, model);
      // A kernel that was restarted knows nothing of this page.
      if (el.closest(".jupyter-widgets-disconnected")) paintLost(parts, words);
    };
    const events = ["change:standing", "change:counts", "change:note"];
    for (const event of events) model.on(event, repaint);
    repaint();
    const ticking = setInterval(() => parts.state.dataset.state === "lost" || paintClock(parts, words, model), 500);

    // The widget is put into the page after render returns.
    let stopKeys = () => {};
    const kernelGoes = new MutationObserver(repaint); // the front end marks the box of the Lab then
    const attached = requestAnimationFrame(() => {
      const root = el.closest(".voicelab-lab") ?? el;
      stopKeys = listenToKeys(root, parts, model, send);
      kernelGoes.observe(root, { attributes: true, attributeFilter: ["class"] });
    });
    return () => {
      for (const event of events) model.off(event, repaint);
      clearInterval(ticking);
      cancelAnimationFrame(attached);
      kernelGoes.disconnect();
      stopKeys();
    };
  },
};

function buildBar(words, targets, send, ask) {
  const choice = make("select", { class: "voicelab-target", "aria-label": words.target });
  choice.append(make("option", { value: LOCAL }, words.target_local));
  for (const name of targets) choice.append(make("option", { value: name }, fill(words.target_other, { name })));
  choice.append(make("option", { value: TYPED }, words.target_url));
  const address = make("input", { type: "url", "aria-label": words.address, placeholder: "wss://", size: 26 });
  const key = make("input", {
    type: "password", "aria-label": words.key, placeholder: words.key_from_environment, size: 18, autocomplete: "off",
  });
  const model = make("input", { type: "text", "aria-label": words.model, placeholder: words.model_usual, size: 14 });
  const limit = make("input", { type: "number", min: 1, max: 60, size: 3, "aria-label": words.limit });
  const hosted = make("span", { class: "voicelab-hosted" }, address, model, key, make("label", {}, words.limit, " ", limit));

  // A key belongs to one target: another one never gets it.
  for (const input of [choice, address]) input.addEventListener("change", () => { key.value = model.value = ""; });
  const tell = () => {
    const typing = choice.value === TYPED;
    choice.dataset.typing = String(typing);
    const target = typing ? address.value.trim() : choice.value;
    address.hidden = !typing;
    hosted.hidden = target === LOCAL;
    if (target) send("target", target, { key: key.value, model: model.value.trim() });
    else address.focus(); // it has to be typed first
  };
  for (const input of [choice, address, model, key]) input.addEventListener("change", tell);
  limit.addEventListener("change", () => send("limit", Number(limit.value)));

  const button = (name, act, more = {}) => make("button", { type: "button", onclick: act, ...more }, words[name]);
  const talk = button("talk", () => ask(talk.dataset.live === "true" ? "stop" : "talk"), { class: "voicelab-talk" });
  const interrupt = button("interrupt", () => send("interrupt"));
  const mute = button("mute", () => send("mute", mute.getAttribute("aria-pressed") !== "true"));
  const mark = button("mark", () => send("mark"));
  const report = button("report", () => send("report"));
  const handIn = button("hand_in", () => send("hand_in"));
  const present = button("present", () => togglePresent(present), { "aria-pressed": "false" });
  const keys = button("keys", () => help.showModal(), { "aria-keyshortcuts": "?" });

  const state = make("output", { class: "voicelab-state", role: "status" });
  const figures = make("span", { class: "voicelab-figures" });
  const note = make("p", { class: "voicelab-note", "aria-live": "polite" });
  const what = make("strong"), rest = make("span");
  const problem = make("div", { class: "voicelab-problem", role: "alert", hidden: true },
    what, rest, button("dismiss", () => send("dismiss")));
  const help = make("dialog", { class: "voicelab-keys", "aria-label": words.keys_title },
    make("h2", {}, words.keys_title), keyTable(words.keys_list),
    make("form", { method: "dialog" }, make("button", {}, words.close)));
  const root = make("div", { class: "voicelab-bar", role: "group", "aria-label": words.bar },
    make("div", { class: "voicelab-bar-line" }, talk, state, figures,
      make("label", { class: "voicelab-target-label" }, words.target, " ", choice), hosted),
    make("div", { class: "voicelab-bar-line" }, note,
      make("span", { class: "voicelab-buttons" }, interrupt, mute, mark, report, handIn, present, keys)),
    problem);
  return { root, help, choice, address, model, key, limit, hosted, talk, interrupt, mute, mark, report, handIn, present, keys,
    state, figures, note, problem, what, rest };
}

function keyTable(list) {
  const rows = list.split("\n").map((line) => {
    const at = line.indexOf(": ");
    return make("tr", {}, make("th", { scope: "row" }, line.slice(0, at)), make("td", {}, line.slice(at + 2)));
  });
  return make("table", {}, make("tbody", {}, ...rows));
}

function togglePresent(button) {
  const root = button.closest(".voicelab-lab");
  if (!root) return;
  button.setAttribute("aria-pressed", String(root.classList.toggle("voicelab-present")));
}

function paint(parts, words, model) {
  const standing = model.get("standing");
  const live = standing.state === "live";
  const between = standing.state === "connecting" || standing.state === "closing";
  parts.talk.textContent = live ? words.stop : words.talk;
  parts.talk.dataset.live = String(live);
  parts.talk.disabled = between || Boolean(standing.frozen);
  parts.state.textContent = words[`state_${standing.state}`];
  parts.state.dataset.state = standing.state;
  parts.interrupt.disabled = parts.mark.disabled = !live;
  parts.mute.disabled = !standing.listening;
  parts.mute.setAttribute("aria-pressed", String(standing.muted));
  parts.mute.textContent = standing.muted ? words.unmute : words.mute;
  parts.report.disabled = parts.handIn.disabled = !standing.folder;
  parts.choice.disabled = parts.address.disabled = parts.model.disabled = parts.key.disabled = live || between;
  const known = [...parts.choice.options].some((option) => option.value === standing.target);
  const typing = parts.choice.dataset.typing === "true";
  parts.choice.value = known && !typing ? standing.target : TYPED;
  parts.address.hidden = parts.choice.value !== TYPED;
  if (!known && !parts.address.value) parts.address.value = standing.target;
  parts.hosted.hidden = !standing.hosted && !typing;
  if (document.activeElement !== parts.limit) parts.limit.value = standing.limit_minutes;
  parts.note.textContent = noteFor(standing, words, model.get("note"));
  parts.problem.hidden = !standing.problem;
  if (standing.problem) {
    parts.what.textContent = standing.problem.what;
    parts.rest.textContent = ` ${standing.problem.kept} ${standing.problem.do} `;
  }
  paintClock(parts, words, model);
}

function paintLost(parts, words) {
  for (const control of parts.root.querySelectorAll("button, input, select")) control.disabled = true;
  parts.keys.disabled = false;
  parts.state.textContent = words.state_lost;
  parts.state.dataset.state = "lost";
  parts.note.textContent = words.lost;
}

function noteFor(standing, words, note) {
  if (standing.frozen) return note;
  if (note) return note;
  if (standing.hosted && standing.state !== "live") {
    const limit = standing.limit_usd ? fill(words.leaves_limit, { limit: dollars(standing.limit_usd) }) : words.leaves_no_limit;
    return `${fill(words.leaves, { target: standing.target, minutes: standing.limit_minutes })} ${limit}`;
  }
  if (standing.state === "live") return fill(words.folder, { folder: standing.folder });
  return standing.folder ? `${fill(words.recorded, { folder: standing.folder })} ${words.hello_over}` : `${words.hello} ${words.stays}`;
}

function paintClock(parts, words, model) {
  const { expires_at: expires, state, hosted } = model.get("standing");
  const { turns = 0, usd = 0, seconds = 0, limit_usd: limit = null } = model.get("counts");
  const left = state === "live" && expires ? ` (${fill(words.left, { left: clock(expires - Date.now() / 1000) })})` : "";
  const money = usd === null ? words.unpriced : `$${usd.toFixed(4)}`;
  const most = limit ? ` ${fill(words.of_limit, { limit: dollars(limit) })}` : "";
  const text = `${words.time} ${clock(seconds)}${left} · ${words.turns} ${turns} · ` +
    `${hosted ? words.cost_billed : words.cost} ${money}${most}`;
  if (parts.figures.textContent !== text) parts.figures.textContent = text;
}

function listenToKeys(root, parts, model, send) {
  if (!root.hasAttribute("tabindex")) root.setAttribute("tabindex", "-1");
  // JupyterLab's own shortcuts (M makes a cell Markdown, Space scrolls) stay out of the Lab.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  const acts = {
    " ": () => parts.talk.click(),
    i: () => parts.interrupt.click(),
    u: () => parts.mute.click(),
    m: () => parts.mark.click(),
    "?": () => parts.help.showModal(),
  };
  const heard = (event) => {
    event.stopPropagation();
    if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) {
      if (hasItsOwnKeys(event.target, "z")) return;
      event.preventDefault();
      send("undo");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || parts.help.open || hasItsOwnKeys(event.target, event.key)) return;
    event.preventDefault();
    act();
  };
  root.addEventListener("keydown", heard);
  return () => root.removeEventListener("keydown", heard);
}
