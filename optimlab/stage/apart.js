// How far a drawn line and a path are apart, and what is said of it. Pure functions, no page needed.

/** @import { Point } from "./panel.js" */
import { clamp, lastOf } from "./numbers.js";

/** @typedef {{ percent: number, ends: number, ways: number, right: boolean }} Compared */

const TWICE = 2; // one that was right ends no farther off than so many limits, and is less than so many times as long or short
const NOTABLE = 1.3; // times as long: what is told of
const SPOTS = 200; // on each line, where its distance from the other is measured

/** How long a line is. @type {(line: Point[]) => number} */
export const lengthOf = (line) => line.reduce((sum, [x, y], i) => (i ? sum + Math.hypot(x - line[i - 1][0], y - line[i - 1][1]) : 0), 0);

/** How far a point is from a line. @type {(point: Point, line: Point[]) => number} */
export function fromLine([x, y], line) {
  let nearest = Math.hypot(x - line[0][0], y - line[0][1]);
  for (let i = 1; i < line.length; i++) {
    const [[ax, ay], [bx, by]] = [line[i - 1], line[i]];
    const square = (bx - ax) ** 2 + (by - ay) ** 2;
    const t = square ? clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / square, 0, 1) : 0;
    nearest = Math.min(nearest, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
  }
  return nearest;
}

/** Points at even distances along a line. @type {(line: Point[], count: number) => Point[]} */
export function spread(line, count) {
  const step = lengthOf(line) / (count - 1);
  /** @type {Point[]} */
  const spots = [line[0]];
  let [i, gone] = [1, 0]; // which piece, and how long those before it are
  while (i < line.length && spots.length < count - 1) {
    const [[ax, ay], [bx, by]] = [line[i - 1], line[i]];
    const piece = Math.hypot(bx - ax, by - ay);
    const left = spots.length * step - gone;
    if (left <= piece && piece > 0) spots.push([ax + (left / piece) * (bx - ax), ay + (left / piece) * (by - ay)]);
    else [i, gone] = [i + 1, gone + piece];
  }
  return [...spots, lastOf(line)];
}

/** The diagonal of a line's bounding box. @type {(line: Point[]) => number} */
export function sizeOf(line) {
  const [xs, ys] = [0, 1].map((c) => line.map((point) => point[c]));
  return Math.hypot(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
}

/**
 * How far two lines are apart: the mean distance of each one's points from the other, in percent of the real one's size.
 * Where on the line they are at a step counts not.
 * @type {(drawn: Point[], real: Point[]) => number}
 */
export function linesApart(drawn, real) {
  /** @type {(from: Point[], to: Point[]) => number} */
  const mean = (from, to) => spread(from, SPOTS).reduce((sum, point) => sum + fromLine(point, to), 0) / SPOTS;
  return (50 * (mean(drawn, real) + mean(real, drawn))) / sizeOf(real);
}

/** @type {(percent: number) => string} */
const roundPercent = (percent) => `${percent < 9.95 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;

/**
 * How a drawn path compares with the real one: how far apart they and their ends are, in percent of the real one's size,
 * how many times as long the real one is, and whether that was right.
 * @type {(drawn: Point[], real: Point[], limit: number) => Compared}
 */
export function compared(drawn, real, limit) {
  const [[x, y], [endX, endY]] = [lastOf(drawn), lastOf(real)];
  const percent = linesApart(drawn, real);
  const ways = lengthOf(real) / lengthOf(drawn);
  const ends = (100 * Math.hypot(endX - x, endY - y)) / sizeOf(real);
  return { percent, ends, ways, right: percent <= limit && ends <= TWICE * limit && Math.max(ways, 1 / ways) <= TWICE };
}

/** @type {(asked: { name: string, limit: number }, found: Compared) => string} */
export function judgement({ name, limit }, { percent, ends, ways, right }) {
  const parts = [`${name} ${right ? "✓ as you drew it" : "not this time"}: all in all, the two paths are ${roundPercent(percent)} of its size apart.`];
  if (ends > limit) parts.push(`They end ${roundPercent(ends)} apart.`);
  if (ways > NOTABLE) parts.push(`Its way is ${Number(ways.toPrecision(2))} times as long as yours.`);
  if (ways < 1 / NOTABLE) parts.push(`Your way is ${Number((1 / ways).toPrecision(2))} times as long as its.`);
  return parts.join(" ");
}
