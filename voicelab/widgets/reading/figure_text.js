// The text form of a figure: a table behind a fold. It also tells the kernel whether the page is dark, and the figure
// beside it how wide it may be.
// In: `table` ({caption, heads, rows} or null), `words`. Out: `dark`. Does not know: what the figure shows.

const node = (tag, text) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  return made;
};

// JupyterLab says it in an attribute of the body; elsewhere the system's choice stands.
function isDark() {
  const light = document.body.dataset.jpThemeLight;
  if (light !== undefined) return light === "false";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function headed(tag, text, scope) {
  const cell = node(tag, text);
  cell.scope = scope;
  return cell;
}

function tableOf({ caption, heads, rows }) {
  const table = node("table");
  const head = node("tr");
  head.append(...heads.map((text) => headed("th", text, "col")));
  const top = node("thead");
  top.append(head);
  const body = node("tbody");
  for (const [first, ...others] of rows) {
    const row = node("tr");
    row.append(headed("th", first, "row"), ...others.map((text) => node("td", text)));
    body.append(row);
  }
  table.append(node("caption", caption), top, body);
  return table;
}

// Plotly makes its figure before it is on the page, so for any width; and a notebook does not tell it of another one.
function keepFitting(el) {
  const fit = () => el.closest(".voicelab-figure")?.querySelector(".js-plotly-plot")?._responsiveChartHandler?.();
  const width = new ResizeObserver(fit);
  width.observe(el);
  document.addEventListener("plotlywidget-after-render", fit);
  return () => {
    width.disconnect();
    document.removeEventListener("plotlywidget-after-render", fit);
  };
}

export default {
  render({ model, el }) {
    const words = model.get("words");
    const fold = node("details");
    fold.className = "voicelab-figure-text";
    const scroller = node("div");
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", words.as_table);
    fold.append(node("summary", words.as_table), scroller);
    el.append(fold);

    const draw = () => {
      const table = model.get("table");
      fold.hidden = table === null;
      scroller.replaceChildren(...(table === null ? [] : [tableOf(table)]));
    };
    const look = () => {
      model.set("dark", isDark());
      model.save_changes();
    };
    const theme = new MutationObserver(look);
    theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
    model.on("change:table", draw);
    const letGo = keepFitting(el);
    draw();
    look();
    return () => {
      letGo();
      theme.disconnect();
      model.off("change:table", draw);
      fold.remove();
    };
  },
};
