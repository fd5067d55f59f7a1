// The point that can be dragged, and moved with the arrow keys.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { makeHandle, rotated } from "../../optimlab/stage/controls.js";
import { Panel } from "../../optimlab/stage/panel.js";

/** @import { Mark } from "../../optimlab/stage/lines.js" */
/** @import { Point } from "../../optimlab/stage/panel.js" */

/** What the handle asks of an element of the page, which begins at (100, 1000). */
class FakeElement extends EventTarget {
  /** @type {Record<string, string>} */
  style = {};
  setAttribute() {}
  append() {}
  focus() {}
  setPointerCapture() {}

  getBoundingClientRect() {
    return { left: 100, top: 1000 };
  }

  /** @type {(type: string, properties: object) => void} */
  fire(type, properties) {
    this.dispatchEvent(Object.assign(new Event(type), properties));
  }
}

/** @type {FakeElement} */
let button;
before(() => {
  globalThis.document = /** @type {any} */ ({ createElement: () => (button = new FakeElement()) });
});

/**
 * A handle on a panel of 200 × 100 pixels, and the store that it moves a point in.
 * @type {(log: boolean, point: number[]) => any}
 */
function handleOn(log, point) {
  const panel = Object.assign(Object.create(Panel.prototype), {
    spec: { x: [1e-4, 1], y: [1, 100], x_log: log, y_log: log },
    x0: 0, x1: 200, y0: 100, y1: 0,
    box: new FakeElement(),
    front: new FakeElement(),
  });
  const store = {
    values: { point },
    held: false,
    /** @type {(name: string, value: Point, dragging: boolean) => void} */
    set(name, value, dragging) {
      assert.equal(name, "point");
      this.values.point = value;
      this.held = dragging;
    },
    drop() {
      this.held = false;
    },
  };
  const handle = makeHandle(panel, /** @type {Mark} */ ({ control: "point", y: 10 }), /** @type {any} */ ({ store }));
  return { panel, store, handle };
}

/** @type {(found: number[], wanted: number[]) => void} */
const close = (found, wanted) => {
  assert.equal(found.length, wanted.length);
  found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-9 * Math.abs(wanted[i]), `${found} is not ${wanted}`));
};

/** @type {[string, number, number][]} */
const KEYS = [["ArrowLeft", -1, 0], ["ArrowRight", 1, 0], ["ArrowUp", 0, 1], ["ArrowDown", 0, -1]];

for (const log of [false, true]) {
  for (const shiftKey of [false, true]) {
    const axes = log ? "logarithmic" : "linear";
    test(`an arrow key moves the point by the same share of every axis, wherever it is: ${axes}, ${shiftKey ? "with" : "without"} Shift`, () => {
      for (const [key, dx, dy] of KEYS) {
        for (const start of [[0.1, 10], [0.5, 60]]) {
          const { panel, store } = handleOn(log, start);
          button.fire("keydown", { key, shiftKey });
          const share = shiftKey ? 0.05 : 0.01;
          const moved = store.values.point;
          const [from, to] = [start, moved].map(([x, y]) => [panel.x(x), panel.y(y)]);
          close([to[0] - from[0] + 1000, to[1] - from[1] + 1000], [1000 + 200 * share * dx, 1000 - 100 * share * dy]);
        }
      }
    });
  }

  test(`a point that is dragged follows the pointer: ${log ? "logarithmic" : "linear"}`, () => {
    const { panel, store, handle } = handleOn(log, [0.01, 3]);
    panel.front.fire("pointerdown", { button: 0, clientX: 150, clientY: 1020 });
    panel.front.fire("pointermove", { clientX: 220, clientY: 1070 });
    close([panel.x(store.values.point[0]), panel.y(store.values.point[1])], [120, 70]);
    assert.equal(store.held, true);
    handle.place();
    close([button.style.left, button.style.top].map(parseFloat), [120, 70]);
    panel.front.fire("pointerup", {});
    assert.equal(store.held, false);
    panel.front.fire("pointermove", { clientX: 110, clientY: 1010 });
    close([panel.x(store.values.point[0])], [120]);
  });
}

test("a point of one coordinate keeps it, and stands where its mark says", () => {
  const { panel, store, handle } = handleOn(false, [0.5]);
  for (const [key] of KEYS) button.fire("keydown", { key });
  close(store.values.point, [0.5]);
  handle.place();
  close([parseFloat(button.style.top)], [panel.y(10)]);
});

test("another key and another mouse button move nothing", () => {
  const { panel, store } = handleOn(false, [0.5, 3]);
  button.fire("keydown", { key: "a" });
  panel.front.fire("pointerdown", { button: 2, clientX: 150, clientY: 1020 });
  panel.front.fire("pointermove", { clientX: 220, clientY: 1070 });
  close(store.values.point, [0.5, 3]);
});

test("in axes that are turned by 90° a point stands where they have it, and a pull is turned back", () => {
  close(rotated([3, 4], 90), [4, -3]);
  close(rotated(rotated([3, 4], 25), -25), [3, 4]);
  const { panel, store } = handleOn(false, [0.1, 10]);
  const item = /** @type {Mark} */ ({ control: "point", turn: "angle" });
  panel.spec = { x: [0, 20], y: [-1, 1] };
  const handle = makeHandle(panel, item, /** @type {any} */ ({ store: Object.assign(store, { values: { point: [0.1, 10], angle: 90 } }) }));
  handle.place();
  close([button.style.left, button.style.top].map(parseFloat), [100, 55]); // (10, −0.1) in the turned axes
  panel.front.fire("pointerdown", { button: 0, clientX: 200, clientY: 1055 });
  panel.front.fire("pointermove", { clientX: 220, clientY: 1055 }); // to (12, −0.1)
  close(store.values.point, [0.1, 12]);
});
