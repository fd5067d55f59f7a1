// The surface in 3-D: where a point lies, and in which order the tiles are painted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { project, tiles } from "../../optimlab/stage/solid.js";

const QUARTER = Math.PI / 2;

test("unturned, x goes to the right, y away and up, height up", () => {
  const middle = project(0, 0, 0.5, 0);
  assert.ok(project(1, 0, 0.5, 0).x > middle.x && project(1, 0, 0.5, 0).y === middle.y);
  assert.ok(project(0, 1, 0.5, 0).depth > middle.depth && project(0, 1, 0.5, 0).y > middle.y);
  assert.ok(project(0, 0, 1, 0).y > middle.y && project(0, 0, 1, 0).depth < middle.depth);
});

test("a quarter turn takes x to where y was, and a full turn changes nothing", () => {
  for (const [turned, still] of [[project(1, 0, 0.3, QUARTER), project(0, -1, 0.3, 0)], [project(0.4, -0.7, 0.2, 4 * QUARTER), project(0.4, -0.7, 0.2, 0)]]) {
    for (const part of /** @type {const} */ (["x", "y", "depth"])) assert.ok(Math.abs(turned[part] - still[part]) < 1e-12);
  }
});

test("what is near is painted over what is far, whatever the turn", () => {
  const heights = Float32Array.from({ length: 41 * 41 }, (_, i) => Math.sin(i / 50));
  for (const turn of [0, 1, 2.5, 4]) {
    const painted = tiles(heights, -1, 1, turn);
    assert.equal(painted.length, 40 * 40);
    for (let i = 1; i < painted.length; i++) assert.ok(painted[i].depth <= painted[i - 1].depth);
    for (const tile of painted) assert.ok(tile.light > 0 && tile.light <= 1 && tile.height >= 0 && tile.height <= 1);
  }
});

test("row 0 of the heights is the far side, as in a picture", () => {
  const heights = new Float32Array(41 * 41).fill(0);
  heights.fill(1, 0, 41);
  const places = tiles(heights, 0, 1, 0).flatMap((tile) => tile.corners);
  /** @type {(v: number, w: number) => boolean} */
  const there = (v, w) => places.some((place) => Math.abs(place.y - project(0, v, w, 0).y) + Math.abs(place.depth - project(0, v, w, 0).depth) < 1e-9);
  assert.ok(there(1, 1) && there(-1, 0) && !there(-1, 1) && !there(1, 0));
});
