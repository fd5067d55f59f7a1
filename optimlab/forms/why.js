// An explanation in the learner's own words: write a sentence, then compare it with a model answer, point by point.

/** @typedef {{ question: string, model: string, points: string[] }} WhyAsks */
/** @typedef {{ answer: string, ticked: number[] }} Written */
/** @import { Model } from "./forms.js" */
import { element, keysOf, nextNumber } from "./forms.js";

const FEWEST_WORDS = 3;
const MOST_LETTERS = 2000;

/** @type {(text: string) => boolean} */
export const isSentence = (text) => text.trim().split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length >= FEWEST_WORDS;

/** @type {(ticked: number, all: number) => string} */
export const counted = (ticked, all) => {
  if (ticked === 0) return "None ticked yet.";
  return ticked === all ? "All of it is in yours." : `${ticked} of ${all} are in yours.`;
};

/** @type {(context: { model: Model, el: HTMLElement }) => () => void} */
function render({ model, el }) {
  /** @type {WhyAsks} */
  const asks = model.get("asks");
  const id = `optimlab-why-${nextNumber()}`;
  const field = element("textarea", { id, rows: 2, maxLength: MOST_LETTERS, placeholder: "in one sentence of your own" });
  const button = element("button", { textContent: "Compare" });
  const state = element("output");
  const boxes = asks.points.map((point) => element("label", {}, element("input", { type: "checkbox" }), point));
  const answer = element(
    "div",
    { className: "optimlab-model-answer", hidden: true },
    element("p", {}, element("b", { textContent: "A model answer. " }), asks.model),
    element("fieldset", {}, element("legend", { textContent: "Tick what yours says too:" }), ...boxes),
  );
  const label = element("label", { className: "optimlab-question", htmlFor: id, textContent: asks.question });
  const form = element("form", { className: "optimlab-predict optimlab-why" }, label, field, button, answer, state);
  el.append(form);

  /** @type {() => number[]} */
  const ticked = () => boxes.flatMap((box, i) => (box.querySelector("input")?.checked ? [i] : []));
  const tell = () => {
    model.set("said", { answer: field.value.trim(), ticked: ticked() });
    model.save_changes();
  };
  const compare = () => {
    field.readOnly = true;
    button.hidden = true;
    answer.hidden = false;
    state.value = counted(ticked().length, asks.points.length);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.readOnly) return;
    if (!isSentence(field.value)) {
      state.value = "Write a sentence first; what you write is for you alone.";
      return;
    }
    compare();
    answer.querySelector("input")?.focus();
    tell();
  };
  form.oninput = (event) => {
    state.value = field.readOnly ? counted(ticked().length, asks.points.length) : "";
    if (event.target !== field) tell();
  };
  const keepKeys = keysOf(form);

  /** @type {Written} */
  const written = model.get("said");
  if (written?.answer) {
    field.value = written.answer;
    boxes.forEach((box, i) => /** @type {HTMLInputElement} */ (box.querySelector("input")).checked = written.ticked.includes(i));
    compare();
  }
  return keepKeys;
}

export default { render };
