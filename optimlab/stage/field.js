// What stands still in a panel: the surface as bands between contour lines, or a picture.

/** @import { Numbers } from "./numbers.js" */
/** @import { Context, Panel, Theme } from "./panel.js" */
/** @import { Draw, Mark } from "./lines.js" */
/** @import { Row } from "./store.js" */
/** @import { View } from "./view.js" */
/** @typedef {Row & { data: Numbers }} Full a row that is there */
import { clamp, lastOf } from "./numbers.js";

const SHADES = 64; // strengths of a contour line's edge

/**
 * Catmull–Rom weights: which four grid points a pixel lies between, and how much of each it takes; the `outer` pixels
 * lie on the edge of the grid, or have their middles half a pixel from it.
 * @type {(count: number, pixels: number, outer: boolean) => { index: Int32Array, weight: Float32Array }}
 */
function cubic(count, pixels, outer) {
  const index = new Int32Array(4 * pixels);
  const weight = new Float32Array(4 * pixels);
  for (let p = 0; p < pixels; p++) {
    const share = outer ? p / (pixels - 1) : (p + 0.5) / pixels;
    const at = clamp(share * (count - 1), 0, count - 1.000001);
    const i = Math.floor(at);
    const t = at - i;
    const w = [((2 - t) * t - 1) * t * 0.5, ((3 * t - 5) * t * t + 2) * 0.5, ((4 - 3 * t) * t + 1) * t * 0.5, (t - 1) * t * t * 0.5];
    for (let j = 0; j < 4; j++) {
      index[4 * p + j] = i - 1 + j;
      weight[4 * p + j] = w[j];
    }
  }
  return { index, weight };
}

/**
 * A value beside the grid's edge, continued so that parabolas stay parabolas.
 * @type {(get: (i: number) => number, i: number, count: number) => number}
 */
function beyond(get, i, count) {
  if (i < 0) return 3 * get(0) - 3 * get(1) + get(2);
  if (i >= count) return 3 * get(count - 1) - 3 * get(count - 2) + get(count - 3);
  return get(i);
}

/**
 * The grid at every pixel; row 0 of the grid is the bottom, row 0 of the result the top.
 * @type {(grid: Numbers, ny: number, nx: number, height: number, width: number, outer?: boolean) => Float32Array}
 */
export function upsample(grid, ny, nx, height, width, outer = false) {
  const across = cubic(nx, width, outer);
  const up = cubic(ny, height, outer);
  const wide = new Float32Array((ny + 2) * width);
  for (let j = -1; j <= ny; j++) {
    for (let p = 0; p < width; p++) {
      let sum = 0;
      for (let q = 4 * p; q < 4 * p + 4; q++) {
        const i = across.index[q];
        const inside = i >= 0 && i < nx && j >= 0 && j < ny;
        const at = inside ? grid[j * nx + i] : beyond((b) => beyond((a) => grid[b * nx + a], i, nx), j, ny);
        sum += across.weight[q] * at;
      }
      wide[(j + 1) * width + p] = sum;
    }
  }
  const result = new Float32Array(height * width);
  const at = (/** @type {number} */ q) => (up.index[q] + 1) * width;
  for (let r = 0, to = 0; r < height; r++) {
    const q = 4 * (height - 1 - r);
    const [a, b, c, d] = [at(q), at(q + 1), at(q + 2), at(q + 3)];
    const [u, v, w, x] = up.weight.subarray(q, q + 4);
    for (let p = 0; p < width; p++, to++) result[to] = u * wide[a + p] + v * wide[b + p] + w * wide[c + p] + x * wide[d + p];
  }
  return result;
}

/**
 * Contour levels as in scene.contour_levels: a power of the height, with the median on the middle level.
 * @type {(grid: Numbers, minimum: number, count: number) => number[]}
 */
export function contourLevels(grid, minimum, count) {
  const heights = grid.map((value) => value - minimum).sort();
  const top = Math.max(lastOf(heights), 1e-12);
  const half = heights.length / 2;
  const median = (heights[Math.ceil(half) - 1] + heights[Math.floor(half)]) / 2;
  const power = Math.log(clamp(median / top, 1e-3, 0.35)) / Math.log(0.5);
  return Array.from({ length: count - 1 }, (_, i) => minimum + top * ((i + 1) / count) ** power);
}

/**
 * The pixels that a surface is made of: each band's colour, mixed with the contour line's in SHADES strengths.
 * @type {(theme: Theme, bands: number) => Uint32Array}
 */
function shades(theme, bands) {
  const bytes = new Uint8ClampedArray(4 * bands * (SHADES + 1));
  for (let band = 0, at = 0; band < bands; band++) {
    const color = theme.low.map((low, c) => low + ((theme.high[c] - low) * band) / (bands - 1));
    for (let shade = 0; shade <= SHADES; shade++, at += 4) {
      const line = (theme.line * shade) / SHADES;
      for (let c = 0; c < 3; c++) bytes[at + c] = color[c] + (theme.contour[c] - color[c]) * line;
      bytes[at + 3] = 255;
    }
  }
  return new Uint32Array(bytes.buffer);
}

/**
 * Bands between contour lines, as an image; the lines are smoothed by their distance in pixels.
 * @type {(grid: Numbers, shape: number[], item: Mark, theme: Theme, width: number, height: number) => ImageData}
 */
export function fieldImage(grid, [ny, nx], item, theme, width, height) {
  const levels = [-Infinity, ...contourLevels(grid, item.minimum, item.count), Infinity];
  const values = upsample(grid, ny, nx, height, width);
  const top = levels.length - 2;
  const colors = shades(theme, top + 1);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let r = 0, at = 0, band = 0, low = levels[0], high = levels[1]; r < height; r++) {
    const below = r + 1 < height ? width : -width;
    for (let p = 0; p < width; p++, at++) {
      const value = values[at];
      if (value >= high || value < low) {
        while (band < top && value >= levels[band + 1]) band++;
        while (value < levels[band]) band--;
        [low, high] = [levels[band], levels[band + 1]];
      }
      const dx = Math.abs(values[p + 1 < width ? at + 1 : at - 1] - value);
      const dy = Math.abs(values[at + below] - value);
      const far = Math.min(high - value, value - low);
      let shade = 0; // most pixels are too far from a line to need its exact distance
      if (far < 1.1 * (dx + dy)) {
        const line = 1.1 - far / (Math.sqrt(dx * dx + dy * dy) || 1e-30);
        shade = Math.round(SHADES * clamp(line, 0, 1));
      }
      pixels[at] = colors[band * (SHADES + 1) + shade];
    }
  }
  return image;
}

/**
 * An image over the whole panel, kept until the row, the size or the theme changes.
 * @type {(context: Context, panel: Panel, item: Mark, view: View, make: (row: Full, width: number, height: number) => ImageData) => void}
 */
function drawKept(context, panel, item, view, make) {
  const row = view.store.pick(item.source);
  if (!row.data) return;
  const width = Math.max(8, Math.round((panel.x1 - panel.x0) * panel.scale));
  const height = Math.max(8, Math.round((panel.y0 - panel.y1) * panel.scale));
  let kept = panel.field;
  if (!kept || kept.data !== row.data || kept.width !== width || kept.height !== height || kept.theme !== view.theme) {
    const canvas = kept?.canvas ?? document.createElement("canvas");
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    /** @type {Context} */ (canvas.getContext("2d")).putImageData(make(/** @type {Full} */ (row), width, height), 0, 0);
    panel.field = kept = { data: row.data, width, height, theme: view.theme, canvas };
  }
  context.save();
  context.globalAlpha = row.fresh ? 1 : 0.6;
  context.drawImage(kept.canvas, panel.x0, panel.y1, panel.x1 - panel.x0, panel.y0 - panel.y1);
  context.restore();
}

/**
 * The field of a panel.
 * @type {Draw}
 */
export function drawField(context, panel, item, view) {
  drawKept(context, panel, item, view, (row, width, height) => fieldImage(row.data, row.shape, item, view.theme, width, height));
}

/**
 * The colour at a share of the way along a list of colours, as the bytes of a pixel.
 * @type {(colors: string[], share: number) => number}
 */
export function colorAt(colors, share) {
  const at = clamp(share, 0, 1) * (colors.length - 1);
  const i = Math.min(Math.floor(at), colors.length - 2);
  const [low, high] = [colors[i], colors[i + 1]].map((hex) => [1, 3, 5].map((p) => parseInt(hex.slice(p, p + 2), 16)));
  const [r, g, b] = low.map((c, j) => Math.round(c + (at - i) * (high[j] - c)));
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/**
 * Where on the logarithmic scale of a map a number of steps lies.
 * @type {(steps: number, item: Mark) => number}
 */
export const shareOfSteps = (steps, { low, top }) => Math.log(Math.max(steps, low) / low) / Math.log(Math.max(top / low, 2));

/**
 * The pixels of a map: a colour for a number of steps, grey for NaN (never), hatched for infinity (diverges).
 * @type {(grid: Numbers, shape: number[], item: Mark, theme: Theme, width: number, height: number, scale: number) => Uint32Array}
 */
export function mapPixels(grid, [ny, nx], item, theme, width, height, scale) {
  const [never, ink, paper] = [theme.never, theme.hatch, theme.paper].map((color) => colorAt([color, color], 0));
  const colors = Array.from(grid, (steps) => (Number.isFinite(steps) ? colorAt(/** @type {string[]} */ (item.colors), shareOfSteps(steps, item)) : never));
  const pixels = new Uint32Array(width * height);
  for (let r = 0, at = 0; r < height; r++) {
    const row = Math.min(ny - 1, Math.floor(((height - 1 - r + 0.5) / height) * ny)) * nx;
    for (let p = 0; p < width; p++, at++) {
      const cell = row + Math.min(nx - 1, Math.floor(((p + 0.5) / width) * nx));
      pixels[at] = grid[cell] === Infinity ? ((p + r) % (7 * scale) < 1.3 * scale ? ink : paper) : colors[cell];
    }
  }
  return pixels;
}

/**
 * A map of two hyperparameters, kept until the row, the size or the theme changes.
 * @type {Draw}
 */
export function drawMap(context, panel, item, view) {
  drawKept(context, panel, item, view, (row, width, height) => {
    const pixels = mapPixels(row.data, row.shape, item, view.theme, width, height, panel.scale);
    const image = new ImageData(width, height);
    new Uint32Array(image.data.buffer).set(pixels);
    return image;
  });
}

/**
 * What a map's colours mean, above the panel on the right.
 * @type {(context: Context, panel: { x1: number, y1: number }, item: Mark, theme: Theme) => void}
 */
export function drawScale(context, panel, item, theme) {
  const [right, y, length] = [panel.x1 - 22, panel.y1 - 18, 64];
  for (let i = 0; i < length; i++) {
    const color = colorAt(/** @type {string[]} */ (item.colors), i / (length - 1));
    context.fillStyle = `rgb(${color & 255} ${(color >> 8) & 255} ${(color >> 16) & 255})`;
    context.fillRect(right - length + i, y, 1.2, 9);
  }
  context.fillStyle = theme.soft;
  context.textAlign = "right";
  context.fillText(`≤${item.low}`, right - length - 4, y + 5);
  context.textAlign = "left";
  context.fillText(String(item.top), right + 4, y + 5);
}

/**
 * A matplotlib picture over the whole panel.
 * @type {Draw}
 */
export function drawPicture(context, panel, item, view) {
  const row = view.store.pick(item.source);
  if (!row.picture) return;
  if (panel.shown !== row.picture) {
    panel.shown = row.picture;
    panel.image = new Image();
    const url = URL.createObjectURL(new Blob([row.picture], { type: "image/png" }));
    panel.image.onload = () => {
      URL.revokeObjectURL(url);
      view.invalidate();
    };
    panel.image.src = url;
  }
  if (!panel.image?.complete) return;
  context.drawImage(panel.image, panel.x0, panel.y1, panel.x1 - panel.x0, panel.y0 - panel.y1);
}
