// Numbers in words and on axes, and when two of them are the same. Pure functions, no page needed.

/** @typedef {ArrayBuffer | ArrayBufferView<ArrayBuffer>} Bytes what anywidget makes of Python's bytes */
/** @typedef {[number, number]} Range from low to high */
/** @typedef {Float32Array | Float64Array} Numbers of Python in single precision, of a tape in double */

const LARGEST = 2.9e38; // Python sends larger numbers as 3e38, the end of single precision

/** @type {(x: number, low: number, high: number) => number} */
export const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

/**
 * The value that lies at a share of the way along an axis.
 * @type {(share: number, range: Range, log: boolean) => number}
 */
export function along(share, [low, high], log) {
  return log ? low ** (1 - share) * high ** share : low + share * (high - low);
}

/**
 * Which share of the way along an axis a value lies.
 * @type {(value: number, range: Range, log: boolean) => number}
 */
export function shareOf(value, [low, high], log) {
  return log ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (value - low) / (high - low);
}

/**
 * A value moved by a share of its axis, and kept on it.
 * @type {(value: number, share: number, range: Range, log: boolean) => number}
 */
export function moved(value, share, [low, high], log) {
  return clamp(log ? value * (high ** share / low ** share) : value + share * (high - low), low, high);
}

/**
 * The last of a list; there must be one.
 * @type {<T>(list: { length: number, [i: number]: T }) => T}
 */
export const lastOf = (list) => list[list.length - 1];

/**
 * Three significant digits (or more), as in the summaries: 0.0312, 8.8e-5, 1.2e+9.
 * @type {(x: number, digits?: number) => string}
 */
export function short(x, digits = 3) {
  if (x === Infinity || Number.isNaN(x)) return "∞";
  if (Math.abs(x) > LARGEST) return "over 10³⁸";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size >= 1e-3 && size < 1e5 ? Number(x.toPrecision(digits)).toString() : x.toExponential(1);
  return text.replace("-", "−").replace("e−", "e-").replace("e-", "e−");
}

/**
 * Whether two control values are the same: numbers (up to rounding), or coordinates.
 * @type {(a: any, b: any) => boolean}
 */
export function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => x === b[i]);
  return a === b || Math.abs(a - b) <= 1e-9 * Math.abs(b);
}

/**
 * Whether some controls' values are among those of all.
 * @type {(some: Record<string, any>, all: Record<string, any>) => boolean}
 */
export function fits(some, all) {
  return Object.entries(some).every(([name, value]) => same(value, all[name]));
}

/**
 * A number that somebody has typed, with a point or a comma; NaN if it is none.
 * @type {(text: string) => number}
 */
export function parsed(text) {
  const plain = text.replace(/\s/g, "").replace(/[−–]/g, "-").replace(/^([^.,]*),([^.,]*)$/, "$1.$2");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

/**
 * Why a number that somebody has typed is not taken; "" if it is.
 * @type {(value: number, text: string, typed: { symbol: string, low: number, high: number, whole: boolean }) => string}
 */
export function refusal(value, text, { symbol, low, high, whole }) {
  if (value >= low && value <= high && (!whole || value === Math.round(value))) return "";
  return `${symbol} must be a ${whole ? "whole " : ""}number from ${short(low)} to ${short(high)} here, got “${text.trim().slice(0, 40)}”`;
}

/**
 * The position of a slider that is nearest to a value, on the slider's own scale.
 * @type {(positions: number[], log: boolean, value: number) => number}
 */
export function nearest(positions, log, value) {
  /** @type {(x: number) => number} */
  const away = (x) => Math.abs(log ? Math.log(x / value) : x - value);
  return positions.reduce((best, x, i) => (away(x) < away(positions[best]) ? i : best), 0);
}

/**
 * The row of a grid on which a value lies, or −1 if it lies between two.
 * @type {(grid: number[], value: number) => number}
 */
export function rowOf(grid, value) {
  let best = 0;
  for (let i = 1; i < grid.length; i++) if (Math.abs(grid[i] - value) < Math.abs(grid[best] - value)) best = i;
  const tolerance = 1e-6 * Math.max(Math.abs(grid[best]), 1e-3 * Math.abs(lastOf(grid) - grid[0]));
  return Math.abs(grid[best] - value) <= tolerance ? best : -1;
}

/**
 * Bytes from Python as numbers (copied, since the buffer need not be aligned).
 * @type {(view: Bytes) => Float32Array}
 */
export function floats(view) {
  const bytes = ArrayBuffer.isView(view) ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
  return new Float32Array(bytes);
}

/**
 * An axis that goes so far that the lowest and the highest value are seen: to its own ends, or pairs of decades beyond
 * them, twelve at most; doublings of its length, if it is not logarithmic.
 * @type {(range: Range, values: Range, log: boolean) => Range}
 */
export function stretched([low, high], [lowest, highest], log) {
  /** @type {(ratio: number) => number} */
  const pairs = (ratio) => 10 ** (ratio > 1 ? Math.min(12, 2 * Math.ceil(Math.log10(ratio) / 2)) : 0);
  if (log) return [low / pairs(low / lowest), high * pairs(highest / high)];
  /** @type {(far: number) => number} */
  const doubled = (far) => (high - low) * (far > high - low ? 2 ** Math.min(20, Math.ceil(Math.log2(far / (high - low)))) : 1);
  return [high - doubled(high - lowest), low + doubled(highest - low)];
}

/**
 * Round numbers between low and high, about `count` of them.
 * @type {(low: number, high: number, count: number) => number[]}
 */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Powers of ten between low and high, at most `count` of them.
 * @type {(low: number, high: number, count: number) => number[]}
 */
export function decades(low, high, count) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
}

/** @type {Record<string, string>} */
const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/** @type {(value: number, log: boolean) => string} */
export function tickLabel(value, log) {
  if (!log) return String(value).replace("-", "−");
  const exponent = Math.round(Math.log10(value));
  return `10${[...String(exponent)].map((c) => SUPERSCRIPT[c]).join("")}`;
}

/** A control's value as a person reads it. @type {(value: number) => string} */
export const exactly = (value) => String(Number(value.toPrecision(6)));
