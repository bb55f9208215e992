// Draws the figures, plays the sound, and keeps one time cursor in every view of a run.
(() => {
  "use strict";
  const templates = JSON.parse(document.getElementById("templates").textContent);
  const darkWanted = window.matchMedia("(prefers-color-scheme: dark)");
  const plots = [...document.querySelectorAll(".plot")];
  const config = {
    responsive: true,
    displaylogo: false,
    typesetMath: false, // two prices in a line are no formula
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "sendChartToCloud"],
  };
  const template = () => (darkWanted.matches ? templates.dark : templates.light);

  const hear = (audio, seconds) => {
    if (!audio) return;
    if (seconds !== undefined) audio.currentTime = Math.max(0, seconds);
    audio.play().catch(() => audio.focus()); // a browser that wants a click first gets one on the player
  };

  const moveCursor = (plot, seconds) => {
    const cursor = plot.querySelector(".cursor");
    const axis = plot._fullLayout && plot._fullLayout.xaxis;
    if (!cursor || !axis || !axis.range) return;
    const inside = seconds >= axis.range[0] && seconds <= axis.range[1];
    cursor.style.display = inside ? "block" : "none";
    cursor.style.transform = `translateX(${axis._offset + axis.d2p(seconds)}px)`;
  };

  const choose = (id) => {
    const row = document.getElementById(id);
    if (!row) return;
    document.querySelectorAll("tr.chosen").forEach((other) => other.classList.remove("chosen"));
    row.scrollIntoView({ block: row.matches("tr") ? "center" : "start", behavior: "smooth" });
    if (!row.matches("tr")) return;
    row.classList.add("chosen");
    hear(row.querySelector("audio"));
  };
  // A point of a figure over several runs has the run's place and the turn, 0 for the run as a whole.
  const choosePoint = (section, where) => {
    const [run, turn] = Array.isArray(where) ? [`run-${where[0]}`, where[1]] : [section.id, where];
    choose(turn ? `${run}-turn-${turn}` : run);
  };
  document.querySelectorAll(".jump").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    history.replaceState(null, "", link.getAttribute("href"));
    choose(link.getAttribute("href").slice(1));
  }));

  // What stands in one line on a wide page would run off a narrow one.
  const NARROW = 620;
  const LEGEND_LINE = 19;
  const SMALL = { letter: 5.8, line: 14 };
  const TITLE = { letter: 7.2, line: 17 };
  const wrapped = (text, width, letter) => text.split("<br>").flatMap((line) => {
    const lines = [""];
    line.split(" ").forEach((word) => {
      if ((lines.at(-1).length + word.length + 1) * letter > width) lines.push("");
      lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
    });
    return lines;
  });
  const fitted = (plot, layout, traces) => {
    const width = plot.clientWidth - 24;
    if (width >= NARROW) return layout;
    const made = { ...layout };
    made.annotations = (layout.annotations || []).map((one) => (
      one.font && one.font.size === 12 ? { ...one, font: { ...one.font, size: width < 360 ? 8 : 9 } } : one));
    const legend = layout.showlegend === false ? [] : traces.filter((trace) => trace.showlegend !== false);
    made.height += LEGEND_LINE * Math.max(0, legend.length - 1);
    const axes = Object.keys(layout).filter((key) => key.startsWith("xaxis"));
    axes.forEach((name) => {
      const text = layout[name].title && layout[name].title.text;
      if (!text) return;
      const lines = wrapped(text, 0.75 * width, TITLE.letter);
      made.height += TITLE.line * (lines.length - text.split("<br>").length);
      made[name] = { ...layout[name], title: { ...layout[name].title, text: lines.join("<br>") } };
    });
    const foot = layout.title && layout.title.text;
    if (!foot) return made;
    const lines = wrapped(foot, width, SMALL.letter);
    const more = lines.length - foot.split("<br>").length;
    // A title's empty lines keep the room for the foot, as they do in theme.foot.
    made[axes.at(-1)].title.text += "<br>\u00a0".repeat(more);
    made.height += TITLE.line * more;
    made.title = { ...layout.title, text: lines.join("<br>"), pad: { l: 8, b: 4 + SMALL.line * (lines.length - 1) } };
    return made;
  };

  const draw = async (plot) => {
    const section = plot.closest(".run");
    const spec = JSON.parse(plot.nextElementSibling.textContent);
    const onClock = plot.dataset.click === "clock";
    const layout = fitted(plot, { ...spec.layout, template: template(), clickanywhere: onClock }, spec.data);
    plot.style.height = `${layout.height}px`;
    await Plotly.newPlot(plot, spec.data, layout, config);
    if (onClock) {
      const whole = section.querySelector("audio.whole");
      const cursor = plot.appendChild(document.createElement("div"));
      cursor.className = "cursor";
      plot.on("plotly_click", (event) => {
        const seconds = event.xvals ? event.xvals[0] : event.points[0].x;
        hear(whole, Array.isArray(seconds) ? seconds[0] : seconds);
      });
      plot.on("plotly_relayout", () => whole && whole.currentTime && moveCursor(plot, whole.currentTime));
    } else if (plot.dataset.click === "turns") {
      plot.on("plotly_click", (event) => choosePoint(section, event.points[0].customdata));
    }
  };

  document.querySelectorAll(".run").forEach((section) => {
    const whole = section.querySelector("audio.whole");
    if (!whole) return;
    const views = [...section.querySelectorAll('.plot[data-click="clock"]')];
    const show = () => views.forEach((plot) => moveCursor(plot, whole.currentTime));
    const follow = () => {
      show();
      if (!whole.paused) requestAnimationFrame(follow);
    };
    whole.addEventListener("play", follow);
    whole.addEventListener("seeked", show);
    section.querySelectorAll(".seek").forEach((button) =>
      button.addEventListener("click", () => hear(whole, Number(button.dataset.seconds))));
  });

  // Two sounds at once are noise.
  document.addEventListener("play", (event) => {
    document.querySelectorAll("audio").forEach((audio) => audio !== event.target && audio.pause());
  }, true);

  const recolour = (wanted) => plots.forEach((plot) => plot._fullLayout && Plotly.relayout(plot, { template: wanted }));
  darkWanted.addEventListener("change", () => recolour(template()));
  window.addEventListener("beforeprint", () => recolour(templates.light));
  window.addEventListener("afterprint", () => recolour(template()));
  Promise.all(plots.map(draw)).then(() => document.documentElement.classList.add("drawn"));
})();
