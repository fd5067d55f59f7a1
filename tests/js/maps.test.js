// A map is made in slices: coarse first, then fine; what is begun anew replaces what was under way.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Cook } from "../../optimlab/stage/recipes.js";

// θ ← θ − η·θ from a, and how far it has come: after n steps a·(1 − η)ⁿ, plus b.
const first = { inputs: [["a", 1]], constants: [], operations: [], outputs: { θ: [0] } };
const step = {
  inputs: [["a", 1], ["η", 1], ["b", 1], ["θ", 1], ["k", 1]],
  constants: [],
  operations: [["multiply", 1, 3], ["subtract", 3, 5], ["add", 3, 2]],
  outputs: { θ: [6], row: [7] },
};
const across = Array.from({ length: 40 }, (_, i) => i / 40);
const up = Array.from({ length: 30 }, (_, j) => 100 * j);
const plane = [["η", across], ["b", up]];
/** @type {Record<string, any>} */
const sources = {
  map: { needs: ["a"], sweeps: [], recipe: { kind: "map", first, step, noise: [], rows: 4, plane, shape: [30, 40] } },
  best: { needs: ["a"], sweeps: [], recipe: { kind: "cell", cells: [across, up], logs: [false, false], of: ["map"], row: null } },
  here: { needs: ["dot"], sweeps: [], recipe: { kind: "cell", cells: [across, up], logs: [false, false], at: "dot" } },
};
const values = { a: 2, dot: [0.26, 910] };
/** @type {(a: number) => number[]} */
const wanted = (a) => up.flatMap((b) => across.map((eta) => a * (1 - eta) ** 3 + b));

let now = 0;
let changes = 0;
/** @type {Cook} */
let cook;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  [now, changes] = [0, 0];
  mock.method(performance, "now", () => (now += 1)); // each look at the clock takes a millisecond
  cook = new Cook(() => (changes += 1));
});

afterEach(() => {
  cook.close();
  mock.timers.reset();
  mock.restoreAll();
});

/** @type {(name: string, a?: number) => any} */
const made = (name, a = 2) => cook.make(name, sources, { ...values, a });

/** Until there is no more to do; the names of what is rough on the way. */
function finish(a = 2) {
  for (let slices = 0; slices < 100; slices++) {
    if (made("map", a) && !made("map", a).rough) return slices;
    mock.timers.tick(1);
  }
  throw new Error("it does not end");
}

/** @type {(found: ArrayLike<number>, a: number) => void} */
const near = (found, a) => wanted(a).forEach((x, i) => assert.ok(Math.abs(found[i] - x) < 1e-12 * (1 + x), `${i}: ${found[i]} ${x}`));

test("a coarse map is there at once, each of its numbers where it is true", () => {
  const { data, rough, shape } = made("map");
  assert.ok(rough);
  assert.deepEqual(shape, [30, 40]);
  const fine = wanted(2);
  const differing = fine.filter((x, i) => Math.abs(data[i] - x) > 1e-9).length;
  assert.ok(differing > 0.8 * fine.length && differing < fine.length - 70); // 8 × 10 blocks, one true cell in each
  for (const [row, column] of [[2, 2], [6, 38], [29, 2]]) assert.ok(Math.abs(data[row * 40 + column] - fine[row * 40 + column]) < 1e-9);
  assert.equal(data[0], data[3 * 40 + 3]);
  assert.notEqual(data[0], data[4]);
});

test("then it is fine, in several slices, and who draws it is told", () => {
  made("map");
  assert.ok(finish() >= 1);
  near(made("map").data, 2);
  assert.equal(changes, 1);
  assert.equal(made("map"), made("map"));
});

test("what is made of a map waits for the fine one", () => {
  made("map");
  assert.equal(made("best"), null);
  finish();
  assert.deepEqual([...made("best").data], [across[39], 0]);
  assert.equal(made("best"), made("best"));
});

test("the cell nearest to a point needs no map", () => {
  assert.deepEqual([...made("here").data], [10 / 40, 900]);
});

test("a newer setting replaces the older one, which is never finished", () => {
  made("map");
  made("map", 5);
  finish(5);
  near(made("map", 5).data, 5);
  assert.equal(changes, 1);
});

test("nothing goes on after the end", () => {
  made("map");
  cook.close();
  mock.timers.tick(1000);
  assert.equal(changes, 0);
});
