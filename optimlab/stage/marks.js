// Every kind of mark, drawn: STILL on the lower canvas of a panel, MOVING on the upper one.

/** @import { Context, Panel, Point } from "./panel.js" */
/** @import { Draw, Mark, Reading } from "./lines.js" */
/** @import { View } from "./view.js" */
import { drawField, drawMap, drawPicture } from "./field.js";
import { drawFog } from "./fog.js";
import { STALE_ALPHA, drawLine, haloText, penOf, strokeThrough, table, trace } from "./lines.js";
import { short } from "./numbers.js";
import { DRAPED } from "./draped.js";
import { drawRelief } from "./relief.js";
import { arrowHead, drawSymbol } from "./symbols.js";

/** @type {Draw} */
function drawPath(context, panel, item, view) {
  drawLine(context, panel, item, view, (rows, k) => rows.at(k, item.x), (rows, k) => rows.at(k, item.y), true);
}

/** @type {Draw} */
function drawCurve(context, panel, item, view) {
  /** @type {Reading} */
  const x = item.x === undefined || item.x === null ? (_, k) => k : (rows, k) => rows.at(k, item.x);
  if (!item.still) return drawLine(context, panel, item, view, x, (rows, k) => rows.at(k, item.y), false);
  const rows = table(view, item.source);
  const points = trace(panel, rows, (k) => x(rows, k), (k) => rows.at(k, item.y));
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  const pen = penOf(view, item);
  if (item.label) strokeThrough(context, points, 4.5, { color: view.theme.paper, dash: [] }, 0.55); // legible on a map
  strokeThrough(context, points, 2, pen, 1);
  if (item.label && points.length) {
    const [px, py] = points[Math.round((item.label_at ?? 0.5) * (points.length - 1))];
    const right = px + 8 + context.measureText(item.label).width < panel.x1;
    context.fillStyle = pen.color;
    context.textAlign = right ? "left" : "right";
    context.textBaseline = "middle";
    haloText(context, view.theme, item.label, px + (right ? 6 : -6), py);
  }
  context.restore();
}

/** @type {Draw} */
function drawPoints(context, panel, item, view) {
  const { color } = penOf(view, item);
  context.save();
  context.fillStyle = context.strokeStyle = color;
  context.globalAlpha = item.alpha ?? 1;
  let list = item.data;
  if (!list) {
    const rows = table(view, item.source);
    list = Array.from({ length: rows.rows }, (_, i) => [rows.at(i, 0), rows.at(i, 1)]);
    context.globalAlpha *= rows.fresh ? 1 : STALE_ALPHA;
  }
  if (item.symbol === "line") drawOutline(context, list.filter((point) => point.every(Number.isFinite)).map(([x, y]) => [panel.x(x), panel.y(y)]), item, view);
  else for (const [x, y] of list) drawSymbol(context, item.symbol ?? "dot", [panel.x(x), panel.y(y)], view.theme);
  context.restore();
}

/**
 * A line through points, named above the highest of them.
 * @type {(context: Context, points: Point[], item: Mark, view: View) => void}
 */
function drawOutline(context, points, item, view) {
  strokeThrough(context, points, 2, { color: penOf(view, item).color, dash: [] }, 1);
  if (!item.label || !points.length) return;
  const [x, y] = points.reduce((high, point) => (point[1] < high[1] ? point : high));
  context.textAlign = "center";
  context.textBaseline = "bottom";
  haloText(context, view.theme, item.label, x, y - 4);
}

/** @type {Draw} */
function drawArrow(context, panel, item, view) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  const k = Math.floor(view.k);
  const [x, y] = item.at.map((c) => rows.at(k, c));
  const [dx, dy] = item.by.map((c) => rows.at(k, c));
  if (![x, y, dx, dy].every(Number.isFinite)) return;
  const [ax, ay, bx, by] = [panel.x(x), panel.y(y), panel.x(x + dx), panel.y(y + dy)];
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 1) return;
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  const tip = Math.min(11, 0.6 * length);
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  context.strokeStyle = context.fillStyle = penOf(view, item).color;
  context.lineWidth = item.width ?? 3;
  context.setLineDash(item.dash ?? []);
  context.beginPath();
  context.moveTo(ax, ay);
  context.lineTo(bx - ux * tip * 0.8, by - uy * tip * 0.8);
  context.stroke();
  arrowHead(context, [bx, by], [ux, uy], tip);
  context.restore();
}

/** @type {Draw} */
function drawSlopedLine(context, panel, item, view) {
  let slope, intercept, fresh = true;
  if (item.control) [slope, intercept] = view.store.values[item.control];
  else {
    const rows = table(view, item.source);
    if (!rows.rows) return;
    [slope, intercept, fresh] = [rows.at(Math.floor(view.k), item.slope), rows.at(Math.floor(view.k), item.intercept), rows.fresh];
  }
  context.save();
  context.globalAlpha = fresh ? 1 : STALE_ALPHA;
  const points = panel.spec.x.map((x) => /** @type {Point} */ ([panel.x(x), panel.y(slope * x + intercept)]));
  strokeThrough(context, points, 2.6, penOf(view, item), 1);
  context.restore();
}

/**
 * Where a straight line stands: where a control is, or at the place given; with a source, that is a channel of it.
 * @type {(view: View, item: Mark, place: number) => number}
 */
function placeOf(view, item, place) {
  if (item.control) return view.store.values[item.control];
  if (!item.source) return place;
  const rows = table(view, item.source);
  return rows.rows ? rows.at(0, place) : NaN;
}

/** @type {Draw} */
function drawVline(context, panel, item, view) {
  const x = placeOf(view, item, item.x);
  if (!Number.isFinite(x)) return;
  const { color, dash } = penOf(view, item);
  const px = panel.x(x);
  const [top, bottom] = item.row === undefined ? [panel.y1, panel.y0] : [panel.row(item.row) - 9, panel.row(item.row) + 9];
  strokeThrough(context, [[px, top], [px, bottom]], item.row === undefined ? 1.6 : 2.4, { color, dash: item.row === undefined ? dash : [] }, 1);
  if (!item.label) return;
  const whole = item.label.replace("{x}", short(x));
  const dot = dotIn(panel, item.row, view);
  /** @type {(text: string) => { begin: number, wide: number }} */
  const lay = (text) => {
    const wide = context.measureText(text).width;
    const right = (item.side ?? "right") === "right" && px + 5 + wide < panel.x1 + 10;
    return { begin: clearOf(dot, right ? px + 5 : px - 5 - wide, wide, right, panel), wide };
  };
  const label = fitting(whole, (text) => isFree(lay(text), dot, panel));
  context.fillStyle = color;
  context.textAlign = "left";
  context.textBaseline = item.row === undefined ? "top" : "middle";
  const { begin } = lay(label);
  haloText(context, view.theme, label, begin, item.row === undefined ? panel.y1 + 2 : panel.row(item.row));
}

/**
 * A label as it is, or without the formula in it ("limit 2/λmax = 0.1" becomes "limit 0.1") where that has no place.
 * @type {(label: string, free: (text: string) => boolean) => string}
 */
export const fitting = (label, free) => (free(label) ? label : label.replace(/ .* = /, " "));

/**
 * Whether a label lies within the panel, and not on the dot.
 * @type {(label: { begin: number, wide: number }, dot: number, panel: { x0: number, x1: number }) => boolean}
 */
export const isFree = ({ begin, wide }, dot, { x0, x1 }) => begin >= x0 - 20 && begin + wide <= x1 + 10 && !covers(begin, wide, dot);

/** @type {(begin: number, wide: number, dot: number) => boolean} */
const covers = (begin, wide, dot) => dot > begin - 8 && dot < begin + wide + 8;

/**
 * Where the dot of a row stands, in pixels; NaN if there is none.
 * @type {(panel: Panel, row: number | undefined, view: View) => number}
 */
function dotIn(panel, row, view) {
  const dot = panel.spec.marks.find((other) => other.kind === "dot" && other.row !== undefined && other.row === row);
  return dot ? panel.x(view.store.values[dot.control]) : NaN;
}

/**
 * Where a label begins: where it should, or on the far side of a dot that would lie on it, if there is room.
 * @type {(dot: number, begin: number, wide: number, right: boolean, panel: { x0: number, x1: number }) => number}
 */
export function clearOf(dot, begin, wide, right, { x0, x1 }) {
  if (!covers(begin, wide, dot)) return begin;
  const beyond = right ? dot + 10 : dot - 10 - wide;
  return isFree({ begin: beyond, wide }, dot, { x0, x1 }) ? beyond : begin;
}

/** @type {Draw} */
function drawHline(context, panel, item, view) {
  const { color } = penOf(view, item);
  const y = placeOf(view, item, item.y);
  if (!Number.isFinite(y)) return;
  const py = panel.y(y);
  strokeThrough(context, [[panel.x0, py], [panel.x1, py]], 1, { color, dash: [3, 3] }, 0.8);
  if (!item.label) return;
  const right = item.side === "right";
  context.fillStyle = color;
  context.textAlign = right ? "right" : "left";
  context.textBaseline = "top";
  haloText(context, view.theme, item.label.replace("{y}", short(y)), right ? panel.x1 - 5 : panel.x0 + 5, py + 3, panel.x1 - panel.x0 - 10);
}

/** @type {Draw} */
function drawDot(context, panel, item, view) {
  const value = view.store.values[item.control];
  context.fillStyle = penOf(view, item).color;
  context.strokeStyle = view.theme.paper;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(panel.x(value), item.row === undefined ? panel.y0 - 1 : panel.row(item.row), 5.5, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

/** @type {Draw} */
function drawBars(context, panel, item, view) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  item.channels.forEach((channel, i) => {
    const colors = view.dark ? (item.colors_dark ?? item.colors) : item.colors;
    const [left, right, top] = [panel.x(i - 0.3), panel.x(i + 0.3), panel.y(rows.at(Math.floor(view.k), channel))];
    const floor = item.base !== undefined ? panel.y(item.base) : panel.spec.y_log ? panel.y0 : panel.y(0);
    context.fillStyle = colors[i];
    context.fillRect(left, Math.min(top, floor), right - left, Math.abs(floor - top));
    context.fillStyle = view.theme.ink;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    const number = item.channels.length > 5 ? "" : ` = ${short(rows.at(Math.floor(view.k), channel))}`; // no room for more
    context.fillText(item.labels[i] + number, (left + right) / 2, Math.min(top, floor) - 3);
  });
  context.restore();
}

/**
 * Shares as steps above the bottom of the panel, in bins over its width.
 * @type {Draw}
 */
function drawHistogram(context, panel, item, view) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  const k = Math.floor(view.k);
  const width = (panel.x1 - panel.x0) / item.count;
  /** @type {Point[]} */
  const points = [[panel.x0, panel.y0]];
  for (let i = 0; i < item.count; i++) {
    const top = Math.min(panel.y0, panel.y(Math.max(rows.at(k, item.first + i), panel.spec.y[0])));
    points.push([panel.x0 + i * width, top], [panel.x0 + (i + 1) * width, top]);
  }
  points.push([panel.x1, panel.y0]);
  const pen = penOf(view, item);
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  strokeThrough(context, points, 2, pen, 1);
  context.globalAlpha *= 0.18;
  context.fillStyle = pen.color;
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.fill();
  context.restore();
}

/**
 * Only marks whose run is switched on are drawn.
 * @type {(view: View, item: Mark) => boolean}
 */
export const shown = (view, item) => !item.run || !view.off.has(item.run);

/** @type {Record<string, Draw>} */
export const STILL = { field: drawField, map: drawMap, picture: drawPicture, solid: drawRelief };
/** @type {Record<string, Draw>} */
export const MOVING = {
  fog: drawFog,
  path: drawPath,
  curve: drawCurve,
  points: drawPoints,
  arrow: drawArrow,
  line: drawSlopedLine,
  vline: drawVline,
  hline: drawHline,
  dot: drawDot,
  bars: drawBars,
  histogram: drawHistogram,
};

/**
 * How the marks of a panel are drawn: on a surface in 3-D they lie on it.
 * @type {(panel: Panel) => Record<string, Draw>}
 */
export const movingIn = (panel) => (panel.spec.marks.some(({ kind }) => kind === "solid") ? DRAPED : MOVING);
