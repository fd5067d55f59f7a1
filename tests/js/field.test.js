// A surface as an image: smooth between its grid points, in bands between contour lines.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { colorAt, contourLevels, fieldImage, mapPixels, shareOfSteps, upsample } from "../../optimlab/stage/field.js";
import { THEMES } from "../../optimlab/stage/panel.js";

/** @import { Mark } from "../../optimlab/stage/lines.js" */

const [NY, NX, HEIGHT, WIDTH] = [9, 12, 47, 61];

/** What a browser would give. */
class PlainImage {
  /**
   * @param {number} width
   * @param {number} height
   */
  constructor(width, height) {
    Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
  }
}

before(() => {
  globalThis.ImageData = /** @type {any} */ (PlainImage);
});

/**
 * A function of x and y from 0 to 1 on a grid; row 0 is y = 0.
 * @type {(f: (x: number, y: number) => number, ny?: number, nx?: number) => Float32Array}
 */
function gridOf(f, ny = NY, nx = NX) {
  return Float32Array.from({ length: ny * nx }, (_, i) => f((i % nx) / (nx - 1), Math.floor(i / nx) / (ny - 1)));
}

/**
 * The same function in the middle of every pixel; row 0 is the top.
 * @type {(f: (x: number, y: number) => number) => number[]}
 */
function pixelsOf(f) {
  return Array.from({ length: HEIGHT * WIDTH }, (_, i) => f(((i % WIDTH) + 0.5) / WIDTH, 1 - (Math.floor(i / WIDTH) + 0.5) / HEIGHT));
}

/** @type {Record<string, (x: number, y: number) => number>} */
const QUADRATICS = {
  constant: () => 3,
  "slope in x": (x) => 2 * x - 1,
  "slope in y": (_, y) => 1 - 2 * y,
  bowl: (x, y) => (3 * x - 1) ** 2 + 5 * (y - 0.3) ** 2,
  saddle: (x, y) => (x - 0.5) ** 2 - 4 * (y - 0.2) ** 2,
  "turned ravine": (x, y) => (x + y - 1) ** 2 + 20 * (x - y) ** 2,
};

for (const [name, f] of Object.entries(QUADRATICS)) {
  test(`between its grid points a quadratic is reproduced, up to the edges: ${name}`, () => {
    const found = upsample(gridOf(f), NY, NX, HEIGHT, WIDTH);
    const size = Math.max(...found.map(Math.abs));
    pixelsOf(f).forEach((value, i) => assert.ok(Math.abs(found[i] - value) < 3e-6 * size, `pixel ${i}: ${found[i]}, not ${value}`));
  });
}

test("a surface goes through its grid points", () => {
  const rough = gridOf((x, y) => Math.sin(50 * x + 30 * y), 5, 9);
  const [height, width] = [6, 12]; // so every other grid point lies in the middle of a pixel
  const found = upsample(rough, 5, 9, height, width);
  for (const j of [1, 3]) {
    for (const i of [1, 3, 5, 7]) {
      const pixel = (height - 1 - (3 * j - 1) / 2) * width + (3 * i - 1) / 2;
      assert.ok(Math.abs(found[pixel] - rough[j * 9 + i]) < 1e-5);
    }
  }
});

// Contour levels

const BOWL = gridOf((x, y) => (2 * x - 1) ** 2 + 7 * (2 * y - 1) ** 2, 41, 31);

test("contour levels rise from the floor to the top, one less than there are bands", () => {
  const levels = contourLevels(BOWL, -1, 16);
  assert.equal(levels.length, 15);
  assert.ok(levels[0] > -1 && levels[14] < Math.max(...BOWL));
  levels.slice(1).forEach((level, i) => assert.ok(level > levels[i]));
});

test("the median of a surface lies on the middle level, unless it is high above the floor", () => {
  const bowl = contourLevels(BOWL.map((value) => value ** 2), 0, 16)[7];
  const sorted = BOWL.map((value) => value ** 2).sort();
  assert.ok(Math.abs(bowl - sorted[(sorted.length - 1) / 2]) < 1e-5 * bowl);
  const plateau = contourLevels(gridOf((x) => (x < 0.1 ? 0 : 1)), 0, 16)[7];
  assert.ok(Math.abs(plateau - 0.35) < 1e-6);
});

test("a flat surface has levels as well", () => {
  assert.ok(contourLevels(gridOf(() => 2), 2, 16).every((level) => level >= 2 && level < 2 + 1e-11));
});

// The image

const [COUNT, WIDE, HIGH] = [6, 300, 8];
const theme = THEMES.light;
const mark = /** @type {Mark} */ ({ minimum: 0, count: COUNT });

/**
 * The image of a slope: the surface rises from left to right as `f` does, and does not change with y.
 * @type {(f: (x: number) => number) => { colors: number[][], image: ImageData }}
 */
function imageOf(f) {
  const image = fieldImage(gridOf(f, 5, 101), [5, 101], mark, theme, WIDE, HIGH);
  const colors = Array.from({ length: WIDE * HIGH }, (_, i) => [...image.data.slice(4 * i, 4 * i + 4)]);
  return { colors, image };
}

/**
 * The colour of a band without any line.
 * @type {(band: number) => number[]}
 */
const bandColor = (band) => theme.low.map((low, c) => low + ((theme.high[c] - low) * band) / (COUNT - 1));
/** @type {(a: number[], b: number[]) => boolean} */
const alike = (a, b) => b.every((value, c) => Math.abs(a[c] - value) <= 1);

test("an image has the size asked for and is opaque", () => {
  const { colors, image } = imageOf((x) => x ** 3);
  assert.deepEqual([image.width, image.height], [WIDE, HIGH]);
  assert.ok(colors.every((color) => color[3] === 255));
});

test("between two contour lines a surface has the colour of its band, low ground first", () => {
  const f = (/** @type {number} */ x) => x ** 3;
  const { colors } = imageOf(f);
  const edges = [0, ...contourLevels(gridOf(f, 5, 101), 0, COUNT).map(Math.cbrt), 1];
  for (let band = 0; band < COUNT; band++) {
    const middle = Math.floor(((edges[band] + edges[band + 1]) / 2) * WIDE);
    for (let row = 0; row < HIGH; row++) assert.ok(alike(colors[row * WIDE + middle], bandColor(band)), `band ${band}: ${colors[middle]}`);
  }
});

test("on every contour level there is a line about a pixel wide, as strong as the theme says", () => {
  const f = (/** @type {number} */ x) => x ** 3;
  const { colors } = imageOf(f);
  const levels = contourLevels(gridOf(f, 5, 101), 0, COUNT).map(Math.cbrt);
  levels.forEach((x, i) => {
    const strong = bandColor(i).map((color, c) => color + (theme.contour[c] - color) * theme.line);
    const near = colors.slice(Math.floor(x * WIDE) - 1, Math.floor(x * WIDE) + 2);
    assert.ok(near.some((color) => color[0] < (bandColor(i)[0] + strong[0]) / 2), `no line at ${x}: ${near}`);
  });
  const plain = colors.slice(0, WIDE).filter((color) => [...Array(COUNT).keys()].some((band) => alike(color, bandColor(band))));
  assert.ok(WIDE - plain.length >= levels.length && WIDE - plain.length <= 4 * levels.length, `${WIDE - plain.length} pixels of lines`);
});

test("a surface that falls is the mirror image of one that rises", () => {
  const { colors } = imageOf((x) => x);
  const mirrored = imageOf((x) => 1 - x).colors;
  const plain = (/** @type {number[]} */ color) => [...Array(COUNT).keys()].findIndex((band) => alike(color, bandColor(band)));
  const pairs = colors.slice(0, WIDE).map((color, i) => [plain(color), plain(mirrored[WIDE - 1 - i])]);
  const clear = pairs.filter(([a, b]) => a >= 0 && b >= 0);
  assert.ok(clear.length > 0.9 * WIDE);
  assert.ok(clear.every(([a, b]) => a === b));
});

test("north is up and east is right, at points that have no mirror image", () => {
  const corner = gridOf((x, y) => (x > 0.8 && y > 0.6 ? 1 : 0), 11, 11);
  const found = upsample(corner, 11, 11, HEIGHT, WIDTH);
  const at = (/** @type {number} */ x, /** @type {number} */ y) => found[Math.floor((1 - y) * HEIGHT) * WIDTH + Math.floor(x * WIDTH)];
  assert.ok(at(0.95, 0.9) > 0.9);
  for (const [x, y] of [[0.05, 0.9], [0.95, 0.1], [0.05, 0.1], [0.6, 0.9], [0.95, 0.4]]) assert.ok(Math.abs(at(x, y)) < 0.1, `${x}, ${y}`);
});

test("contour levels crowd towards the floor, where most of a valley lies", () => {
  const levels = contourLevels(BOWL.map((value) => value ** 2), 0, 16);
  const gaps = levels.map((level, i) => level - (levels[i - 1] ?? 0));
  assert.ok(gaps[14] > 3 * gaps[0]);
});

// The map of two hyperparameters

const MAP = /** @type {Mark} */ (/** @type {unknown} */ ({ low: 1, top: 100, colors: ["#000000", "#ff0000"] }));

test("a map has its first row below, and a colour for the logarithm of its steps", () => {
  const pixels = mapPixels(Float32Array.from([1, 10, 100, NaN]), [2, 2], MAP, theme, 20, 10, 1);
  const red = (/** @type {number} */ x, /** @type {number} */ y) => pixels[(9 - y) * 20 + x] & 255;
  assert.deepEqual([red(0, 0), red(19, 0), red(0, 9)], [0, 128, 255]);
  assert.equal(pixels[19], colorAt([theme.never, theme.never], 0));
});

test("what diverges is hatched, what only does not settle is not", () => {
  const pixels = mapPixels(Float32Array.from([Infinity, NaN]), [1, 2], MAP, theme, 40, 20, 1);
  const kinds = (/** @type {number} */ from) => new Set(Array.from({ length: 400 }, (_, i) => pixels[Math.floor(i / 20) * 40 + from + (i % 20)])).size;
  assert.deepEqual([kinds(0), kinds(20)], [2, 1]);
});

test("fewer steps than the scale begins with have its first colour", () => {
  assert.equal(shareOfSteps(2, /** @type {Mark} */ ({ ...MAP, low: 5 })), 0);
  assert.equal(shareOfSteps(100, MAP), 1);
});
