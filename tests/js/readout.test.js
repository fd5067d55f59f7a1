// What a chip says of its run: the loss itself, and the step after which it stays at the target for good.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readout } from "../../optimlab/stage/controls.js";

/** @import { Run } from "../../optimlab/stage/scene.js" */
/** @import { View } from "../../optimlab/stage/view.js" */

/**
 * What is said at step k of a run whose L − min L is as given.
 * @type {(losses: number[], k: number, run?: Partial<Run>) => string}
 */
function said(losses, k, run = {}) {
  const pick = () => ({ data: Float32Array.from(losses), shape: [losses.length, 1], fresh: true });
  const view = { k, store: { pick }, scene: { unit: "step" }, veil: { down: false } };
  const whole = { loss: ["run0", 0], minimum: -7, tolerance: 0.5, reads: "L", ...run };
  return readout(/** @type {View} */ (/** @type {unknown} */ (view)), /** @type {Run} */ (/** @type {unknown} */ (whole)));
}

test("the loss is told with its minimum", () => {
  assert.match(said([9, 4, 2, 1], 1), /^L = −3 /);
  assert.match(said([9, 4, 2, 1], 2, { minimum: 0.25 }), /^L = 2.25 /);
});

test("settled means for good, not the first touch", () => {
  assert.match(said([9, 0.4, 2, 0.5, 0.1], 0), /settled after 3$/);
  assert.match(said([0.1, 0.2, 9, 0.2], 3), /settled after 3$/);
  assert.match(said([0.1, 0.2, 0.3], 0), /settled after 0$/);
  assert.match(said([9, 0.1, 0.6], 1), /not settled$/);
});

test("where the numbers end is told instead", () => {
  assert.match(said([9, 90, Infinity, NaN], 3), /^L = ∞ · not finite from step 2$/);
});
