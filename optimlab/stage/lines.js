// Lines through the steps of a run: which steps there are, the pen, what lies inside the panel, and the head.

/** @import { Numbers } from "./numbers.js" */
/** @import { Context, Panel, Point, Theme } from "./panel.js" */
/** @import { View } from "./view.js" */
import { clamp, lastOf } from "./numbers.js";
import { cross, disc, pointer } from "./symbols.js";

/**
 * A mark as scene.py describes it. Which properties it has follows from its kind; those in brackets may always be missing.
 * @typedef {object} Mark
 * @property {string} kind
 * @property {string} source
 * @property {string} control
 * @property {string} [turn]
 * @property {string} [run]
 * @property {string} [color]
 * @property {string} [color_dark]
 * @property {number[]} [dash]
 * @property {number} [width]
 * @property {number} [alpha]
 * @property {string} [label]
 * @property {number} [label_at]
 * @property {"left" | "right"} [side]
 * @property {string} [hint]
 * @property {number} x
 * @property {number} y
 * @property {boolean} [still]
 * @property {Point[]} [data]
 * @property {string} [symbol]
 * @property {number[]} at
 * @property {number[]} by
 * @property {number} slope
 * @property {number} intercept
 * @property {number} minimum
 * @property {number} radius
 * @property {number} [log]
 * @property {number} count
 * @property {number} low
 * @property {number} top
 * @property {number} [row]
 * @property {number} first
 * @property {number[]} channels
 * @property {string[]} labels
 * @property {string[]} colors
 * @property {string[]} [colors_dark]
 * @property {number} [base]
 */
/** @typedef {(context: Context, panel: Panel, item: Mark, view: View) => void} Draw how marks of a kind are drawn */
/** @typedef {{ color: string, dash: number[] }} Pen */
/** @typedef {{ rows: number, columns: number, fresh: boolean, at: (k: number, channel: number) => number }} Table */
/** @typedef {(rows: Table, k: number) => number} Reading a coordinate at step k */

export const STALE_ALPHA = 0.3;

/**
 * A source as a table: its rows are steps, its columns channels.
 * @type {(view: { store: { pick: (name: string) => { data: Numbers | null, shape: number[], fresh: boolean } } }, source: string) => Table}
 */
export function table(view, source) {
  const { data, shape, fresh } = view.store.pick(source);
  const columns = shape.at(-1) || 1;
  const rows = data ? Math.round(data.length / columns) : 0;
  return { rows, columns, fresh, at: (k, channel) => /** @type {Numbers} */ (data)[Math.min(k, rows - 1) * columns + channel] };
}

/**
 * The line of a mark: colour and dashes of its run, or its own.
 * @type {(view: View, item: Mark) => Pen}
 */
export function penOf(view, item) {
  const run = view.runs[item.run ?? ""];
  const light = run ? run.color : item.color;
  const dark = run ? run.color_dark : (item.color_dark ?? item.color);
  return { color: (view.dark ? dark : light) ?? view.theme.ink, dash: (run ? run.dash : item.dash) ?? [] };
}

/**
 * The part of a segment inside a box, or null (Liang & Barsky 1984): far away, dashes would take for ever.
 * @type {(a: Point, b: Point, box: { left: number, right: number, top: number, bottom: number }) => [Point, Point] | null}
 */
export function clipSegment([ax, ay], [bx, by], { left, right, top, bottom }) {
  let [enter, leave] = [0, 1];
  const [dx, dy] = [bx - ax, by - ay];
  for (const [p, q] of [[-dx, ax - left], [dx, right - ax], [-dy, ay - top], [dy, bottom - ay]]) {
    if (p === 0 && q < 0) return null;
    if (p < 0) enter = Math.max(enter, q / p);
    if (p > 0) leave = Math.min(leave, q / p);
  }
  if (enter > leave) return null;
  /** @type {(t: number) => Point} */
  const at = (t) => [ax + t * dx, ay + t * dy];
  return [at(enter), at(leave)];
}

/**
 * The line through points, as the pieces of it that lie in or near the panel.
 * @type {(context: Context, panel: Panel, points: Point[], width: number, pen: Pen, alpha: number) => void}
 */
export function strokeInside(context, panel, points, width, pen, alpha) {
  const box = { left: panel.x0 - 40, right: panel.x1 + 40, top: panel.y1 - 40, bottom: panel.y0 + 40 };
  let piece = points.slice(0, 1);
  const finish = () => piece.length > 1 && strokeThrough(context, piece, width, pen, alpha);
  for (let i = 1; i < points.length; i++) {
    if (Math.max(...points[i].map(Math.abs)) > 1e6) continue; // so far out, single precision has lost the way back
    const part = clipSegment(points[i - 1], points[i], box);
    if (!part) continue;
    const joined = piece.length && lastOf(piece)[0] === part[0][0] && lastOf(piece)[1] === part[0][1];
    if (!joined) {
      finish();
      piece = [part[0]];
    }
    piece.push(part[1]);
  }
  finish();
}

/** @type {(context: Context, points: Point[], width: number, pen: Pen, alpha: number) => void} */
export function strokeThrough(context, points, width, pen, alpha) {
  context.save();
  context.globalAlpha *= alpha;
  context.strokeStyle = pen.color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(pen.dash.map((d) => d * width));
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.restore();
}

/**
 * How many steps of a source are finite in all channels: the same number for its path, its curve and its readout.
 * @type {(rows: Table) => number}
 */
export function finiteSteps(rows) {
  for (let k = 0; k < rows.rows; k++) for (let c = 0; c < rows.columns; c++) if (!Number.isFinite(rows.at(k, c))) return k;
  return rows.rows;
}

/**
 * Points of a mark in pixels, up to the first step that is not finite.
 * @type {(panel: Panel, rows: Table, x: (k: number) => number, y: (k: number) => number) => Point[]}
 */
export function trace(panel, rows, x, y) {
  return Array.from({ length: finiteSteps(rows) }, (_, k) => [panel.x(x(k)), panel.y(y(k))]);
}

/**
 * The point at step k, which may lie between two.
 * @type {(points: Point[], k: number) => Point}
 */
export function headAt(points, k) {
  const i = Math.min(Math.floor(k), points.length - 1);
  const j = Math.min(i + 1, points.length - 1);
  const t = k - i;
  return t >= 1 ? points[j] : [points[i][0] + t * (points[j][0] - points[i][0]), points[i][1] + t * (points[j][1] - points[i][1])];
}

/**
 * The head of a line: a point; at the border a pointer outwards; a cross (named on paths) where the numbers end.
 * @type {(context: Context, panel: Panel, view: View, head: Point, pen: Pen, divergedAt: number, named: boolean) => void}
 */
function drawHead(context, panel, view, head, pen, divergedAt, named) {
  const [x, y] = head;
  const gone = divergedAt >= 0 && view.k >= divergedAt;
  const cx = clamp(x, panel.x0 + 9, panel.x1 - 9);
  const cy = clamp(y, panel.y1 + 9, panel.y0 - 9);
  if (gone) {
    cross(context, [cx, cy], pen.color);
    if (!named) return;
    context.fillStyle = pen.color;
    context.textAlign = cx > (panel.x0 + panel.x1) / 2 ? "right" : "left";
    context.textBaseline = "middle";
    const text = `not finite from ${view.scene.unit} ${divergedAt}`;
    const side = context.textAlign === "right" ? -11 : 11;
    haloText(context, view.theme, text, cx + side, cy);
  } else if (panel.contains(x, y)) disc(context, [x, y], 5, pen.color, view.theme.paper);
  else pointer(context, [cx, cy], Math.atan2(y - cy, x - cx), pen.color, view.theme.paper);
}

/**
 * A line through the steps: faint as a whole, strong up to step k.
 * @type {(context: Context, panel: Panel, item: Mark, view: View, x: Reading, y: Reading, isPath: boolean) => void}
 */
export function drawLine(context, panel, item, view, x, y, isPath) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  const points = trace(panel, rows, (k) => x(rows, k), (k) => y(rows, k));
  if (!points.length) return;
  const pen = penOf(view, item);
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  const width = item.width ?? 2.4;
  strokeInside(context, panel, points, 0.6 * width, pen, 0.35);
  const until = Math.min(Math.floor(view.k), points.length - 1);
  const head = headAt(points, Math.min(view.k, points.length - 1));
  strokeInside(context, panel, [...points.slice(0, until + 1), head], width, pen, 1);
  if (isPath && !item.width) {
    context.fillStyle = pen.color;
    for (const [px, py] of points.slice(0, Math.min(until + 1, 80))) {
      context.beginPath();
      context.arc(px, py, 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.restore();
  panel.heads.push(() => {
    context.save();
    context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
    drawHead(context, panel, view, head, pen, points.length < rows.rows ? points.length : -1, isPath);
    context.restore();
  });
}

/**
 * The lowest and the highest finite value of curves.
 * @type {(view: View, items: Mark[]) => [number, number]}
 */
export function extent(view, items) {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const item of items) {
    const rows = table(view, item.source);
    for (let k = finiteSteps(rows) - 1; k >= 0; k--) {
      lowest = Math.min(lowest, rows.at(k, item.y));
      highest = Math.max(highest, rows.at(k, item.y));
    }
  }
  return [lowest, highest];
}

/**
 * Text that stays readable over lines: a halo of paper around it; no wider than `widest`.
 * @type {(context: Context, theme: Theme, text: string, x: number, y: number, widest?: number) => void}
 */
export function haloText(context, theme, text, x, y, widest = 1e4) {
  context.save();
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = theme.paper;
  context.strokeText(text, x, y, widest);
  context.restore();
  context.fillText(text, x, y, widest);
}
