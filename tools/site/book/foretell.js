// The forms of a page. Once a prediction is committed, what comes out opens, and its verdict stands there.

import predict, { verdict } from "../../../optimlab/forms/predict.js";
import explain from "../../../optimlab/forms/why.js";

/** @typedef {import("../../../optimlab/forms/predict.js").Asks & { levels: string[] }} Asks */
/** @typedef {{ answer: string, ticked: number[] }} Written */

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

/**
 * A form with a model in place of anywidget's: `commit` hears what is said, and may change the traits.
 * @type {(form: { render: Function }, place: HTMLElement, traits: Record<string, any>, commit: () => void) => void}
 */
function fill(form, place, traits, commit) {
  /** @type {Set<() => void>} */
  const ears = new Set();
  form.render({
    el: place,
    model: {
      get: (/** @type {string} */ key) => traits[key],
      set: (/** @type {string} */ key, /** @type {any} */ value) => (traits[key] = value),
      on: (/** @type {string} */ _, /** @type {() => void} */ hear) => ears.add(hear),
      off: () => {},
      save_changes: () => {
        commit();
        for (const hear of ears) hear();
      },
    },
  });
}

/** @type {(selector: string) => { place: HTMLElement, name: string, asks: any }[]} */
const formsOf = (selector) =>
  /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]).map((place) => ({
    place, name: place.dataset.name ?? "", asks: JSON.parse(place.dataset.asks ?? "{}"),
  }));

/** A question that says at once what is right, or only that the answer is noted. @type {(quiz: { place: HTMLElement, asks: any }) => void} */
function askAgain({ place, asks }) {
  /** @type {Record<string, any>} */
  const traits = { asks, levels: asks.levels, locked: {}, button: "That is my answer", next: "Noted. What is right you will see after the course." };
  fill(predict, place, traits, () => Object.assign(traits, { locked: traits.said, outcome: asks.said[traits.said.answer] }));
}

/** The predictions of a page, and what is folded until they are committed. */
class Page {
  constructor() {
    this.folds = /** @type {HTMLDetailsElement[]} */ ([...document.querySelectorAll("details.came")]);
    /** @type {Question[]} */
    this.questions = formsOf(".predict").map((form) => ({ ...form, said: null, right: null }));
    /** @type {Map<string, number>} */
    this.last = new Map(this.questions.map(({ name }) => [name, this.folds.findIndex((fold) => fold.textContent?.includes(`${name}, without a prediction`))]));
    for (const question of this.questions) this.ask(question);
    /** @type {{ asks: { points: string[] }, said: Written | null }[]} */
    this.whys = formsOf(".why").map((form) => ({ ...form, said: null }));
    formsOf(".why").forEach(({ place, asks }, i) => {
      /** @type {Record<string, any>} */
      const traits = { asks, said: {} };
      fill(explain, place, traits, () => {
        this.whys[i].said = traits.said;
        this.count();
      });
    });
    formsOf(".quiz").forEach(askAgain);
  }

  /** The questions that what is in a fold answers, or helps to answer. @type {(index: number) => Question[]} */
  asked(index) {
    return this.questions.filter(({ place, name }) => before(place, this.folds[index]) && index <= (this.last.get(name) ?? -1));
  }

  /** @type {(question: Question) => void} */
  ask(question) {
    const { place, asks } = question;
    /** @type {Record<string, any>} */
    const traits = { asks, levels: asks.levels, locked: {}, next: "", button: "That is my prediction" };
    fill(predict, place, traits, () => {
      question.said = traits.said;
      const waits = this.folds.some((_, i) => this.asked(i).includes(question) && this.asked(i).some(({ said }) => !said));
      Object.assign(traits, { locked: traits.said, next: waits ? "Committed. Answer the next question too, then it opens." : "Committed. What comes out is open below." });
      this.open();
    });
  }

  /** Open what no question waits for any more, with its verdicts. */
  open() {
    this.folds.forEach((fold, index) => {
      const asked = this.asked(index);
      if (!asked.length || asked.some(({ said }) => !said)) return;
      for (const question of asked) this.judge(fold, question);
      fold.open = true;
    });
    this.count();
  }

  /** Write anew how the page went. */
  count() {
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
    const written = this.whys.filter(({ said }) => said);
    const [found, all] = [written.flatMap(({ said }) => said?.ticked ?? []).length, written.flatMap(({ asks }) => asks.points).length];
    if (written.length) lines.push(`${written.length} of ${this.whys.length} questions why answered; ${found} of ${all} points were in the answers.`);
    return lines.join("\n");
  }
}

const REVIEW = /^\d+ (?:predictions in this notebook, none committed|of \d+ predictions committed)/;

if (typeof document !== "undefined") new Page();
