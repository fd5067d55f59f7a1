// A prediction: choose, say how sure, commit; from then on it is locked. Python or, in the book, the page itself says
// what came out.

/**
 * @typedef {object} Asks what is asked; see `as_dict` in prediction.py
 * @property {"choice" | "amount"} kind
 * @property {string} question
 * @property {Record<string, string>} choices
 * @property {Record<string, string>} wrong
 * @property {string} unit
 * @property {number} factor
 * @property {string} low
 * @property {string} high
 */
/** @typedef {{ answer: string | number, sure: number }} Said */
/** @import { Model } from "./forms.js" */
import { PATIENCE_MS, SILENT, checkedIn, element, keysOf, lines, nextNumber, radios } from "./forms.js";

/** @type {(number: number) => string} */
const threeDigits = (number) => String(Number(number.toPrecision(3)));

/**
 * What is said when it has come out: the same words as `verdict` in prediction.py.
 * @type {(name: string, asks: Asks, answer: string | number, came: string, why: string) => string}
 */
export function verdict(name, asks, answer, came, why) {
  const [right, said, because] = asks.kind === "choice" ? ofChoice(asks, String(answer), came) : ofAmount(asks, Number(answer), came);
  if (right) return lines(asks.kind === "choice" ? `${name} ✓ as you predicted: ${came}` : `${name} ✓ you predicted ${said}; it is ${came}`, why);
  return lines(`${name} not this time: you predicted ${said}; it is ${came}`, because, why);
}

/** @type {(asks: Asks, answer: string, came: string) => [boolean, string, string]} */
const ofChoice = (asks, answer, came) => [came.startsWith(`${answer}) `), `${answer}) ${asks.choices[answer]}`, asks.wrong[answer] ?? ""];

/** @type {(asks: Asks, answer: number, came: string) => [boolean, string, string]} */
function ofAmount(asks, answer, came) {
  const ratio = answer / Number.parseFloat(came);
  return [ratio >= 1 / asks.factor && ratio <= asks.factor, `${threeDigits(answer)} ${asks.unit}`.trim(), ratio < 1 ? asks.low : asks.high];
}

/**
 * The place for a number, with its unit.
 * @type {(legend: string, unit: string) => HTMLFieldSetElement}
 */
function numberField(legend, unit) {
  const field = element("input", { type: "text", inputMode: "decimal", autocomplete: "off", size: 10 });
  field.setAttribute("aria-label", `${legend} (${unit})`);
  return element("fieldset", {}, element("legend", { textContent: legend }), field, ` ${unit}`);
}

const DECIMAL = /^\d*\.?\d+(e[-+]?\d+)?$/i;
const THOUSANDS = /^\d{1,3}(?:([, '_])\d{3})(?:\1\d{3})*(?:\.\d+)?$/;

/**
 * A number as somebody writes it: 0.5, 0,5, 1e3, 139000, 139,000 or 139 000.
 * @type {(text: string) => number}
 */
export function numberIn(text) {
  const plain = text.trim().replaceAll("\u00a0", " ");
  if (THOUSANDS.test(plain)) return Number(plain.replace(/[, '_]/g, ""));
  const decimal = plain.replace(",", ".");
  return DECIMAL.test(decimal) ? Number(decimal) : NaN;
}

/** @type {(context: { model: Model, el: HTMLElement }) => () => void} */
function render({ model, el }) {
  /** @type {Asks} */
  const asks = model.get("asks");
  /** @type {string[]} */
  const levels = model.get("levels");
  const id = `optimlab-predict-${nextNumber()}`;
  const form = element("form", { className: "optimlab-predict" });
  const choices = Object.entries(asks.choices ?? {}).map(([letter, text]) => /** @type {[string, string]} */ ([letter, `${letter}) ${text}`]));
  const answers = asks.kind === "choice" ? radios(asks.question, id, choices) : numberField(asks.question, asks.unit);
  const sure = radios("How sure are you?", `${id}-sure`, levels.map((word, i) => [String(i), word]));
  sure.classList.add("optimlab-sure");
  const button = element("button", { textContent: model.get("button") });
  const state = element("output");
  form.append(answers, sure, button, state);
  el.append(form);

  /** @type {() => string | number | null} */
  const answer = () => {
    if (asks.kind === "choice") return checkedIn(answers)?.value ?? null;
    const number = numberIn(/** @type {HTMLInputElement} */ (answers.querySelector("input")).value);
    return number > 0 && number < Infinity ? number : null;
  };
  const missing = () => {
    if (answer() === null) return asks.kind === "choice" ? "Choose one first." : "Write a number above 0 first.";
    return checkedIn(sure) ? "" : "Say how sure you are.";
  };
  /** @type {number | undefined} */
  let patience;
  const enable = (/** @type {boolean} */ on) => form.querySelectorAll("input").forEach((input) => (input.disabled = !on));
  form.onsubmit = (event) => {
    event.preventDefault();
    state.value = missing();
    if (state.value) return;
    const said = { answer: answer(), sure: Number(checkedIn(sure)?.value) };
    enable(false);
    patience = window.setTimeout(() => {
      enable(true);
      state.value = SILENT;
    }, PATIENCE_MS);
    model.set("said", { ...said, turn: nextNumber() }); // the same answer again is a new message
    model.save_changes();
  };
  form.oninput = () => (state.value = "");
  const keepKeys = keysOf(form);

  const lock = () => {
    /** @type {Said} */
    const said = model.get("locked");
    if (said?.answer === undefined) return;
    clearTimeout(patience);
    const held = form.contains(document.activeElement);
    enable(false);
    for (const input of answers.querySelectorAll("input")) {
      if (asks.kind === "choice") input.checked = input.value === said.answer;
      else input.value = String(said.answer);
    }
    for (const input of sure.querySelectorAll("input")) input.checked = Number(input.value) === said.sure;
    button.hidden = true;
    form.classList.add("optimlab-locked");
    state.value = model.get("outcome") || model.get("next");
    state.tabIndex = -1;
    if (held) state.focus(); // it was in what is gone now
  };
  const events = ["change:locked", "change:outcome"];
  for (const event of events) model.on(event, lock);
  lock();
  return () => {
    clearTimeout(patience);
    keepKeys();
    for (const event of events) model.off(event, lock);
  };
}

export default { render };
