// The level meter's page: a bar from -60 to 0 dBFS, its numbers, and the warnings in words.
// In: the model's traits. Out: nothing. Does not know: how a level is measured.

const LOWEST_DBFS = -60;

const part = (level) => (100 * (Math.min(0, Math.max(LOWEST_DBFS, level ?? LOWEST_DBFS)) - LOWEST_DBFS)) / -LOWEST_DBFS;

const make = (tag, name, facts = {}) => {
  const made = document.createElement(tag);
  made.className = name;
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  return made;
};

const build = (words) => {
  const root = make("div", "voicelab-level");
  const scale = make("div", "voicelab-level-scale", {
    role: "meter",
    "aria-label": words.level,
    "aria-valuemin": LOWEST_DBFS,
    "aria-valuemax": 0,
  });
  const bar = make("div", "voicelab-level-bar");
  const peak = make("div", "voicelab-level-peak");
  scale.append(bar, peak);
  const numbers = make("div", "voicelab-level-numbers");
  const [rms, top] = [make("span", ""), make("span", "")];
  numbers.append(rms, top);
  // There from the beginning: a reader only speaks of changes in what it knows.
  const live = make("div", "", { role: "status" });
  root.append(scale, numbers, live);
  return { root, scale, bar, peak, rms, top, live };
};

export default {
  render({ model, el }) {
    const words = model.get("words");
    const parts = build(words);
    const say = (key, places) => words[key].replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
    let told = null;

    const show = () => {
      const [rms, peak] = [model.get("rms_dbfs"), model.get("peak_dbfs")];
      const number = (level) => (level === null ? words.level_silence : level.toFixed(0));
      const text = !model.get("heard")
        ? words.level_none
        : rms === null
          ? words.level_silence
          : say("level_text", { rms: number(rms), peak: number(peak) });
      parts.bar.style.width = `${part(rms)}%`;
      parts.peak.style.left = `${part(peak)}%`;
      parts.peak.hidden = peak === null;
      parts.scale.setAttribute("aria-valuenow", Math.round(Math.max(LOWEST_DBFS, rms ?? LOWEST_DBFS)));
      parts.scale.setAttribute("aria-valuetext", text);
      parts.rms.textContent = !model.get("heard") || rms === null ? text : say("level_rms", { value: number(rms) });
      parts.top.textContent = peak === null ? "" : say("level_peak", { value: number(peak) });
      warn(model.get("warnings"));
    };

    const warn = (names) => {
      if (told === names.join(" ")) return;
      told = names.join(" ");
      const list = make("ul", "voicelab-level-warnings");
      for (const name of names) {
        const item = make("li", "");
        item.textContent = words[`warning_${name}`];
        list.append(item);
      }
      parts.live.replaceChildren(...(names.length ? [list] : []));
    };

    const events = "change:heard change:rms_dbfs change:peak_dbfs change:warnings";
    model.on(events, show);
    show();
    el.append(parts.root);
    return () => {
      model.off(events, show);
      parts.root.remove();
    };
  },
};
