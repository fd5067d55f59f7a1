// Triangles as pixels: bands of height between contour lines, in the light, with the lines of a mesh. One triangle may
// be some thousandth of a picture, and there are thousands of them: here nothing is made but numbers.

/** @import { Theme } from "./panel.js" */
import { ROWS } from "./solid.js";

const MESH = 8; // cells between two lines of the mesh
const FAINT = 0.28; // of a line of the mesh, beside a contour line

/**
 * What triangles are painted on, and the points that they join.
 * @typedef {object} Sheet
 * @property {Uint32Array} pixels
 * @property {number} width
 * @property {number} height
 * @property {number} scale pixels for one of the page
 * @property {Float64Array} xs of the points, in pixels
 * @property {Float64Array} ys
 * @property {Float32Array} heights
 * @property {Float32Array} lights
 * @property {number} step from one point of a triangle to the next one in the mesh
 * @property {Float64Array} edges of the bands of height, from −∞ to ∞
 * @property {Theme} theme
 */
/**
 * A number that grows evenly over a triangle: at the pixel (x, y) it is base + x·dx + y·dy.
 * @typedef {{ base: number, dx: number, dy: number }} Slope
 */

/** Paints the triangles of one sheet. */
export class Painter {
  /** @param {Sheet} sheet */
  constructor(sheet) {
    this.sheet = sheet;
    const { theme, edges } = sheet;
    const last = edges.length - 2;
    this.colors = Float64Array.from({ length: 3 * (last + 1) }, (_, i) => theme.low[i % 3] + ((theme.high[i % 3] - theme.low[i % 3]) * Math.floor(i / 3)) / last);
    this.band = 0;
    this.height = { base: 0, dx: 0, dy: 0 };
    this.light = { base: 0, dx: 0, dy: 0 };
    this.row = { base: 0, dx: 0, dy: 0 };
    this.column = { base: 0, dx: 0, dy: 0 };
  }

  /**
   * Paint the triangle of three points of the mesh in the cell at (row, column).
   * @type {(a: number, b: number, c: number, row: number, column: number) => void}
   */
  triangle(a, b, c, row, column) {
    const { xs, ys, heights, lights, height } = this.sheet;
    const area = (xs[b] - xs[a]) * (ys[c] - ys[a]) - (xs[c] - xs[a]) * (ys[b] - ys[a]);
    if (Math.abs(area) < 1e-9) return;
    this.slope(this.height, a, b, c, heights[a], heights[b], heights[c], area);
    this.slope(this.light, a, b, c, lights[a], lights[b], lights[c], area);
    this.line(this.row, a, b, c, row, 1, area);
    this.line(this.column, a, b, c, column, 0, area);
    if (ys[b] < ys[a]) [a, b] = [b, a];
    if (ys[c] < ys[a]) [a, c] = [c, a];
    if (ys[c] < ys[b]) [b, c] = [c, b];
    const from = Math.max(0, Math.ceil(ys[a] - 0.5));
    const to = Math.min(height - 1, Math.ceil(ys[c] - 0.5) - 1);
    for (let y = from; y <= to; y++) {
      const middle = y + 0.5;
      const long = across(xs[a], ys[a], xs[c], ys[c], middle);
      const short = middle < ys[b] ? across(xs[a], ys[a], xs[b], ys[b], middle) : across(xs[b], ys[b], xs[c], ys[c], middle);
      this.span(y, Math.min(long, short), Math.max(long, short));
    }
  }

  /**
   * How a number grows that is p, q and s at three points.
   * @type {(slope: Slope, a: number, b: number, c: number, p: number, q: number, s: number, area: number) => void}
   */
  slope(slope, a, b, c, p, q, s, area) {
    const { xs, ys } = this.sheet;
    slope.dx = ((q - p) * (ys[c] - ys[a]) - (s - p) * (ys[b] - ys[a])) / area;
    slope.dy = ((s - p) * (xs[b] - xs[a]) - (q - p) * (xs[c] - xs[a])) / area;
    slope.base = p + slope.dx * (0.5 - xs[a]) + slope.dy * (0.5 - ys[a]);
  }

  /**
   * The distance in pixels from the line of the mesh beside the cell at `place`, if there is one.
   * @type {(slope: Slope, a: number, b: number, c: number, place: number, down: number, area: number) => void}
   */
  line(slope, a, b, c, place, down, area) {
    const near = place % MESH === 0 ? place : place + this.sheet.step;
    slope.base = Infinity;
    slope.dx = slope.dy = 0;
    if (near % MESH) return;
    if (down) this.slope(slope, a, b, c, Math.floor(a / ROWS) - near, Math.floor(b / ROWS) - near, Math.floor(c / ROWS) - near, area);
    else this.slope(slope, a, b, c, (a % ROWS) - near, (b % ROWS) - near, (c % ROWS) - near, area);
    const steep = Math.hypot(slope.dx, slope.dy) || 1;
    slope.base /= steep;
    slope.dx /= steep;
    slope.dy /= steep;
  }

  /**
   * Paint the pixels of a line whose middles lie between two places.
   * @type {(y: number, left: number, right: number) => void}
   */
  span(y, left, right) {
    const { pixels, width, scale, edges, theme } = this.sheet;
    const { height, light, row, column, colors } = this;
    const [first, last] = [Math.max(0, Math.ceil(left - 0.5)), Math.min(width - 1, Math.ceil(right - 0.5) - 1)];
    const steep = Math.hypot(height.dx, height.dy) || 1e-30;
    const reach = 0.5 * scale + 0.5; // half of a line's width, and half a pixel for its edge
    const [dark, bright] = theme.relief;
    const [red, green, blue] = theme.contour;
    for (let x = first; x <= last; x++) {
      const w = height.base + height.dx * x + height.dy * y;
      while (w >= edges[this.band + 1]) this.band++;
      while (w < edges[this.band]) this.band--;
      const contour = reach - Math.min(edges[this.band + 1] - w, w - edges[this.band]) / steep;
      const mesh = reach - Math.min(Math.abs(row.base + row.dx * x + row.dy * y), Math.abs(column.base + column.dx * x + column.dy * y));
      const line = Math.max(theme.line * clipped(contour), FAINT * clipped(mesh));
      const lit = dark + (bright - dark) * (light.base + light.dx * x + light.dy * y);
      const ink = line * (0.6 + 0.4 * lit);
      const ground = (1 - line) * lit;
      const at = 3 * this.band;
      const r = Math.min(255, colors[at] * ground + red * ink);
      const g = Math.min(255, colors[at + 1] * ground + green * ink);
      const b = Math.min(255, colors[at + 2] * ground + blue * ink);
      pixels[y * width + x] = 0xff000000 | (b << 16) | (g << 8) | r;
    }
  }
}

/** @type {(x: number) => number} */
const clipped = (x) => (x < 0 ? 0 : x > 1 ? 1 : x);

/**
 * Where a line from (ax, ay) to (bx, by) is at a height y.
 * @type {(ax: number, ay: number, bx: number, by: number, y: number) => number}
 */
const across = (ax, ay, bx, by, y) => ax + ((y - ay) / (by - ay)) * (bx - ax);
