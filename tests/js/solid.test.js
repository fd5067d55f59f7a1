// The surface in 3-D: where its points are seen, what it hides, what lies under the pointer, and what is painted last.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera } from "../../optimlab/stage/camera.js";
import { draped } from "../../optimlab/stage/draped.js";
import { heightsOn } from "../../optimlab/stage/frame.js";
import { THEMES } from "../../optimlab/stage/panel.js";
import { lightOn, paintRelief } from "../../optimlab/stage/relief.js";
import { ROWS, heightAt, isBehind, pick, project, reliefOf, rise, unproject } from "../../optimlab/stage/solid.js";
import { gazeFrom } from "../../optimlab/stage/turning.js";

/** @import { Mark } from "../../optimlab/stage/lines.js" */
/** @import { Point } from "../../optimlab/stage/panel.js" */

const GAZES = [[0, 40], [30, 44], [200, 20], [310, 75]].map(([turn, elevation]) => gazeFrom(turn, elevation));
const FIELD = /** @type {Mark} */ ({ kind: "solid", minimum: 0, count: 8 });

/**
 * The mesh of a function of u and v.
 * @type {(f: (u: number, v: number) => number) => Float32Array}
 */
const meshOf = (f) => Float32Array.from({ length: ROWS * ROWS }, (_, i) => f((2 * (i % ROWS)) / (ROWS - 1) - 1, 1 - (2 * Math.floor(i / ROWS)) / (ROWS - 1)));
const bumps = meshOf((u, v) => 0.5 + 0.3 * Math.sin(3 * u + 1) * Math.cos(2 * v));
const ridge = meshOf((u) => (Math.abs(u - 0.5) < 0.05 ? 1 : 0));

/** @type {(found: number[], wanted: number[], tolerance?: number) => void} */
const close = (found, wanted, tolerance = 1e-9) => found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < tolerance, `${found} is not ${wanted}`));

/** @type {(heights: Float32Array, turn: number, elevation: number, size?: number) => Camera} */
function cameraAt(heights, turn, elevation, size = 300) {
  const panel = /** @type {any} */ ({ spec: { x: [-2, 2], y: [0, 8] }, width: size, height: size, y1: 26 });
  return new Camera(panel, { heights, levels: [0.25, 0.5, 0.75], top: 1 }, gazeFrom(turn, elevation), false);
}

test("unturned, x goes to the right, y away and up, height up", () => {
  const gaze = gazeFrom(0, 40);
  const middle = project(0, 0, 0.5, gaze);
  assert.ok(project(1, 0, 0.5, gaze).x > middle.x && project(1, 0, 0.5, gaze).y === middle.y);
  assert.ok(project(0, 1, 0.5, gaze).depth > middle.depth && project(0, 1, 0.5, gaze).y > middle.y);
  assert.ok(project(0, 0, 1, gaze).y > middle.y && project(0, 0, 1, gaze).depth < middle.depth);
});

test("a quarter turn takes x to where −y was; from higher up, heights look lower", () => {
  const [turned, still] = [project(1, 0, 0.3, gazeFrom(90, 40)), project(0, -1, 0.3, gazeFrom(0, 40))];
  close([turned.x, turned.y, turned.depth], [still.x, still.y, still.depth]);
  /** @type {(elevation: number) => number} */
  const tall = (elevation) => project(0, 0, 1, gazeFrom(0, elevation)).y - project(0, 0, 0, gazeFrom(0, elevation)).y;
  assert.ok(tall(20) > tall(60));
});

test("a gaze keeps to its limits and goes round for ever", () => {
  close([gazeFrom(-30, 5).turn, gazeFrom(750, 95).turn], [(330 * Math.PI) / 180, (30 * Math.PI) / 180]);
  close([gazeFrom(0, 5).elevation, gazeFrom(0, 95).elevation], [(15 * Math.PI) / 180, (80 * Math.PI) / 180]);
});

test("unproject undoes project", () => {
  for (const gaze of GAZES) {
    for (const [u, v, w] of [[0.3, -0.7, 0.2], [-1, 1, 1]]) {
      const { x, y } = project(u, v, w, gaze);
      close(unproject(x, y, w, gaze), [u, v]);
    }
  }
});

test("the point under the pointer is the one that is seen there", () => {
  let same = 0;
  for (const gaze of GAZES) {
    for (const [u, v] of [[0, 0], [0.5, -0.4], [-0.8, 0.3], [0.2, 0.9], [-0.95, -0.95]]) {
      const { x, y, depth } = project(u, v, heightAt(bumps, u, v), gaze);
      const [a, b] = pick(bumps, x, y, gaze);
      const found = project(a, b, heightAt(bumps, a, b), gaze);
      const wall = Math.max(Math.abs(a), Math.abs(b)) > 1 - 1e-9; // the point above it
      if (!wall) close([found.x, found.y], [x, y], 1e-4);
      assert.ok(found.depth < depth + 1e-4, "no point farther away");
      if (Math.hypot(a - u, b - v) < 1e-4) same += 1;
      else assert.ok(isBehind(bumps, u, v, gaze) || depth - found.depth < 0.3, "one that hides it");
    }
  }
  assert.ok(same >= 15, `${same}`);
});

test("beside the block the pointer holds the nearest point of its edge", () => {
  for (const gaze of GAZES) {
    for (const [x, y] of [[9, 0], [-9, 0], [0, 9], [0, -9]]) {
      const [u, v] = pick(bumps, x, y, gaze);
      assert.ok(Math.abs(Math.max(Math.abs(u), Math.abs(v)) - 1) < 1e-9 && Math.min(Math.abs(u), Math.abs(v)) <= 1);
    }
  }
});

test("what a pointer finds on a hidden place is what hides it", () => {
  const gaze = gazeFrom(30, 44);
  const { x, y } = project(0.3, 0, 0, gaze);
  const [u] = pick(ridge, x, y, gaze);
  assert.ok(Math.abs(u - 0.5) < 0.08, `${u}`);
});

test("a ridge hides what is behind it and nothing else, from either side", () => {
  for (const [turn, hidden, seen] of [[30, 0.3, 0.8], [-30, 0.7, 0.2]]) {
    const gaze = gazeFrom(turn, 44);
    assert.equal(isBehind(ridge, hidden, 0, gaze), true);
    for (const u of [seen, 0.5, -0.95]) assert.equal(isBehind(ridge, u, 0, gaze), false);
  }
  assert.equal(isBehind(ridge, 0.3, 0, gazeFrom(30, 80)), false); // nearly from above
});

test("the mesh is the field, north up and east right, edges and all", () => {
  const [ny, nx] = [5, 7];
  const data = Float32Array.from({ length: ny * nx }, (_, i) => (i % nx) + 10 * Math.floor(i / nx)); // from 0 to 46
  const { heights, top } = reliefOf(data, [ny, nx], FIELD);
  assert.ok(Math.abs(top - 46) < 1e-4);
  close([[-1, -1], [1, -1], [-1, 1], [1, 1], [0, 0]].map(([u, v]) => heightAt(heights, u, v) * 46), [0, 6, 40, 46, 23], 1e-3);
  close([heightAt(heights, 5, 1), heightAt(heights, -1, -7)], [1, 0], 1e-6);
});

test("a logarithmic height gives every decade the same room, and ends where the other one does not", () => {
  const [a, b, c] = [10, 100, 1000].map((height) => rise(height, 1000, 0.01));
  assert.ok(Math.abs(c - b - (b - a)) < 1e-3 && a > 0);
  assert.deepEqual([rise(0, 1000, 0.01), rise(-5, 1000, 0.01), rise(0, 7, undefined), rise(7, 7, undefined), rise(9, 7, undefined)], [0, 0, 0, 1, 1]);
  close([rise(3.5, 7, undefined)], [0.5]);
});

test("light falls on what faces it", () => {
  const [flat, facing, averted] = [() => 0.5, (/** @type {number} */ u) => 0.5 + 0.4 * u, (/** @type {number} */ u) => 0.5 - 0.4 * u].map((f) => lightOn(meshOf(f), 0)[40 * ROWS + 40]);
  assert.ok(facing > flat && flat > averted && averted >= 0 && facing <= 1, `${[facing, flat, averted]}`);
});

for (const step of [1, 2]) {
  test(`the picture of a surface has no hole, whatever the turn: of every ${step}. point`, () => {
    for (const turn of [10, 100, 190, 280]) {
      const camera = cameraAt(bumps, turn, 40);
      const pixels = new Uint32Array(300 * 300);
      paintRelief(camera, THEMES.light, pixels, 300, 300, 1, step);
      let found = 0;
      for (let i = 0; i < 200; i++) {
        const [u, v] = [0.93 * Math.sin(5 * i), 0.93 * Math.cos(3 * i)];
        const { at } = camera.spot([u, v]);
        if (pixels[Math.floor(at[1]) * 300 + Math.floor(at[0])] >>> 24 === 255) found += 1;
      }
      assert.equal(found, 200);
      for (const corner of [0, 299, 300 * 299, 300 * 300 - 1]) assert.equal(pixels[corner], 0);
    }
  });
}

test("a near wall covers the valley behind it, and a far one does not", () => {
  const valley = meshOf((_, v) => (v < -0.8 ? 1 : 0));
  /** @type {(turn: number) => number} */
  const colorInValley = (turn) => {
    const camera = cameraAt(valley, turn, 20);
    const pixels = new Uint32Array(300 * 300);
    paintRelief(camera, THEMES.light, pixels, 300, 300, 1, 1);
    const [x, y] = camera.pixel(0.03, -0.6, 0);
    return pixels[Math.floor(y) * 300 + Math.floor(x)] & 255;
  };
  assert.ok(colorInValley(180) < 175, "low ground is dark");
  assert.notEqual(colorInValley(0), colorInValley(180));
});

test("every corner of the block is inside the panel, from wherever it is seen", () => {
  for (let turn = 0; turn < 360; turn += 15) {
    for (const elevation of [15, 30, 44, 60, 80]) {
      const camera = cameraAt(ridge, turn, elevation);
      for (const [u, v, w] of [-1, 1].flatMap((a) => [-1, 1].flatMap((b) => [[a, b, 1], [a, b, -0.07]]))) {
        const [x, y] = camera.pixel(u, v, w);
        assert.ok(x > 10 && x < 290 && y > 30 && y < 290, `${[turn, elevation, x, y]}`);
      }
    }
  }
});

test("data, the box and pixels belong together", () => {
  const camera = cameraAt(bumps, 30, 44);
  close(camera.unit([-2, 8]), [-1, 1]);
  const { at } = camera.spot(camera.unit([0.5, 3]));
  close(camera.data(...at), [0.5, 3], 0.02);
});

test("a path follows the ground between its steps, and is broken where it leaves the view", () => {
  const camera = cameraAt(ridge, 0, 30);
  const points = /** @type {Point[]} */ ([[-0.5, 0], [0.9, 0], [3, 0], [3, 0.5], [0.9, 0.5]]);
  const pieces = draped(camera, points);
  assert.equal(pieces.length, 2);
  const tops = pieces[0].map(({ at }) => at[1]);
  assert.ok(Math.min(...tops) < camera.pixel(0.5, 0, 0.95)[1], "over the ridge");
  const steps = pieces.flat().map(({ step }) => step);
  assert.ok(steps.every((step, i) => i === 0 || step > steps[i - 1]) && steps[0] === 0 && steps.at(-1) === 4);
  close([pieces[0].at(-1)?.step ?? 0], [1 + 0.1 / 2.1], 1e-6);
  assert.equal(draped(camera, [[5, 5], [6, 5]]).length, 0);
});

test("at least three heights are told, and no more than there is room for", () => {
  for (const top of [0.03, 1, 1.94, 7, 14.5, 890, 5e4]) {
    for (const room of [1, 3, 4, 9]) {
      const linear = heightsOn(top, undefined, room);
      assert.ok(linear.length >= 3 && linear.length <= 7 && linear[0] === 0 && (linear.at(-1) ?? 0) <= top * (1 + 1e-9), `${linear}`);
    }
  }
  assert.deepEqual(heightsOn(2500, 1, 3), [1, 10, 100, 1000]);
  assert.ok(heightsOn(1e9, 1, 3).length <= 4);
});
