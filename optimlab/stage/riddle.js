// A riddle: a path whose hyperparameters are hidden, and the judge of what somebody takes them for. Which one it is
// stands at a point among the controls; what has been tried and found is known here alone.

/** @import { Table } from "./lines.js" */
/** @import { View } from "./view.js" */
import { element, write } from "./controls.js";
import { finiteSteps, table } from "./lines.js";
import { short } from "./numbers.js";

/**
 * What detective.py (in labs) says of its riddles. They have `knobs` to be found, or else one of `names`.
 * @typedef {object} Puzzle
 * @property {string} at the point that holds the number of the riddle
 * @property {number} count
 * @property {string} source its path
 * @property {string} yours the learner's
 * @property {number} dims how many channels of both are coordinates
 * @property {number} limit how far apart, in percent, the paths of a riddle that is found may be
 * @property {string} asks
 * @property {{ control: string, symbol: string, answers: number[] }[]} [knobs]
 * @property {string[]} [names]
 * @property {number[]} [answers] the number of the right name, for each riddle
 * @property {string} [guess] the point that holds the number of the name that has been said, −1 if none
 * @property {boolean} [alone] whether there is no other riddle here
 */
/** @typedef {{ found: number, tries: number, ended: number }} Score tries are those of riddles that were found */

const NOBODY = -1;
const SLACK = 1.03; // lengths that differ by less are as good as the same
const NEGLIGIBLE = 0.01; // of the way: where both hardly move any more, nothing is compared
const TURNED = Math.cos(Math.PI / 18); // so are directions

/**
 * The mean distance of two paths, in percent of the diagonal of the second one's bounding box.
 * @type {(yours: Table, riddle: Table, dims: number) => number}
 */
export function pathsApart(yours, riddle, dims) {
  if (Math.min(finiteSteps(yours), finiteSteps(riddle)) < riddle.rows) return Infinity;
  const channels = Array.from({ length: dims }, (_, c) => c);
  const steps = Array.from({ length: riddle.rows }, (_, k) => k);
  const size = Math.hypot(...channels.map((c) => Math.max(...steps.map((k) => riddle.at(k, c))) - Math.min(...steps.map((k) => riddle.at(k, c)))));
  const total = steps.reduce((sum, k) => sum + Math.hypot(...channels.map((c) => yours.at(k, c) - riddle.at(k, c))), 0);
  return (100 * total) / (steps.length * size);
}

/** @type {(rows: Table, k: number, dims: number) => number[]} */
const stepAt = (rows, k, dims) => Array.from({ length: dims }, (_, c) => rows.at(k + 1, c) - rows.at(k, c));

/** @type {(rows: Table, dims: number, from: number) => number} */
function wayFrom(rows, dims, from) {
  let sum = 0;
  for (let k = from; k + 1 < rows.rows; k++) sum += Math.hypot(...stepAt(rows, k, dims));
  return sum;
}

/**
 * How the one path differs from the riddle's, in words, read off their steps; `whose` they are: "Your", or "Its".
 * @type {(yours: Table, riddle: Table, dims: number, whose: string) => string}
 */
export function clue(yours, riddle, dims, whose) {
  if (finiteSteps(yours) < riddle.rows) return `${whose} path diverges, the riddle's does not.`;
  const [a, b] = [yours, riddle].map((rows) => stepAt(rows, 0, dims));
  const [mine, its] = [Math.hypot(...a), Math.hypot(...b)];
  const along = a.reduce((sum, x, c) => sum + x * b[c], 0);
  if (mine > 0 && its > 0 && along < TURNED * mine * its) return `${whose} first step points elsewhere than the riddle's.`;
  if (mine * SLACK < its) return `${whose} first step is shorter than the riddle's.`;
  if (mine > its * SLACK) return `${whose} first step is longer than the riddle's.`;
  const [late, whole] = [Math.floor((riddle.rows * 3) / 4), wayFrom(riddle, dims, 0)];
  for (const [from, when] of [[0, "all in all"], [late, "in the end"]]) {
    const [way, wanted] = [yours, riddle].map((rows) => wayFrom(rows, dims, Number(from)));
    if (Math.max(way, wanted) < NEGLIGIBLE * whole) continue;
    if (way * SLACK < wanted) return `${whose} first step is as long as the riddle's, but ${when} ${whose.toLowerCase()} way is shorter.`;
    if (way > wanted * SLACK) return `${whose} first step is as long as the riddle's, but ${when} ${whose.toLowerCase()} way is longer.`;
  }
  return `${whose} first step and whole way are as long as the riddle's, but the path is another one.`;
}

/** @type {(count: number, what: string, more?: string) => string} */
const several = (count, what, more = `${what}s`) => `${count} ${count === 1 ? what : more}`;

/** How far apart, in words. @type {(percent: number) => string} */
export const percentApart = (percent) => (percent < 1000 ? `${percent < 9.95 ? Number(percent.toFixed(1)) : Math.round(percent)} % of its size apart` : "far apart");

/**
 * How many riddles were found, and in how many tries each.
 * @type {(score: Score) => string}
 */
export function scoreOf({ found, tries, ended }) {
  if (!ended) return "";
  const mean = found ? `, ${several(Number((tries / found).toFixed(1)), "try", "tries")} each` : "";
  return `So far ${found} of ${several(ended, "riddle")} found${mean}.`;
}

/** The riddles of a view: the question, the buttons, and the line that says how it went. */
export class Riddle {
  tries = 0;
  over = false; // whether this one is found, or given up
  shown = NaN; // the number of the one that is asked
  /** @type {Score} */
  score = { found: 0, tries: 0, ended: 0 };
  question = element("b", { className: "optimlab-question" });
  line = element("span", { className: "optimlab-verdict" });
  judge = element("button", { type: "button", className: "optimlab-ask", textContent: "That’s it" });
  reveal = element("button", { type: "button", className: "optimlab-ask", textContent: "show me" });
  next = element("button", { type: "button", className: "optimlab-ask", textContent: "another riddle" });
  /** @type {HTMLSelectElement | null} */
  names = null;

  /**
   * @param {View} view
   * @param {Puzzle} puzzle
   */
  constructor(view, puzzle) {
    this.view = view;
    this.puzzle = puzzle;
    this.line.setAttribute("role", "status");
    this.line.setAttribute("aria-live", "polite");
    if (puzzle.names) {
      const options = ["choose one", ...puzzle.names].map((name, i) => element("option", { value: i + NOBODY, textContent: name }));
      this.names = element("select", { className: "optimlab-ask" }, ...options);
      this.names.setAttribute("aria-label", puzzle.asks);
    }
    this.judge.onclick = () => this.hear();
    this.reveal.onclick = () => this.tell();
    this.next.onclick = () => this.goOn();
    this.next.hidden = puzzle.count < 2 || Boolean(puzzle.alone);
    this.bar = element("div", { className: "optimlab-riddle" }, this.question, ...(this.names ? [this.names] : []), this.judge, this.reveal, this.next, this.line);
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", "the riddle");
  }

  /** The number of the riddle; a link may say anything. */
  get number() {
    const [said] = this.view.store.values[this.puzzle.at];
    return Number.isInteger(said) && said >= 0 ? said % this.puzzle.count : 0;
  }

  /** Begin with the riddle that the controls name, if it is another one. */
  update() {
    const { values } = this.view.store;
    const { at, guess } = this.puzzle;
    if (!values[at] || this.shown === this.number) return;
    this.shown = this.number;
    this.tries = 0;
    this.close(false);
    this.say("");
    if (this.names) this.names.value = String(NOBODY);
    write(this.question, `Riddle ${this.number + 1}: ${this.puzzle.asks} made the thick path?`);
    if (values[at][0] !== this.number) this.view.store.set(at, [this.number]);
    if (guess && values[guess][0] !== NOBODY) this.view.store.set(guess, [NOBODY]);
  }

  /** @type {(text: string) => void} */
  say(text) {
    write(this.line, text);
  }

  /** The answer of the riddle in words; of knobs also what the learner has. @type {(compared: boolean) => string} */
  answer(compared) {
    const { knobs, names = [], answers = [] } = this.puzzle;
    if (!knobs) return names[answers[this.number]];
    return knobs.map(({ control, symbol, answers: hidden }) => `${symbol} = ${short(hidden[this.number])}${compared ? ` (yours ${short(this.view.store.values[control])})` : ""}`).join(", ");
  }

  /** Somebody is sure. */
  hear() {
    if (this.over) return;
    this.view.veil.lift();
    if (this.names) this.judgeName(Number(this.names.value));
    else this.judgeValues();
  }

  /** @type {() => { yours: Table, riddle: Table, there: boolean }} */
  tables() {
    const [yours, riddle] = [this.puzzle.yours, this.puzzle.source].map((source) => table(this.view, source));
    return { yours, riddle, there: yours.fresh && riddle.fresh && riddle.rows > 1 && yours.rows === riddle.rows };
  }

  judgeValues() {
    const { yours, riddle, there } = this.tables();
    if (!there) return this.say("One moment: the paths are being computed.");
    const { dims, limit } = this.puzzle;
    const percent = pathsApart(yours, riddle, dims);
    this.tries += 1;
    if (percent <= limit) this.finish(true, `Found in ${several(this.tries, "try", "tries")}: ${this.answer(true)}.`);
    else this.say(`Try ${this.tries}: ${percentApart(percent)}. ${clue(yours, riddle, dims, "Your")}`);
  }

  /** @type {(name: number) => void} */
  judgeName(name) {
    const { guess = "", names = [], answers = [], dims } = this.puzzle;
    if (name === NOBODY) return this.say("Choose a name first.");
    this.tries += 1;
    this.view.store.set(guess, [name]);
    if (name === answers[this.number]) return this.finish(true, `Found in ${several(this.tries, "try", "tries")}: it was ${this.answer(true)}.`);
    const { yours, riddle, there } = this.tables();
    const how = there ? `, ${percentApart(pathsApart(yours, riddle, dims))}. ${clue(yours, riddle, dims, "Its")}` : ".";
    this.say(`Try ${this.tries}: not ${names[name]}${how}`);
  }

  /** Somebody gives it up: what it was is said, and shown. */
  tell() {
    if (this.over) return;
    this.view.veil.lift();
    const { knobs = [], guess, answers = [] } = this.puzzle;
    for (const { control, answers: hidden } of knobs) this.view.store.type(control, String(hidden[this.number]));
    if (guess) this.view.store.set(guess, [answers[this.number]]);
    this.finish(false, `It was ${this.answer(false)}.`);
  }

  /** @type {(found: boolean, text: string) => void} */
  finish(found, text) {
    const { score } = this;
    this.score = { found: score.found + Number(found), tries: score.tries + (found ? this.tries : 0), ended: score.ended + 1 };
    if (this.bar.contains(document.activeElement)) (this.next.hidden ? this.names : this.next)?.focus();
    this.close(true);
    this.say(`${text} ${scoreOf(this.score)}`);
  }

  /** @type {(over: boolean) => void} */
  close(over) {
    this.over = over;
    this.judge.disabled = this.reveal.disabled = over;
  }

  /** To the next riddle; one that has been tried in vain counts as not found. After the last one they begin again. */
  goOn() {
    if (!this.over && this.tries) this.score = { ...this.score, ended: this.score.ended + 1 };
    const next = (this.number + 1) % this.puzzle.count;
    this.view.store.set(this.puzzle.at, [next]);
    this.update();
    this.say(next ? scoreOf(this.score) : `That was the last of ${this.puzzle.count} riddles: they begin again. ${scoreOf(this.score)}`.trim());
  }

  /** For tests. */
  report() {
    return { number: this.number, tries: this.tries, over: this.over, said: this.line.textContent, score: this.score };
  }
}
