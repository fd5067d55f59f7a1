// Labels beside the marks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clearOf, fitting, isFree } from "../../optimlab/stage/marks.js";

const panel = { x0: 0, x1: 400 };

for (const [what, dot, begin, right, wanted] of /** @type {[string, number, number, boolean, number][]} */ ([
  ["a dot elsewhere moves nothing", 300, 105, true, 105],
  ["no dot moves nothing", NaN, 105, true, 105],
  ["a label to the right goes behind the dot", 150, 105, true, 160],
  ["a label to the left goes before the dot", 150, 105, false, 40],
  ["a label stays where there is no room", 380, 310, true, 310],
  ["a dot at its very edge counts", 98, 105, true, 108],
])) {
  test(what, () => assert.equal(clearOf(dot, begin, 100, right, panel), wanted));
}

test("a label leaves its formula away where that has no place, and only there", () => {
  assert.equal(fitting("limit 2/λmax = 0.1", () => true), "limit 2/λmax = 0.1");
  assert.equal(fitting("limit 2/λmax = 0.1", () => false), "limit 0.1");
  assert.equal(fitting("best 0.095", () => false), "best 0.095");
});

for (const [what, begin, wide, dot, wanted] of /** @type {[string, number, number, number, boolean][]} */ ([
  ["within the panel", 100, 100, NaN, true],
  ["beyond the left edge", -21, 100, NaN, false],
  ["beyond the right edge", 311, 100, NaN, false],
  ["on the dot", 100, 100, 150, false],
  ["beside the dot", 100, 100, 209, true],
])) {
  test(`a label ${what} is ${wanted ? "" : "not "}free`, () => assert.equal(isFree({ begin, wide }, dot, panel), wanted));
}
