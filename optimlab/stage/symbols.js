// The shapes that marks are made of: star, dot, ring, cross, pointer and arrow head, each at a place on the canvas.

/** @import { Context, Point, Theme } from "./panel.js" */

/**
 * A disc with a rim.
 * @type {(context: Context, at: Point, radius: number, fill: string, rim: string, width?: number) => void}
 */
export function disc(context, [x, y], radius, fill, rim, width = 1.5) {
  context.fillStyle = fill;
  context.strokeStyle = rim;
  context.lineWidth = width;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

/**
 * Where the numbers end.
 * @type {(context: Context, at: Point, color: string) => void}
 */
export function cross(context, [x, y], color) {
  context.strokeStyle = color;
  context.lineWidth = 3;
  context.beginPath();
  for (const s of [-1, 1]) {
    context.moveTo(x - 6, y - 6 * s);
    context.lineTo(x + 6, y + 6 * s);
  }
  context.stroke();
}

/**
 * Where a line has gone: a triangle that points there.
 * @type {(context: Context, at: Point, angle: number, fill: string, rim: string) => void}
 */
export function pointer(context, [x, y], angle, fill, rim) {
  context.fillStyle = fill;
  context.strokeStyle = rim;
  context.lineWidth = 1.5;
  context.beginPath();
  for (const [r, turn] of [[8, 0], [7, 2.4], [7, -2.4]]) context.lineTo(x + r * Math.cos(angle + turn), y + r * Math.sin(angle + turn));
  context.closePath();
  context.fill();
  context.stroke();
}

/**
 * The head of an arrow at its end, which lies in a direction of length 1.
 * @type {(context: Context, end: Point, direction: Point, length: number) => void}
 */
export function arrowHead(context, [x, y], [ux, uy], length) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - ux * length - uy * length * 0.5, y - uy * length + ux * length * 0.5);
  context.lineTo(x - ux * length + uy * length * 0.5, y - uy * length - ux * length * 0.5);
  context.fill();
}

/** @type {(context: Context, symbol: string, at: Point, theme: Theme) => void} */
export function drawSymbol(context, symbol, [x, y], theme) {
  context.beginPath();
  if (symbol === "star") {
    for (let i = 0; i < 10; i++) {
      const [r, turn] = [i % 2 ? 3.6 : 9, (Math.PI * i) / 5 - Math.PI / 2];
      context.lineTo(x + r * Math.cos(turn), y + r * Math.sin(turn));
    }
    context.closePath();
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = theme.paper;
    context.stroke();
    return;
  }
  context.arc(x, y, symbol === "ring" ? 6 : 2.6, 0, 2 * Math.PI);
  context.lineWidth = 2;
  if (symbol === "ring") context.stroke();
  else context.fill();
}
