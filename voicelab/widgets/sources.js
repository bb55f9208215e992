// Where the user's sound comes from: a menu, and below it what belongs to the chosen source.
// In: the synced traits of sources.py (words, clips, shown).  Out: {do, value} messages; a file as a buffer.
// Does not know: sound, sessions, whether a file is one that can be read.

const SOURCES = ["browser", "device", "clip", "none"];
const MICROPHONES = ["browser", "device"];
let nPanels = 0;

// A file too big for one message would cost the page its connection to the kernel.
async function sendFile(input, model, send) {
  const file = input.files[0];
  input.value = ""; // the same file can be chosen again
  if (!file) return;
  if (file.size > model.get("most_bytes")) send("too_big", file.name);
  else model.send({ do: "file", value: file.name }, undefined, [await file.arrayBuffer()]);
}

function build(words, model, send, prefix) {
  const source = make("select", { id: `${prefix}-source`, onchange: () => send("source", source.value) });
  for (const name of SOURCES) source.append(make("option", { value: name }, words[name]));
  const clip = make("select", { id: `${prefix}-clip`, onchange: () => send("clip", clip.value) });
  const text = make("p", { class: "voicelab-sources-text" });
  const play = make("button", { type: "button", onclick: () => send("play") }, words.play);
  const file = make("input", {
    type: "file", accept: ".wav,.flac,.ogg,audio/*", hidden: true, // the button beside it opens it, also by keyboard
    onchange: () => sendFile(file, model, send),
  });
  const open = make("button", { type: "button", title: words.file_help, onclick: () => file.click() }, words.file);
  const mute = make("button", {
    type: "button", onclick: () => send("mute", mute.getAttribute("aria-pressed") !== "true"),
  }, words.mute);
  const typed = make("input", { type: "text", id: `${prefix}-typed`, autocomplete: "off" });
  const say = (event) => {
    event.preventDefault();
    if (typed.value.trim()) send("say", typed.value);
    typed.value = "";
  };
  const hint = make("p", { class: "voicelab-sources-hint", role: "status" });
  const clipPart = make("div", {},
    make("div", { class: "voicelab-sources-row" }, make("label", { for: clip.id }, words.clip_label), clip),
    text, make("div", { class: "voicelab-sources-row" }, play, open, file));
  const mutePart = make("div", { class: "voicelab-sources-row voicelab-sources-mute" }, mute);
  const again = make("button", { type: "button", onclick: () => send("source", source.value) }, words.again);
  const againPart = make("div", { class: "voicelab-sources-row", hidden: true }, again);
  const root = make("div", { class: "voicelab-sources", "data-lm-suppress-shortcuts": "true" },
    make("div", { class: "voicelab-sources-row" }, make("label", { for: source.id }, words.label), source),
    clipPart, mutePart, hint, againPart,
    make("form", { class: "voicelab-sources-row", onsubmit: say },
      make("label", { for: typed.id }, words.say_label), typed, make("button", { type: "submit" }, words.send)));
  return { root, source, clip, clipPart, text, play, mute, mutePart, hint, againPart, typed };
}

function paintClips(parts, words, model) {
  const options = model.get("clips").map((one) =>
    make("option", { value: one.name }, one.spoken ? one.text : fill(words.seconds, one)));
  parts.clip.replaceChildren(...options);
}

function paint(parts, words, model) {
  const shown = model.get("shown");
  const microphone = MICROPHONES.includes(shown.source);
  parts.source.value = shown.source;
  for (const option of parts.source.options) option.disabled = option.value in shown.refused;
  parts.clip.value = shown.clip;
  const chosen = model.get("clips").find((one) => one.name === shown.clip);
  parts.text.textContent = chosen && !chosen.spoken ? chosen.text : "";
  parts.clipPart.hidden = shown.source !== "clip";
  parts.mutePart.hidden = !microphone;
  parts.againPart.hidden = shown.hint !== "live.deaf";
  parts.play.disabled = shown.playing || shown.busy;
  parts.play.textContent = shown.playing ? words.playing : words.play;
  parts.mute.setAttribute("aria-pressed", String(shown.muted));
  parts.mute.textContent = shown.muted ? words.muted : words.mute;
  const refusals = Object.values(shown.refused);
  const lines = [words[shown.hint], ...refusals];
  if (parts.hint.textContent !== lines.join("\n")) parts.hint.textContent = lines.join("\n");
}

export default {
  render({ model, el }) {
    nPanels += 1;
    const words = model.get("words");
    const send = (what, value) => model.send({ do: what, value });
    const parts = build(words, model, send, `voicelab-sources-${nPanels}`);
    el.append(parts.root);
    const repaint = () => paint(parts, words, model);
    const relist = () => { paintClips(parts, words, model); repaint(); };
    model.on("change:shown", repaint);
    model.on("change:clips", relist);
    relist();
    return () => {
      model.off("change:shown", repaint);
      model.off("change:clips", relist);
    };
  },
};
