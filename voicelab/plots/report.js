// Draws the figures, plays the sound, and keeps one time cursor in every view of a run.
(() => {
  "use strict";
  const templates = JSON.parse(document.getElementById("templates").textContent);
  const darkWanted = window.matchMedia("(prefers-color-scheme: dark)");
  const plots = [...document.querySelectorAll(".plot")];
  const config = {
    responsive: true,
    displaylogo: false,
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

  const chooseTurn = (section, turn) => {
    const row = document.getElementById(`${section.id}-turn-${turn}`);
    if (!row) return;
    section.querySelectorAll("tr.chosen").forEach((other) => other.classList.remove("chosen"));
    row.classList.add("chosen");
    row.scrollIntoView({ block: "center", behavior: "smooth" });
    hear(row.querySelector("audio"));
  };

  const draw = async (plot) => {
    const section = plot.closest(".run");
    const spec = JSON.parse(plot.nextElementSibling.textContent);
    const onClock = plot.dataset.click === "clock";
    const layout = { ...spec.layout, template: template(), clickanywhere: onClock };
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
    } else {
      plot.on("plotly_click", (event) => chooseTurn(section, event.points[0].customdata));
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
