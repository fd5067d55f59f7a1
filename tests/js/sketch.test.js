// A path that is drawn as a prediction: how far it is from the real one, and what is said of it.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { compared, fromLine, judgement, lengthOf, linesApart, spread } from "../../optimlab/stage/apart.js";
import { Sketch } from "../../optimlab/stage/sketch.js";

/** @import { Point } from "../../optimlab/stage/panel.js" */

/** @type {Point[]} */
const CORNER = [[0, 0], [3, 0], [3, 4]];

test("the distance from a line is that from its nearest piece, or from an end", () => {
  assert.equal(fromLine([1, 2], CORNER), 2);
  assert.equal(fromLine([-3, -4], CORNER), 5);
  assert.equal(fromLine([3, 6], CORNER), 2);
  assert.equal(fromLine([2, 1], [[2, 1], [2, 1]]), 0);
});

test("points are spread evenly over a line, its corners or not, and its ends are among them", () => {
  assert.equal(lengthOf(CORNER), 7);
  assert.deepEqual(spread(CORNER, 8), [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1], [3, 2], [3, 3], [3, 4]]);
  assert.deepEqual(spread([[0, 0], [0, 0], [0, 2]], 3), [[0, 0], [0, 1], [0, 2]]);
  assert.deepEqual(spread([[1, 1], [1, 1]], 4).at(-1), [1, 1]);
});

test("two lines side by side are as far apart as they are, in percent of the real one's size", () => {
  /** @type {Point[]} */
  const real = [[0, 0], [10, 0]];
  assert.ok(Math.abs(linesApart([[0, 1], [10, 1]], real) - 10) < 1e-12);
  assert.ok(linesApart([[0, 0], [4, 0], [10, 0]], real) < 1e-12);
  assert.ok(Math.abs(linesApart([[10, 1], [0, 1]], real) - 10) < 1e-12, "which way it was drawn counts not here");
  assert.ok(compared([[10, 1], [0, 1]], real, 20).ends > 100, "but at its end");
});

test("what nearly fits is right, unless it is far shorter or longer, or runs the other way", () => {
  /** @type {Point[]} */
  const zigzag = Array.from({ length: 21 }, (_, k) => [k, k % 2 ? 3 : -3]);
  const straight = compared([[0, -3], [20, -3]], zigzag, 30);
  assert.ok(straight.percent < 30 && !straight.right && straight.ways > 2);
  assert.ok(compared(zigzag, zigzag, 5).right);
  assert.ok(!compared([...zigzag].reverse(), zigzag, 5).right);
});

test("how far, where it ends and how long it is are said, each where it matters", () => {
  const asked = { name: "02.p1", limit: 10 };
  assert.equal(judgement(asked, { percent: 3.14, ends: 4, ways: 1.1, right: true }), "02.p1 ✓ as you drew it: all in all, the two paths are 3.1 % of its size apart.");
  assert.equal(
    judgement(asked, { percent: 17.2, ends: 30.4, ways: 7.12, right: false }),
    "02.p1 not this time: all in all, the two paths are 17 % of its size apart. They end 30 % apart. Its way is 7.1 times as long as yours.",
  );
  assert.match(judgement(asked, { percent: 8, ends: 1, ways: 0.25, right: false }), /Your way is 4 times as long as its\.$/);
});

/** A real element, as far as the sketch asks for one. */
class FakeElement {
  value = "";
  textContent = "";
  hidden = false;
  disabled = false;
  style = {};
  setAttribute() {}
  append() {}
  addEventListener() {}
  focus() {}
}

before(() => {
  globalThis.document = /** @type {any} */ ({ createElement: () => new FakeElement() });
});

const ASKED = { name: "02.p1", question: "Draw.", source: "run0", levels: ["a guess", "certain"], limit: 10 };

/** A sketch of a path along (0, 0) … (4, 0), in a view that plays when it is told to. @type {(asked?: object, end?: number) => any} */
function begun(asked = {}, end = 4) {
  /** @type {object[]} */
  const told = [];
  const view = {
    k: 4,
    playing: false,
    scene: { steps: 4 },
    veil: { down: true },
    model: { set: (/** @type {string} */ _name, /** @type {object} */ what) => told.push(what), save_changes() {} },
    store: { pick: () => ({ data: Float64Array.from([0, 0, 1, 0, 2, 0, 3, 0, end, 0]), shape: [5, 2], fresh: true }) },
    invalidate() {},
    togglePlay() {
      this.veil.down = false;
      this.playing = true;
    },
  };
  const sketch = /** @type {any} */ (new Sketch(/** @type {any} */ (view), { ...ASKED, ...asked }));
  return { sketch, view, told, said: () => sketch.line.textContent };
}

test("first it is drawn, then how sure; only when it has played to its end the verdict comes, and Python hears once", () => {
  const { sketch, view, told, said } = begun();
  sketch.commit.onclick();
  assert.match(said(), /^Draw the path first/);
  sketch.points = [[4, 0.2]];
  sketch.commit.onclick();
  assert.equal(said(), "Say how sure you are.");
  sketch.sure.value = "1";
  sketch.update();
  assert.equal(view.k, 4);
  sketch.commit.onclick();
  assert.ok(view.playing && view.k === 0 && !sketch.open && sketch.commit.hidden);
  sketch.update();
  assert.equal(said(), "Committed. Now it plays.");
  Object.assign(view, { playing: false, k: 4 });
  sketch.update();
  assert.match(said(), /^02\.p1 ✓ as you drew it/);
  sketch.commit.onclick();
  assert.equal(told.length, 1);
  assert.deepEqual([told[0].points, told[0].sure, told[0].right], [[[4, 0.2]], 1, true]);
});

test("who has seen the path can draw it no more", () => {
  const { sketch, view, told, said } = begun();
  view.veil.down = false;
  sketch.update();
  assert.equal(said(), "Seen without a prediction.");
  assert.deepEqual(told, [{ seen: true }]);
  assert.ok(!sketch.open);
});

test("what was committed before is there again, and is judged again when it has played", () => {
  const { sketch, view, told, said } = begun({ said: { points: [[0, 3]], sure: 0 } });
  assert.ok(!sketch.open && sketch.sure.value === "0");
  Object.assign(view.veil, { down: false });
  sketch.update();
  assert.match(said(), /not this time/);
  assert.deepEqual(told, []);
});

test("a path that leaves the finite numbers is no one's", () => {
  const { sketch, view, told, said } = begun({}, Infinity);
  sketch.points = [[4, 0]];
  sketch.sure.value = "0";
  sketch.commit.onclick();
  Object.assign(view, { playing: false, k: 4 });
  sketch.update();
  assert.equal(said(), "02.p1 not this time: the real path leaves the finite numbers.");
  assert.deepEqual([told[0].percent, told[0].right], [null, false]);
});
