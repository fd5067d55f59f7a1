// A surface in 3-D: its cells as tiles, painted from the back to the front; a control turns it.

/** @import { Numbers } from "./numbers.js" */
/** @import { Context, Theme } from "./panel.js" */
/** @import { Draw, Mark } from "./lines.js" */
/** @import { View } from "./view.js" */
/** @typedef {{ x: number, y: number, depth: number }} Place on the canvas, and how far away */
import { contourLevels, upsample } from "./field.js";
import { STALE_ALPHA, haloText, penOf, strokeThrough, table } from "./lines.js";

const ROWS = 41;
const ELEVATION = (38 * Math.PI) / 180;
const TALL = 1.1; // the highest place above the lowest one; the sides are 2

/**
 * Where a point of the unit box lies when it is turned and seen from above: u and v in −1 … 1, w in 0 … 1.
 * @type {(u: number, v: number, w: number, turn: number) => Place}
 */
export function project(u, v, w, turn) {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const [across, away, up] = [u * cos + v * sin, v * cos - u * sin, (w - 0.5) * TALL];
  return {
    x: across,
    y: up * Math.cos(ELEVATION) + away * Math.sin(ELEVATION),
    depth: away * Math.cos(ELEVATION) - up * Math.sin(ELEVATION),
  };
}

/**
 * The tiles of a grid of heights, those farthest away first: their corners, their height, and how much they face the light.
 * @type {(heights: Numbers, low: number, high: number, turn: number) => { corners: Place[], height: number, light: number, depth: number }[]}
 */
export function tiles(heights, low, high, turn) {
  /** @type {(r: number, c: number) => number} */
  const height = (r, c) => (heights[r * ROWS + c] - low) / (high - low || 1);
  /** @type {(r: number, c: number) => Place} */
  const corner = (r, c) => project((2 * c) / (ROWS - 1) - 1, 1 - (2 * r) / (ROWS - 1), height(r, c), turn);
  const found = [];
  for (let r = 0; r + 1 < ROWS; r++) {
    for (let c = 0; c + 1 < ROWS; c++) {
      const corners = [corner(r, c), corner(r, c + 1), corner(r + 1, c + 1), corner(r + 1, c)];
      const [across, along] = [height(r, c + 1) - height(r, c), height(r, c) - height(r + 1, c)];
      const light = 1 / Math.hypot(1, 0.25 * ROWS * across, 0.25 * ROWS * along);
      const depth = corners.reduce((sum, place) => sum + place.depth, 0);
      found.push({ corners, height: (height(r, c) + height(r + 1, c + 1)) / 2, light, depth });
    }
  }
  return found.sort((a, b) => b.depth - a.depth);
}

/**
 * The colour of a share of the height, as the contour plot has it, in the light.
 * @type {(theme: Theme, share: number, light: number) => string}
 */
function colorOf(theme, share, light) {
  const color = theme.low.map((low, c) => Math.round((low + (theme.high[c] - low) * share) * (0.62 + 0.38 * light)));
  return `rgb(${color.join(" ")})`;
}

/** @type {Draw} */
export function drawSolid(context, panel, item, view) {
  const { data, shape, fresh } = view.store.pick(item.source);
  if (!data) return;
  const heights = upsample(data, shape[0], shape[1], ROWS, ROWS);
  const [low, high] = [item.minimum, heights.reduce((a, b) => Math.max(a, b), item.minimum)];
  const levels = contourLevels(data, item.minimum, item.count);
  const turn = (view.store.values[item.turn] * Math.PI) / 180;
  const size = Math.min(panel.width, 1.25 * panel.height) / 3.1;
  /** @type {(place: Place) => [number, number]} */
  const at = ({ x, y }) => [panel.width / 2 + size * x, panel.height / 2 - size * y];
  /** @type {(x: number, y: number, height: number) => [number, number]} */
  const point = (x, y, height) => at(project(share(x, item.xs), share(y, item.ys), (height - low) / (high - low || 1), turn));
  context.save();
  context.globalAlpha = fresh ? 1 : STALE_ALPHA;
  context.lineWidth = 0.5;
  context.lineJoin = "round";
  context.strokeStyle = `rgb(${view.theme.contour.join(" ")})`;
  for (const tile of tiles(heights, low, high, turn)) {
    const band = levels.filter((level) => (level - low) / (high - low || 1) < tile.height).length;
    context.fillStyle = colorOf(view.theme, band / levels.length, tile.light);
    context.beginPath();
    for (const place of tile.corners) context.lineTo(...at(place));
    context.closePath();
    context.fill();
    context.stroke();
  }
  drawNames(context, item, view, (u, v) => at(project(u, v, 0, turn)));
  drawOn(context, item, view, point);
  context.restore();
}

/** @type {(value: number, range: number[]) => number} */
const share = (value, [low, high]) => (2 * (value - low)) / (high - low) - 1;

/**
 * The names of the axes, beside the two edges that are in front.
 * @type {(context: Context, item: Mark, view: View, at: (u: number, v: number) => [number, number]) => void}
 */
function drawNames(context, item, view, at) {
  context.fillStyle = view.theme.soft;
  context.textAlign = "center";
  context.textBaseline = "middle";
  /** @type {(one: [number, number], other: [number, number]) => [number, number]} */
  const lower = (one, other) => (one[1] > other[1] ? one : other);
  haloText(context, view.theme, item.labels[0], ...lower(at(0, -1.18), at(0, 1.18)));
  haloText(context, view.theme, item.labels[1], ...lower(at(-1.18, 0), at(1.18, 0)));
}

/**
 * Minima, the path so far and the point where it stands.
 * @type {(context: Context, item: Mark, view: View, point: (x: number, y: number, height: number) => [number, number]) => void}
 */
function drawOn(context, item, view, point) {
  context.fillStyle = view.theme.ink;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (const [x, y] of item.data ?? []) haloText(context, view.theme, "★", ...point(x, y, item.minimum));
  const rows = table(view, item.at_source);
  if (!rows.rows) return;
  const pen = penOf(view, item);
  const until = Math.min(Math.floor(view.k), rows.rows - 1);
  const path = Array.from({ length: until + 1 }, (_, k) => point(rows.at(k, 0), rows.at(k, 1), rows.at(k, item.height)));
  strokeThrough(context, path, 2.4, pen, 1);
  context.strokeStyle = pen.color;
  context.fillStyle = view.theme.paper;
  context.lineWidth = 3;
  context.beginPath();
  context.arc(...path[until], 5.5, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}
