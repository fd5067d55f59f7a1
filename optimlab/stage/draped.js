// Marks that lie on a surface in 3-D: what the surface hides is drawn faintly.

/** @import { Context, Point } from "./panel.js" */
/** @import { Draw, Mark, Pen, Table } from "./lines.js" */
/** @import { Camera, Sample } from "./camera.js" */
/** @import { View } from "./view.js" */
import { cameraOf } from "./camera.js";
import { STALE_ALPHA, clipSegment, finiteSteps, headAt, penOf, strokeThrough, table } from "./lines.js";
import { lastOf } from "./numbers.js";
import { inside } from "./solid.js";
import { arrowHead, cross, disc, drawSymbol, pointer } from "./symbols.js";

const STRIDE = 0.03; // between two points of a line, where it follows the surface; …
const MOST = [800, 300]; // … or larger, if there were more of them, and more than the other number while it turns
const BOX = { left: -1, right: 1, top: -1, bottom: 1 };
const HIDDEN = 0.4;

/** @type {(a: Point, b: Point) => number} */
const distance = ([ax, ay], [bx, by]) => Math.hypot(bx - ax, by - ay);

/**
 * The line through points of the unit box, laid on the surface; a new list where it comes back from outside.
 * @type {(camera: Camera, points: Point[]) => Sample[][]}
 */
export function draped(camera, points) {
  /** @type {Sample[][]} */
  const pieces = [];
  let open = false;
  /** @type {(point: Point, step: number) => void} */
  const put = (point, step) => {
    const sample = { ...camera.spot(point), step };
    if (!open) pieces.push([]);
    const last = lastOf(lastOf(pieces));
    if (!last || Math.hypot(last.at[0] - sample.at[0], last.at[1] - sample.at[1]) > 0.7) lastOf(pieces).push(sample);
    open = true;
  };
  const parts = points.slice(1).map((point, i) => clipSegment(points[i], point, BOX));
  const whole = parts.reduce((sum, part) => sum + (part ? distance(...part) : 0), 0);
  const stride = Math.max(STRIDE, whole / MOST[Number(camera.coarse)]);
  if (points.length && inside(...points[0])) put(points[0], 0);
  for (let i = 1; i < points.length; i++) {
    const part = parts[i - 1];
    if (!part) open = false;
    if (!part || Math.max(...points[i].map(Math.abs)) > 1e6) continue;
    const [[au, av], [bu, bv]] = part;
    const step = distance(points[i - 1], points[i]) || 1;
    const [before, length] = [distance(points[i - 1], part[0]), distance(...part)];
    const count = Math.max(1, Math.ceil(length / stride));
    for (let j = open ? 1 : 0; j <= count; j++) put([au + ((bu - au) * j) / count, av + ((bv - av) * j) / count], i - 1 + (before + (length * j) / count) / step);
    open = inside(...points[i]);
  }
  return pieces;
}

/**
 * Stroke a line where it is seen, and faintly where the surface hides it.
 * @type {(context: Context, samples: Sample[], width: number, pen: Pen, alpha: number) => void}
 */
function strokeDraped(context, samples, width, pen, alpha) {
  for (let from = 0, to = 1; to < samples.length; to++) {
    const { behind } = samples[to];
    if (to + 1 < samples.length && samples[to + 1].behind === behind) continue;
    const line = samples.slice(from, to + 1).map(({ at }) => at);
    if (behind) strokeThrough(context, line, 0.55 * width, { color: pen.color, dash: [1.5, 2] }, HIDDEN * alpha);
    else strokeThrough(context, line, width, pen, alpha);
    from = to;
  }
}

/**
 * The steps of a path as points of the unit box, and the path on the surface; kept as long as neither changes.
 * @type {(camera: Camera, item: Mark, view: View, rows: Table) => { points: Point[], pieces: Sample[][] }}
 */
function pathOn(camera, item, view, rows) {
  const { data } = view.store.pick(item.source);
  const known = camera.draped.get(item);
  if (known?.data === data) return known;
  const points = Array.from({ length: finiteSteps(rows) }, (_, k) => camera.unit([rows.at(k, item.x), rows.at(k, item.y)]));
  const made = { data, points, pieces: draped(camera, points) };
  camera.draped.set(item, made);
  return made;
}

/** @type {Draw} */
function drapePath(context, panel, item, view) {
  const [camera, rows] = [cameraOf(panel, view), table(view, item.source)];
  if (!camera || !rows.rows) return;
  const { points, pieces } = pathOn(camera, item, view, rows);
  if (!points.length) return;
  const [pen, width] = [penOf(view, item), item.width ?? 2.4];
  const k = Math.min(view.k, points.length - 1);
  const head = headAt(points, k);
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  for (const piece of pieces) strokeDraped(context, piece, 0.6 * width, pen, 0.35);
  for (const piece of pieces) {
    const past = piece.filter(({ step }) => step <= k);
    const ends = past.length && past.length < piece.length && inside(...head) ? [{ ...camera.spot(head), step: k }] : [];
    strokeDraped(context, [...past, ...ends], width, pen, 1);
    if (item.width) continue;
    context.fillStyle = pen.color;
    for (const { at, step, behind } of past) {
      if (behind || step > 80 || Math.abs(step - Math.round(step)) > 1e-9) continue;
      context.beginPath();
      context.arc(...at, 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.restore();
  panel.heads.push(() => {
    context.save();
    context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
    drapeHead(context, camera, view, head, pen, points.length < rows.rows && view.k >= points.length);
    context.restore();
  });
}

/**
 * The head of a path: a point; at the edge a pointer outwards; a cross where the numbers end.
 * @type {(context: Context, camera: Camera, view: View, head: Point, pen: Pen, gone: boolean) => void}
 */
function drapeHead(context, camera, view, head, pen, gone) {
  const edge = /** @type {Point} */ (head.map((part) => Math.min(1, Math.max(-1, part))));
  const { at, behind } = camera.spot(edge);
  if (behind) context.globalAlpha *= HIDDEN;
  if (gone) return cross(context, at, pen.color);
  if (inside(...head)) return disc(context, at, 5, pen.color, view.theme.paper);
  const far = Math.hypot(head[0] - edge[0], head[1] - edge[1]);
  const { at: outer } = camera.spot([edge[0] + (0.1 * (head[0] - edge[0])) / far, edge[1] + (0.1 * (head[1] - edge[1])) / far]);
  pointer(context, at, Math.atan2(outer[1] - at[1], outer[0] - at[0]), pen.color, view.theme.paper);
}

/** @type {Draw} */
function drapePoints(context, panel, item, view) {
  const camera = cameraOf(panel, view);
  if (!camera) return;
  const rows = item.data ? null : table(view, item.source);
  const list = item.data ?? Array.from({ length: rows?.rows ?? 0 }, (_, i) => /** @type {Point} */ ([rows?.at(i, 0), rows?.at(i, 1)]));
  context.save();
  context.fillStyle = context.strokeStyle = penOf(view, item).color;
  for (const point of list.map((place) => camera.unit(place))) {
    if (!inside(...point)) continue;
    const { at, behind } = camera.spot(point);
    context.globalAlpha = (item.alpha ?? 1) * (behind ? HIDDEN : 1) * (rows && !rows.fresh ? STALE_ALPHA : 1);
    drawSymbol(context, item.symbol ?? "dot", at, view.theme);
  }
  context.restore();
}

/** @type {Draw} */
function drapeArrow(context, panel, item, view) {
  const [camera, rows] = [cameraOf(panel, view), table(view, item.source)];
  if (!camera || !rows.rows) return;
  const [x, y, dx, dy] = [...item.at, ...item.by].map((channel) => rows.at(Math.floor(view.k), channel));
  if (![x, y, dx, dy].every(Number.isFinite)) return;
  const [line] = draped(camera, [camera.unit([x, y]), camera.unit([x + dx, y + dy])]);
  if (!line || line.length < 2) return;
  const end = lastOf(line);
  const tail = [...line].reverse().find(({ at }) => Math.hypot(at[0] - end.at[0], at[1] - end.at[1]) > 8) ?? line[0];
  const length = Math.hypot(end.at[0] - tail.at[0], end.at[1] - tail.at[1]) || 1;
  const pen = { color: penOf(view, item).color, dash: item.dash ?? [] };
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  context.fillStyle = pen.color;
  strokeDraped(context, line.length > 2 ? line.slice(0, -1) : line, item.width ?? 3, pen, 1);
  if (end.behind) context.globalAlpha *= HIDDEN;
  arrowHead(context, end.at, [(end.at[0] - tail.at[0]) / length, (end.at[1] - tail.at[1]) / length], 11);
  context.restore();
}

/** @type {Record<string, Draw>} */
export const DRAPED = { path: drapePath, points: drapePoints, arrow: drapeArrow };
