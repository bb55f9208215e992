// What the knobs lack in the page: a name for each slider's handle and number box, and code that is copied.
// In: the synced traits of knobs.py (words, names, code).  Out: attributes on the neighbours; the clipboard.
// Does not know: values, wishes, the desk. Python and the hands change the widgets themselves.

const WATCHED = ["aria-valuenow", "aria-valuetext", "disabled", "class"];
let nPanels = 0;

// Writing what stands there already would wake the observer for ever.
function put(node, name, value) {
  if (node && node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function nameHandle(row, { label, unit }) {
  const handle = row.querySelector(".noUi-handle");
  if (!handle) return;
  // The slider itself says only one decimal.
  const slider = row.querySelector(".noUi-target")?.noUiSlider;
  const value = Number(slider ? slider.get(true) : handle.getAttribute("aria-valuenow"));
  const shown = `${Number(value.toFixed(2))}`;
  put(handle, "aria-label", label);
  put(handle, "aria-valuenow", shown);
  put(handle, "aria-valuetext", unit ? `${shown} ${unit}` : shown);
  put(handle, "aria-disabled", String(row.querySelector(".noUi-target")?.hasAttribute("disabled") ?? false));
}

function nameRow(row, name, names, words, prefix) {
  const described = [];
  for (const part of ["badge", "note"]) {
    const node = row.querySelector(`.voicelab-knob-${part}`);
    if (!node) continue;
    put(node, "id", `${prefix}-${name}-${part}`);
    described.push(node.id);
  }
  put(row.querySelector(".voicelab-knob-note"), "role", "status");
  nameHandle(row, names);
  put(row.querySelector("input[type=number]"), "aria-label", words.typed.replace("{label}", names.label));
  for (const input of row.querySelectorAll("input, select, textarea, .noUi-handle")) {
    put(input, "aria-describedby", described.join(" "));
  }
}

function nameAll(panel, model, prefix) {
  put(panel, "data-lm-suppress-shortcuts", "true"); // an arrow key moves the slider, not the notebook's cell
  const words = model.get("words");
  for (const [name, names] of Object.entries(model.get("names"))) {
    const row = panel.querySelector(`.voicelab-knob-${name}`);
    if (row) nameRow(row, name, names, words, prefix);
  }
  const more = panel.querySelector("button.voicelab-knobs-more");
  put(more, "aria-expanded", String(more?.classList.contains("mod-active") ?? false));
}

async function copy(box) {
  box.focus();
  box.select();
  try {
    await navigator.clipboard.writeText(box.value);
    return true;
  } catch {
    return false; // no permission, or no secure context: it is selected, Ctrl+C does the rest
  }
}

function buildCode(model, words) {
  const button = document.createElement("button");
  const box = document.createElement("textarea");
  const told = document.createElement("p");
  button.type = "button";
  button.textContent = words["code.show"];
  button.className = "voicelab-code-button";
  button.setAttribute("aria-expanded", "false");
  Object.assign(box, { readOnly: true, rows: 8, hidden: true, spellcheck: false });
  box.setAttribute("aria-label", words["code.label"]);
  told.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    box.hidden = !box.hidden;
    button.setAttribute("aria-expanded", String(!box.hidden));
    told.textContent = "";
    if (box.hidden) return;
    told.textContent = (await copy(box)) ? words["code.copied"] : words["code.by_hand"];
  });
  const show = () => { box.value = model.get("code"); };
  show();
  return { nodes: [button, box, told], show };
}

export default {
  render({ model, el }) {
    const code = buildCode(model, model.get("words"));
    el.classList.add("voicelab-knobs-page");
    el.append(...code.nodes);
    model.on("change:code", code.show);

    nPanels += 1;
    const prefix = `voicelab-knobs-${nPanels}`;
    const observer = new MutationObserver(() => nameAll(observer.panel, model, prefix));
    // The widget is put into the page after render returns, and its neighbours come one by one.
    let waiting = requestAnimationFrame(function find() {
      observer.panel = el.closest(".voicelab-knobs");
      if (!observer.panel) { waiting = requestAnimationFrame(find); return; }
      nameAll(observer.panel, model, prefix);
      observer.observe(observer.panel, { subtree: true, childList: true, attributes: true, attributeFilter: WATCHED });
    });
    return () => {
      cancelAnimationFrame(waiting);
      observer.disconnect();
      model.off("change:code", code.show);
    };
  },
};
