// A line drawn through knots.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pulled } from "../../optimlab/stage/knots.js";

const PLACES = [0, 10, 20, 30];

test("a pull in one place moves the nearest knot alone", () => {
  assert.deepEqual(pulled([1, 1, 1, 1], PLACES, [12, 5], [12, 5]), [1, 5, 1, 1]);
});

test("a quick pull across moves every knot on its way to the line", () => {
  assert.deepEqual(pulled([1, 1, 1, 1], PLACES, [0, 4], [20, 0]), [4, 2, 0, 1]);
  assert.deepEqual(pulled([1, 1, 1, 1], PLACES, [30, 3], [10, 13]), [1, 13, 8, 3]);
});

test("a pull beyond the last knot ends at it", () => {
  assert.deepEqual(pulled([1, 1, 1, 1], PLACES, [28, 2], [45, 8]), [1, 1, 1, 8]);
});
