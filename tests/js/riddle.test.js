// The riddle: how far two paths are apart, what is said of them, and how tries are counted.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { maker } from "../../optimlab/stage/recipes.js";
import { Riddle, clue, pathsApart, percentApart, scoreOf } from "../../optimlab/stage/riddle.js";

/** @import { Table } from "../../optimlab/stage/lines.js" */
/** @import { Puzzle } from "../../optimlab/stage/riddle.js" */

/** @type {(points: number[][]) => Table} the last number of a row is no coordinate */
const tableOf = (points) => ({ rows: points.length, columns: 3, fresh: true, at: (k, c) => points[k][c] });

/** @type {(steps: number[][]) => number[][]} from (0, 0) on */
const walked = (steps) => steps.reduce((points, [dx, dy]) => [...points, [(points.at(-1)?.[0] ?? 0) + dx, (points.at(-1)?.[1] ?? 0) + dy, 1]], [[0, 0, 1]]);

/** @type {(points: number[][], at: number, point: number[]) => number[][]} */
const changed = (points, at, point) => points.map((other, k) => (k === at ? point : other));

const STRAIGHT = walked([[3, 0], [3, 0], [3, 0], [3, 0]]);

test("the distance is the mean over the steps, in percent of the riddle's diagonal", () => {
  const riddle = walked([[3, 0], [0, 4]]);
  assert.equal(pathsApart(tableOf(riddle), tableOf(riddle), 2), 0);
  const beside = riddle.map(([x, y]) => [x + 0.6, y - 0.8, 9]);
  assert.ok(Math.abs(pathsApart(tableOf(beside), tableOf(riddle), 2) - 20) < 1e-12);
  const last = changed(riddle, 2, [3, 4 + 1.5, 9]);
  assert.ok(Math.abs(pathsApart(tableOf(last), tableOf(riddle), 2) - 10) < 1e-12);
});

test("a path that ends before the riddle's is infinitely far away", () => {
  const broken = changed(STRAIGHT, 3, [Infinity, 0, 1]);
  assert.equal(pathsApart(tableOf(broken), tableOf(STRAIGHT), 2), Infinity);
  assert.equal(clue(tableOf(broken), tableOf(STRAIGHT), 2, "Your"), "Your path diverges, the riddle's does not.");
});

/** @type {[string, number[][]][]} */
const CLUES = [
  ["Its first step points elsewhere than the riddle's.", [[3, 1], [3, 0], [3, 0], [3, 0]]],
  ["Its first step is shorter than the riddle's.", [[2, 0], [3, 0], [3, 0], [3, 0]]],
  ["Its first step is longer than the riddle's.", [[4, 0], [3, 0], [3, 0], [3, 0]]],
  ["Its first step is as long as the riddle's, but all in all its way is shorter.", [[3, 0], [1, 0], [3, 0], [3, 0]]],
  ["Its first step is as long as the riddle's, but all in all its way is longer.", [[3, 0], [3, 0], [3, 0], [4, 0]]],
  ["Its first step is as long as the riddle's, but in the end its way is longer.", [[3, 0], [3, 0], [2, 0], [4, 0]]],
  ["Its first step and whole way are as long as the riddle's, but the path is another one.", [[3, 0], [0, 3], [3, 0], [3, 0]]],
];

for (const [words, steps] of CLUES) {
  test(`what is said of two paths is read off their steps: ${words}`, () => {
    assert.equal(clue(tableOf(walked(steps)), tableOf(STRAIGHT), 2, "Its"), words);
  });
}

test("where both have come to rest, their last steps are not compared", () => {
  const [yours, riddle] = [[1e-4, 0], [2e-4, 0]].map((last) => tableOf(walked([[3, 0], [3, 0], [3, 0], last])));
  assert.equal(clue(yours, riddle, 2, "Your"), "Your first step and whole way are as long as the riddle's, but the path is another one.");
});

test("how far and how many is said in a few words", () => {
  assert.deepEqual([3.24, 9.97, 18.4, 999, 1e5, Infinity].map(percentApart), ["3.2 % of its size apart", "10 % of its size apart", "18 % of its size apart", "999 % of its size apart", "far apart", "far apart"]);
  assert.equal(scoreOf({ found: 0, tries: 0, ended: 0 }), "");
  assert.equal(scoreOf({ found: 1, tries: 1, ended: 1 }), "So far 1 of 1 riddle found, 1 try each.");
  assert.equal(scoreOf({ found: 3, tries: 5, ended: 4 }), "So far 3 of 4 riddles found, 1.7 tries each.");
  assert.equal(scoreOf({ found: 0, tries: 0, ended: 2 }), "So far 0 of 2 riddles found.");
});

test("a choice is one of other sources, by a number or by a table of numbers", () => {
  const of = [[1, 2], [3, 4], [5, 6]].map((row) => ({ data: Float64Array.from(row), shape: [2, 1], fresh: /** @type {const} */ (true) }));
  /** @type {(table: number[] | null, place: number) => number[]} */
  const chosen = (table, place) => [...maker(/** @type {any} */ ({ kind: "choice", of: ["a", "b", "c"], at: "point", table }))({ point: [place] }, of).data];
  assert.deepEqual([0, 1, 2].map((place) => chosen(null, place)), [[1, 2], [3, 4], [5, 6]]);
  for (const nobody of [-1, 3, 0.5, NaN]) assert.deepEqual(chosen(null, nobody), [NaN, NaN]);
  assert.deepEqual([0, 1, 3, -1].map((place) => chosen([2, 1, 0, 2], place)), [[5, 6], [3, 4], [5, 6], [5, 6]]);
});

/** What the riddle asks of an element of the page. */
class FakeElement {
  textContent = "";
  value = "";
  hidden = false;
  disabled = false;
  /** @type {any[]} */
  children = [];
  /** @type {() => void} */
  onclick = () => {};
  /** @type {(name: string, value: string) => void} */
  setAttribute(name, value) {
    Object.assign(this, { [name]: value });
  }
  /** @type {(...children: any[]) => void} */
  append(...children) {
    this.children.push(...children);
  }
  /** @type {(other: any) => boolean} */
  contains(other) {
    return this === other || this.children.some((child) => child.contains?.(other));
  }
  focus() {
    Object.assign(globalThis.document, { activeElement: this });
  }
  click() {
    if (!this.disabled) this.onclick();
  }
}

before(() => {
  globalThis.document = /** @type {any} */ ({ createElement: () => new FakeElement(), activeElement: null });
});

const COMMON = { at: "riddle", count: 3, source: "riddle", yours: "yours", dims: 1, limit: 3, asks: "which η" };
const KNOBS = { ...COMMON, knobs: [{ control: "yours lr", symbol: "η", answers: [1, 2, 4] }] };
const NAMES = { ...COMMON, asks: "which optimizer", names: ["Adam", "Momentum"], answers: [1, 0, 1], guess: "guess" };

/**
 * A riddle whose paths are η·k, of which the learner's η is yours; with names, of which the one is straight.
 * @type {(puzzle: Puzzle, values: Record<string, any>) => any}
 */
function asked(puzzle, values) {
  const store = {
    values,
    fresh: true,
    /** @type {(name: string, value: any) => void} */
    set: (name, value) => void (values[name] = value),
    /** @type {(name: string, text: string) => void} */
    type: (name, text) => void (values[name] = Number(text)),
    /** @type {(name: string) => any} */
    pick(name) {
      const [n] = values.riddle;
      const eta = puzzle.knobs ? (name === "riddle" ? puzzle.knobs[0].answers[n] : values["yours lr"]) : 1 + ((name === "riddle" ? puzzle.answers?.[n] : values.guess[0]) ?? 0);
      return { data: Float64Array.from([0, 1, 2, 3, 4], (k) => eta * k), shape: [5, 1], fresh: store.fresh };
    },
  };
  const riddle = /** @type {any} */ (new Riddle(/** @type {any} */ ({ store, veil: { lift() {} } }), puzzle));
  riddle.update();
  return { riddle, store, said: () => riddle.line.textContent };
}

test("a value is found when the paths lie together, and the tries are counted", () => {
  const { riddle, store, said } = asked(KNOBS, { riddle: [0], "yours lr": 0.5 });
  assert.equal(riddle.question.textContent, "Riddle 1: which η made the thick path?");
  riddle.judge.click();
  assert.equal(said(), "Try 1: 25 % of its size apart. Your first step is shorter than the riddle's.");
  store.values["yours lr"] = 1.5;
  riddle.judge.click();
  assert.equal(said(), "Try 2: 25 % of its size apart. Your first step is longer than the riddle's.");
  store.values["yours lr"] = 1.05;
  riddle.judge.focus();
  riddle.judge.click();
  assert.equal(said(), "Found in 3 tries: η = 1 (yours 1.05). So far 1 of 1 riddle found, 3 tries each.");
  assert.equal(document.activeElement, riddle.next, "the keyboard goes on where something can be pressed");
  assert.ok(riddle.judge.disabled && riddle.reveal.disabled);
  riddle.hear();
  riddle.tell();
  assert.deepEqual(riddle.score, { found: 1, tries: 3, ended: 1 });
});

test("after the last riddle the first one comes again, and that is said", () => {
  const { riddle, store, said } = asked(KNOBS, { riddle: [1], "yours lr": 2 });
  riddle.judge.click();
  assert.match(said(), /^Found in 1 try: η = 2 \(yours 2\)\./);
  riddle.next.click();
  assert.deepEqual(store.values.riddle, [2]);
  assert.equal(riddle.question.textContent, "Riddle 3: which η made the thick path?");
  assert.equal(said(), "So far 1 of 1 riddle found, 1 try each.");
  assert.ok(!riddle.judge.disabled);
  riddle.judge.click();
  riddle.next.click();
  assert.deepEqual(store.values.riddle, [0]);
  assert.equal(said(), "That was the last of 3 riddles: they begin again. So far 1 of 2 riddles found, 1 try each.");
});

test("what is given up is shown, and counts as not found; what nobody has tried does not count", () => {
  const { riddle, store, said } = asked(KNOBS, { riddle: [0], "yours lr": 9 });
  riddle.next.click();
  assert.equal(said(), "");
  riddle.reveal.click();
  assert.equal(said(), "It was η = 2. So far 0 of 1 riddle found.");
  assert.equal(store.values["yours lr"], 2);
});

test("a name is judged as such, and its path appears only then", () => {
  const { riddle, store, said } = asked(NAMES, { riddle: [0], guess: [-1] });
  riddle.judge.click();
  assert.equal(said(), "Choose a name first.");
  riddle.names.value = "0";
  assert.deepEqual(store.values.guess, [-1]);
  riddle.judge.click();
  assert.deepEqual(store.values.guess, [0]);
  assert.equal(said(), "Try 1: not Adam, 25 % of its size apart. Its first step is shorter than the riddle's.");
  riddle.names.value = "1";
  riddle.judge.click();
  assert.equal(said(), "Found in 2 tries: it was Momentum. So far 1 of 1 riddle found, 2 tries each.");
  riddle.next.click();
  assert.deepEqual([store.values.riddle, store.values.guess, riddle.names.value], [[1], [-1], "-1"]);
  riddle.reveal.click();
  assert.deepEqual(store.values.guess, [0]);
  assert.equal(said(), "It was Adam. So far 1 of 2 riddles found, 2 tries each.");
});

test("what Python has not computed yet is not judged", () => {
  const { riddle, store, said } = asked(KNOBS, { riddle: [0], "yours lr": 1 });
  store.fresh = false;
  riddle.judge.click();
  assert.equal(said(), "One moment: the paths are being computed.");
  assert.equal(riddle.tries, 0);
});

test("a link may name any number, and another view may go on", () => {
  for (const [said, number] of [[7, 1], [-1, 0], [0.5, 0], [NaN, 0]]) {
    const { riddle, store } = asked(KNOBS, { riddle: [said], "yours lr": 1 });
    assert.deepEqual([riddle.number, store.values.riddle], [number, [number]]);
  }
  const { riddle, store, said } = asked(KNOBS, { riddle: [0], "yours lr": 9 });
  riddle.judge.click();
  store.values.riddle = [1];
  riddle.update();
  assert.deepEqual([riddle.tries, said()], [0, ""]);
});

test("where there is no other riddle, no button asks for it", () => {
  assert.ok(asked({ ...KNOBS, alone: true }, { riddle: [0], "yours lr": 1 }).riddle.next.hidden);
  assert.ok(asked({ ...KNOBS, count: 1 }, { riddle: [0], "yours lr": 1 }).riddle.next.hidden);
  assert.ok(!asked(KNOBS, { riddle: [0], "yours lr": 1 }).riddle.next.hidden);
});
