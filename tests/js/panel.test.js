// Where on a panel a number lies, and which number lies where.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Panel } from "../../optimlab/stage/panel.js";

/** @import { Range } from "../../optimlab/stage/numbers.js" */

const [LEFT, RIGHT, BOTTOM, TOP] = [54, 486, 330, 26];
const [MIDDLE_X, MIDDLE_Y] = [(LEFT + RIGHT) / 2, (BOTTOM + TOP) / 2];

/**
 * A panel that stands on no page.
 * @type {(x: Range, y: Range, x_log: boolean, y_log: boolean) => Panel}
 */
function panelOf(x, y, x_log, y_log) {
  return Object.assign(Object.create(Panel.prototype), { spec: { x, y, x_log, y_log }, x0: LEFT, x1: RIGHT, y0: BOTTOM, y1: TOP });
}

/** @type {(found: number[], wanted: number[], tolerance?: number) => void} */
function close(found, wanted, tolerance = 1e-10) {
  found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) <= tolerance * Math.abs(wanted[i]), `${found} is not ${wanted}`));
}

/** @type {Record<string, [Range, boolean]>} */
const AXES = { linear: [[-3, 5], false], logarithmic: [[1e-4, 20], true] };

for (const [across, [x, x_log]] of Object.entries(AXES)) {
  for (const [up, [y, y_log]] of Object.entries(AXES)) {
    const panel = panelOf(x, y, x_log, y_log);
    const axes = `x ${across}, y ${up}`;

    test(`a pixel's data lie at that pixel: ${axes}`, () => {
      for (let px = LEFT; px <= RIGHT; px += 13.5) {
        for (let py = TOP; py <= BOTTOM; py += 15.2) {
          const [a, b] = panel.data(px, py);
          close([panel.x(a), panel.y(b)], [px, py]);
        }
      }
    });

    test(`the axes end at the panel's edges: ${axes}`, () => {
      close([...x.map((a) => panel.x(a)), ...y.map((b) => panel.y(b))], [LEFT, RIGHT, BOTTOM, TOP]);
      close(panel.data(LEFT, BOTTOM), [x[0], y[0]]);
      close(panel.data(RIGHT, TOP), [x[1], y[1]]);
    });

    test(`what is beyond the panel is taken for its edge: ${axes}`, () => {
      close(panel.data(LEFT - 100, BOTTOM + 1), [x[0], y[0]]);
      close(panel.data(RIGHT + 1, TOP - 1000), [x[1], y[1]]);
    });

    test(`half-way lies the mean, on a logarithmic axis the geometric one: ${axes}`, () => {
      /** @type {(range: Range, log: boolean) => number} */
      const mean = ([low, high], log) => (log ? Math.sqrt(low * high) : (low + high) / 2);
      close(panel.data(MIDDLE_X, MIDDLE_Y), [mean(x, x_log), mean(y, y_log)]);
      close([panel.x(mean(x, x_log)), panel.y(mean(y, y_log))], [MIDDLE_X, MIDDLE_Y]);
    });
  }
}

test("equal axes have one scale", () => {
  const panel = panelOf([-2, 4], [0, 9], false, false);
  const height = panel.equalHeight(468);
  const [left, right, top, bottom] = [54, 14, 26, 40]; // the margins
  close([(height - top - bottom) / 9], [(468 - left - right) / 6], 0.01);
});

test("a panel contains its axes and nothing else", () => {
  const panel = panelOf([0, 1], [0, 1], false, false);
  assert.ok(panel.contains(LEFT, TOP) && panel.contains(RIGHT, BOTTOM) && panel.contains(MIDDLE_X, MIDDLE_Y));
  for (const [px, py] of [[LEFT - 2, MIDDLE_Y], [RIGHT + 2, MIDDLE_Y], [MIDDLE_X, TOP - 2], [MIDDLE_X, BOTTOM + 2]]) {
    assert.ok(!panel.contains(px, py));
  }
});

test("a panel that follows its curves shows the highest place, and gives it back", () => {
  const panel = panelOf([0, 1], [1e-6, 10], false, true);
  panel.fit(1e-9, 500);
  close(panel.up(), [1e-6, 1e3]);
  assert.ok(panel.contains(MIDDLE_X, panel.y(500)) && panel.data(MIDDLE_X, TOP)[1] > 999);
  panel.fit(1e-9, 2);
  close(panel.up(), [1e-6, 10]);
  panel.spec.follow = "both";
  panel.fit(1e-9, 2);
  close([panel.up()[0] * 1e10, panel.up()[1]], [1, 10]);
});

test("a panel that stands alone in its row is no taller than half the stage", () => {
  const panel = panelOf([0, 1], [0, 1], false, false);
  panel.spec.height = 0.72;
  assert.equal(panel.heightFor(400, 1220), 288);
  assert.equal(panel.heightFor(583, 583), 292);
  assert.equal(panel.heightFor(300, 300), 216);
});
