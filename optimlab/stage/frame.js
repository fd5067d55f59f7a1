// The axes of a surface in 3-D: along the two edges of its block that are in front, and upwards at its left corner.

/** @import { Context, Panel, Point, Theme } from "./panel.js" */
/** @import { Mark } from "./lines.js" */
/** @import { Camera } from "./camera.js" */
/** @import { Range } from "./numbers.js" */
import { FLOOR } from "./camera.js";
import { haloText } from "./lines.js";
import { clamp, decades, shareOf, tickLabel, ticks } from "./numbers.js";
import { rise } from "./solid.js";

/**
 * A line on the canvas.
 * @type {(context: Context, from: Point, to: Point) => void}
 */
function stroke(context, from, to) {
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}

/** @type {(context: Context, panel: Panel, item: Mark, camera: Camera, theme: Theme) => void} */
export function drawFrame(context, panel, item, camera, theme) {
  const { turn } = camera.gaze;
  const [side, front] = [Math.sin(turn) > 0 ? 1 : -1, Math.cos(turn) > 0 ? -1 : 1];
  context.save();
  context.lineWidth = 1;
  context.strokeStyle = theme.soft;
  context.textBaseline = "middle";
  const { x, y, x_label, y_label } = panel.spec;
  drawEdge(context, theme, x, x_label, (t, out) => camera.pixel(t, front * out, FLOOR));
  drawEdge(context, theme, y, y_label, (t, out) => camera.pixel(side * out, t, FLOOR));
  drawHeight(context, panel, item, camera, theme);
  context.restore();
}

/**
 * Ticks and the name of an axis along an edge; `pixel` is where a place on it lies, and how far out.
 * @type {(context: Context, theme: Theme, range: Range, name: string, pixel: (t: number, out: number) => Point) => void}
 */
function drawEdge(context, theme, range, name, pixel) {
  const [[ax, ay], [bx, by], [ox, oy]] = [pixel(0, 1), pixel(0, 1.3), pixel(1, 1)];
  const away = Math.hypot(bx - ax, by - ay) || 1;
  if (Math.abs((ox - ax) * (by - ay) - (oy - ay) * (bx - ax)) < 6 * away) return; // seen from its end
  const [dx, dy] = [(bx - ax) / away, (by - ay) / away];
  context.fillStyle = theme.soft;
  context.textAlign = Math.abs(dx) < 0.35 ? "center" : dx > 0 ? "left" : "right";
  for (const value of ticks(...range, 5)) {
    const [px, py] = pixel(2 * shareOf(value, range, false) - 1, 1);
    stroke(context, [px, py], [px + 4 * dx, py + 4 * dy]);
    context.fillText(tickLabel(value, false), px + 7 * dx, py + 12 * dy);
  }
  context.fillStyle = theme.ink;
  context.fillText(name, ax + 24 * dx, ay + 30 * dy);
}

/**
 * The height, at the corner of the block that is farthest to the left.
 * @type {(context: Context, panel: Panel, item: Mark, camera: Camera, theme: Theme) => void}
 */
function drawHeight(context, panel, item, camera, theme) {
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]];
  const [u, v] = corners.reduce((best, corner) => (camera.pixel(corner[0], corner[1], 0)[0] < camera.pixel(best[0], best[1], 0)[0] ? corner : best));
  const { top } = camera.relief;
  const [foot, head] = [camera.pixel(u, v, FLOOR), camera.pixel(u, v, rise(top, top, item.log))];
  stroke(context, foot, head);
  context.textAlign = "right";
  context.fillStyle = theme.soft;
  for (const value of heightsOn(top, item.log, (foot[1] - head[1]) / 13)) {
    const [px, py] = camera.pixel(u, v, rise(value, top, item.log));
    stroke(context, [px - 4, py], [px, py]);
    context.fillText(tickLabel(value, item.log !== undefined), px - 6, py);
  }
  context.textAlign = "left";
  context.fillStyle = theme.ink;
  const wide = context.measureText(item.label ?? "").width;
  haloText(context, theme, item.label ?? "", clamp(head[0] + 8 - wide, 2, panel.width - wide - 2), head[1] - 13);
}

/**
 * The heights that are told: powers of ten, if they are drawn as logarithms; three at least, wherever there is one.
 * @type {(top: number, log: number | undefined, room: number) => number[]}
 */
export function heightsOn(top, log, room) {
  const wanted = clamp(Math.floor(room), 3, 5);
  /** @type {(count: number) => number[]} */
  const told = (count) => (log ? decades(log, top, count) : ticks(0, top, count));
  const counts = [wanted, wanted + 1, wanted + 2, wanted + 3];
  return told(counts.find((count) => told(count).length >= 3) ?? wanted);
}
