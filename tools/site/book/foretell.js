// The predictions of a page: once one is committed, what comes out opens, and its verdict stands there.

import predict, { verdict } from "../../../optimlab/predictions/predict.js";

/** @typedef {import("../../../optimlab/predictions/predict.js").Asks & { levels: string[] }} Asks */

/**
 * The verdict in place of what was saved without a prediction.
 * @type {(text: string, name: string, asks: Asks, answer: string | number) => string}
 */
export function judged(text, name, asks, answer) {
  const saved = new RegExp(`^${name.replace(".", "\\.")}, without a prediction: (.*)(?:\\n  (.*))?`, "m");
  return text.replace(saved, (_, came, why = "") => verdict(name, asks, answer, came, why));
}

/** @typedef {{ place: HTMLElement, name: string, asks: Asks, said: Said | null, right: boolean | null }} Question */
/** @typedef {{ answer: string | number, sure: number }} Said */

/** @type {(first: Node, then: Node) => boolean} */
const before = (first, then) => Boolean(first.compareDocumentPosition(then) & Node.DOCUMENT_POSITION_FOLLOWING);

/** The predictions of a page, and what is folded until they are committed. */
class Page {
  constructor() {
    this.folds = /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll("details.came")]);
    /** @type {Question[]} */
    this.questions = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".predict")]).map((place) => ({
      place, name: place.dataset.name ?? "", asks: JSON.parse(place.dataset.asks ?? "{}"), said: null, right: null,
    }));
    /** @type {Map<string, number>} */
    this.last = new Map(this.questions.map(({ name }) => [name, this.folds.findIndex((fold) => fold.textContent?.includes(`${name}, without a prediction`))]));
    for (const question of this.questions) this.ask(question);
  }

  /** The questions that what is in a fold answers, or helps to answer. @type {(index: number) => Question[]} */
  asked(index) {
    return this.questions.filter(({ place, name }) => before(place, this.folds[index]) && index <= (this.last.get(name) ?? -1));
  }

  /** @type {(question: Question) => void} */
  ask(question) {
    const { place, asks } = question;
    /** @type {Record<string, any>} */
    const traits = { asks, levels: asks.levels, locked: {}, next: "" };
    /** @type {() => void} */
    let hear = () => {};
    const commit = () => {
      question.said = traits.said;
      const waits = this.folds.some((_, i) => this.asked(i).includes(question) && this.asked(i).some(({ said }) => !said));
      Object.assign(traits, { locked: traits.said, next: waits ? "Committed. Answer the next question too, then it opens." : "Committed. What comes out is open below." });
      hear();
      this.open();
    };
    const model = { get: (/** @type {string} */ key) => traits[key], set: (/** @type {string} */ key, /** @type {any} */ value) => (traits[key] = value) };
    predict.render({ el: place, model: { ...model, on: (_, listener) => (hear = listener), off: () => {}, save_changes: commit } });
  }

  /** Open what no question waits for any more, with its verdicts. */
  open() {
    this.folds.forEach((fold, index) => {
      const asked = this.asked(index);
      if (!asked.length || asked.some(({ said }) => !said)) return;
      for (const question of asked) this.judge(fold, question);
      fold.open = true;
    });
    for (const printed of document.querySelectorAll("pre.printed")) if (REVIEW.test(printed.textContent ?? "")) printed.textContent = this.review();
  }

  /** @type {(fold: HTMLElement, question: Question) => void} */
  judge(fold, question) {
    for (const printed of fold.querySelectorAll("pre.printed")) {
      const saved = printed.textContent ?? "";
      const text = judged(saved, question.name, question.asks, question.said?.answer ?? "");
      if (text === saved) continue;
      question.right = text.includes(`${question.name} ✓`);
      printed.textContent = text;
    }
  }

  /** The same words as `review`. @type {() => string} */
  review() {
    const made = this.questions.filter(({ right }) => right !== null);
    const lines = [`${made.length} of ${this.questions.length} predictions committed, ${made.filter(({ right }) => right).length} right.`];
    this.questions[0].asks.levels.forEach((word, level) => {
      const of = made.filter(({ said }) => said?.sure === level);
      if (of.length) lines.push(`  ${word}: ${of.filter(({ right }) => right).length} of ${of.length} right`);
    });
    const again = made.filter(({ right }) => !right).map(({ name }) => name);
    if (again.length) lines.push(`  Predictions to look at again: ${again.join(", ")}.`);
    return lines.join("\n");
  }
}

const REVIEW = /^\d+ (?:predictions in this notebook, none committed|of \d+ predictions committed)/;

if (typeof document !== "undefined") new Page();
