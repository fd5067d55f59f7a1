// A surface in 3-D as geometry: a block with the heights on top, in the unit box; where its points are seen, what is
// behind it, and which point of it lies under a place of the picture. Nothing is drawn here.
//
// u and v go from −1 to 1 along the two axes, w from 0 at the lowest place to 1 at the highest.

/** @import { Numbers } from "./numbers.js" */
/** @import { Mark } from "./lines.js" */
/** @typedef {{ turn: number, elevation: number }} Gaze from where the surface is seen, in radians */
/** @typedef {{ x: number, y: number, depth: number }} Place in the picture, and how far away */
/** @typedef {{ heights: Float32Array, levels: number[], top: number }} Relief heights and contour levels as shares w */
import { contourLevels, upsample } from "./field.js";
import { clamp } from "./numbers.js";

export const ROWS = 81; // points of the mesh along each side; row 0 is v = 1, as in a picture
export const TALL = 0.9; // how high the highest place is above the lowest one; the sides are 2
const LOW = 0.7; // a logarithmic surface, beside another one
const STEPS = 160; // along a line of sight from w = 1 to w = 0
const LIFT = 0.006; // what lies on the surface lies so much above it

/**
 * Where a point of the box is seen.
 * @type {(u: number, v: number, w: number, gaze: Gaze) => Place}
 */
export function project(u, v, w, { turn, elevation }) {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [across, away, up] = [u * cos + v * sin, v * cos - u * sin, (w - 0.5) * TALL];
  return {
    x: across,
    y: up * Math.cos(elevation) + away * Math.sin(elevation),
    depth: away * Math.cos(elevation) - up * Math.sin(elevation),
  };
}

/**
 * The point at height w that is seen at a place: `project` undone.
 * @type {(x: number, y: number, w: number, gaze: Gaze) => [number, number]}
 */
export function unproject(x, y, w, { turn, elevation }) {
  const away = (y - (w - 0.5) * TALL * Math.cos(elevation)) / Math.sin(elevation);
  return [x * Math.cos(turn) - away * Math.sin(turn), x * Math.sin(turn) + away * Math.cos(turn)];
}

/**
 * A height above the lowest place as a share of the highest one, or of its logarithm: log (height + log). Most places
 * of a surface that needs logarithms are high then; so it is drawn lower, and one sees into its valleys.
 * @type {(height: number, top: number, log: number | undefined) => number}
 */
export function rise(height, top, log) {
  const kept = clamp(height, 0, top);
  return log ? (LOW * Math.log1p(kept / log)) / Math.log1p(top / log) : kept / top;
}

/**
 * A field as the mesh that is drawn.
 * @type {(data: Numbers, shape: number[], item: Mark) => Relief}
 */
export function reliefOf(data, shape, item) {
  const heights = upsample(data, shape[0], shape[1], ROWS, ROWS, true).map((height) => height - item.minimum);
  const top = Math.max(heights.reduce((a, b) => Math.max(a, b), 0), 1e-12);
  const levels = contourLevels(data, item.minimum, item.count).map((level) => rise(level - item.minimum, top, item.log));
  return { heights: heights.map((height) => rise(height, top, item.log)), levels, top };
}

/**
 * The height of the mesh over a point; beyond its edge, that of the edge.
 * @type {(heights: Float32Array, u: number, v: number) => number}
 */
export function heightAt(heights, u, v) {
  const c = clamp((u + 1) / 2, 0, 1) * (ROWS - 1);
  const r = clamp((1 - v) / 2, 0, 1) * (ROWS - 1);
  const i = Math.min(Math.floor(c), ROWS - 2);
  const j = Math.min(Math.floor(r), ROWS - 2);
  const [s, t, at] = [c - i, r - j, j * ROWS + i];
  const above = heights[at] + s * (heights[at + 1] - heights[at]);
  const below = heights[at + ROWS] + s * (heights[at + ROWS + 1] - heights[at + ROWS]);
  return above + t * (below - above);
}

/** @type {(u: number, v: number) => boolean} */
export const inside = (u, v) => Math.abs(u) <= 1 && Math.abs(v) <= 1;

/**
 * Whether the surface stands between a point on it and the eye.
 * @type {(heights: Float32Array, u: number, v: number, gaze: Gaze) => boolean}
 */
export function isBehind(heights, u, v, { turn, elevation }) {
  const stride = 2 / (ROWS - 1); // over one cell of the mesh, towards the eye
  const [du, dv, dw] = [stride * Math.sin(turn), -stride * Math.cos(turn), (stride * Math.tan(elevation)) / TALL];
  let w = heightAt(heights, u, v) + LIFT;
  while ((w += dw) < 1) {
    u += du;
    v += dv;
    if (!inside(u, v)) return false;
    if (heightAt(heights, u, v) > w) return true;
  }
  return false;
}

/**
 * The first height, from above, at which something holds, or 0.
 * @type {(holds: (w: number) => boolean) => number}
 */
function firstBelow(holds) {
  let i = 0;
  while (i < STEPS && !holds(1 - i / STEPS)) i++;
  let [above, below] = [1 - Math.max(i - 1, 0) / STEPS, 1 - i / STEPS];
  for (let n = 0; n < 24; n++) {
    const middle = (above + below) / 2;
    if (holds(middle)) below = middle;
    else above = middle;
  }
  return below;
}

/**
 * The point of the surface that is seen at a place; beside the block, the nearest one on its edge.
 * @type {(heights: Float32Array, x: number, y: number, gaze: Gaze) => [number, number]}
 */
export function pick(heights, x, y, gaze) {
  /** @type {(w: number, within: boolean) => boolean} */
  const under = (w, within) => {
    const [u, v] = unproject(x, y, w, gaze);
    return (!within || inside(u, v)) && w <= heightAt(heights, u, v);
  };
  let w = firstBelow((at) => under(at, true));
  if (!under(w, true)) w = firstBelow((at) => under(at, false));
  const [u, v] = unproject(x, y, w, gaze);
  return [clamp(u, -1, 1), clamp(v, -1, 1)];
}
