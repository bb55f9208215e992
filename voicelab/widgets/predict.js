// A question with choices; what is true appears once a choice was made and asked for.
// In: question, choices, answer, why, words. Out: chosen, revealed. Does not know: what the question is about.

let count = 0; // a page may hold many questions, and radio buttons are one group by their name

function choiceOf(model, index, group, choose) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "radio";
  input.name = group;
  input.checked = model.get("chosen") === index;
  input.addEventListener("change", () => choose(index));
  label.append(input, " ", model.get("choices")[index]);
  return label;
}

function verdict(model) {
  const words = model.get("words");
  const truth = model.get("choices")[model.get("answer")];
  const chosen = model.get("chosen");
  if (chosen < 0) return words.predict_answer.replace("{answer}", truth);
  return (chosen === model.get("answer") ? words.predict_right : words.predict_wrong).replace("{answer}", truth);
}

function render({ model, el }) {
  count += 1;
  const words = model.get("words");
  const box = document.createElement("fieldset");
  box.className = "voicelab-predict";
  const legend = document.createElement("legend");
  legend.textContent = model.get("question");
  const reveal = document.createElement("button");
  reveal.type = "button";
  reveal.textContent = words.predict_reveal;
  const told = document.createElement("div");
  told.setAttribute("role", "status"); // read out when it is filled

  const save = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const group = `voicelab-predict-${count}`;
  const choices = model.get("choices").map((_, index) => choiceOf(model, index, group, (n) => save("chosen", n)));

  const show = () => {
    const revealed = model.get("revealed");
    // Without a guess there is nothing to learn from the answer.
    reveal.disabled = revealed || model.get("chosen") < 0;
    reveal.title = reveal.disabled && !revealed ? words.predict_first : "";
    for (const label of choices) label.firstChild.disabled = revealed;
    choices.forEach((label, index) => label.classList.toggle("voicelab-true", revealed && index === model.get("answer")));
    told.replaceChildren();
    if (!revealed) return;
    const strong = document.createElement("strong");
    strong.textContent = verdict(model);
    told.append(strong, " ", model.get("why"));
  };

  reveal.addEventListener("click", () => save("revealed", true));
  model.on("change:chosen change:revealed", show);
  box.append(legend, ...choices, reveal, told);
  el.append(box);
  show();
  return () => model.off("change:chosen change:revealed", show);
}

export default { render };
