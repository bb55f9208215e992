// The line that shows how the sound stands, in words.
// In: a page's sound. Out: elements. Does not know: how sound travels.

function fill(text, places) {
  return (text ?? "").replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
}

function element(kind, parent, attributes = {}) {
  return parent.appendChild(Object.assign(document.createElement(kind), attributes));
}

function show(sound, el) {
  const { words } = sound;
  const line = element("div", el, { className: "voicelab-sound" });
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", words.label);
  const [microphone, way, rate, trip, underruns, missing] = Array.from({ length: 6 }, () => element("span", line));
  microphone.setAttribute("role", "status");
  const button = element("button", line, { type: "button", textContent: words.start, onclick: () => sound.start() });
  const problem = element("p", line);
  problem.setAttribute("role", "status");
  const draw = () => {
    const { state, audio } = sound;
    const waits = audio.context?.state === "suspended";
    const wrong = state.problem || (waits ? "start" : "");
    const muted = state.muted && state.microphone === "on";
    put(microphone, words[`microphone.${muted ? "muted" : state.microphone}`]);
    put(way, words[`way.${state.way}`]);
    const rateHz = audio.context?.sampleRate;
    put(rate, rateHz ? fill(words[rateHz === RATE_HZ ? "rate" : "rate.resampled"], { rate_hz: rateHz }) : "");
    put(trip, state.roundTripMs === null ? "" : fill(words.round_trip, { ms: Math.round(state.roundTripMs) }));
    put(underruns, state.nUnderruns ? fill(words.underruns, { n: state.nUnderruns }) : "");
    put(missing, state.missingMs ? fill(words.missing, { ms: Math.round(state.missingMs) }) : "");
    put(problem, wrong ? fill(words[`problem.${wrong}`], state.places) : "");
    button.hidden = !waits && state.problem !== "replaced";
  };
  sound.views.add(draw);
  draw();
  return () => {
    sound.views.delete(draw);
    line.remove();
  };
}

// Text is set only when it is another one, so that a screen reader hears no news where there are none.
function put(node, text) {
  node.hidden = !text;
  if (node.textContent !== text) node.textContent = text;
}
