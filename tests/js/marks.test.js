// Labels beside the marks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { clearOf, fitting } from "../../optimlab/stage/marks.js";

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

test("a label leaves its formula away where that has no room, and only there", () => {
  const width = (/** @type {string} */ text) => 10 * text.length;
  assert.equal(fitting("limit 2/λmax = 0.1", 180, width), "limit 2/λmax = 0.1");
  assert.equal(fitting("limit 2/λmax = 0.1", 179, width), "limit 0.1");
  assert.equal(fitting("best 0.095", 50, width), "best 0.095");
});
