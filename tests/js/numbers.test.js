// Numbers in words and on axes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { along, decades, floats, moved, parsed, rowOf, same, shareOf, short, stretched, tickLabel, ticks } from "../../optimlab/stage/numbers.js";

/** @import { Range } from "../../optimlab/stage/numbers.js" */

/** @type {(a: number, b: number, tolerance?: number) => void} */
const close = (a, b, tolerance = 1e-12) => assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

/** @type {Range[]} */
const RANGES = [[0, 1], [-1, 1], [-3.7, 12.2], [0, 40], [1e-4, 3e-4], [-2e5, 1e6], [0.05, 1.05]];
/** @type {Range[]} */
const LOG_RANGES = [[1, 10], [1e-8, 1e3], [0.03, 70], [2, 9], [1e-300, 1e300]];

// In words

for (const [number, text] of /** @type {[number, string][]} */ ([
  [0, "0"], [1, "1"], [0.031249, "0.0312"], [12345.6, "12300"], [-2.5, "−2.5"], [0.001, "0.001"], [99999, "100000"],
  [8.8e-5, "8.8e−5"], [-8.8e-5, "−8.8e−5"], [1.24e9, "1.2e+9"], [-1.24e9, "−1.2e+9"],
])) {
  test(`a number is told in three digits, with a true minus: ${number}`, () => assert.equal(short(number), text));
}

test("a number is told in as many digits as asked for", () => assert.equal(short(Math.PI, 5), "3.1416"));

test("what is not finite, and what single precision could not hold, is told as such", () => {
  assert.deepEqual([Infinity, NaN, 3e38, -3e38].map((x) => short(x)), ["∞", "∞", "over 10³⁸", "over 10³⁸"]);
});

test("a logarithmic tick is a power of ten in words, another one the number", () => {
  assert.deepEqual([1e-10, 0.001, 1, 1e23].map((x) => tickLabel(x, true)), ["10⁻¹⁰", "10⁻³", "10⁰", "10²³"]);
  assert.deepEqual([-1.5, 0, 20].map((x) => tickLabel(x, false)), ["−1.5", "0", "20"]);
});

// Equal, and on a grid

test("numbers are the same up to rounding, coordinates only exactly", () => {
  assert.ok(same(0.1 + 0.2, 0.3) && same(0, 0) && same(1e-300, 1e-300));
  assert.ok(!same(0.3, 0.3 + 1e-6) && !same(0, 1e-12) && !same(1, undefined));
  assert.ok(same([1, 2], [1, 2]));
  assert.ok(!same([1, 2], [1, 2 + 1e-15]) && !same([1, 2], [1]) && !same([1], [1, 2]));
});

const GRIDS = {
  even: Array.from({ length: 41 }, (_, i) => -2 + i / 10),
  logarithmic: Array.from({ length: 61 }, (_, i) => 10 ** (-4 + i / 10)),
  falling: Array.from({ length: 11 }, (_, i) => 5 - i),
  single: [3],
};

for (const [name, grid] of Object.entries(GRIDS)) {
  test(`every value of a grid lies on its own row, however it was rounded: ${name}`, () => {
    grid.forEach((value, i) => assert.equal(rowOf(grid, value), i));
    grid.forEach((value, i) => assert.equal(rowOf(grid, value * (1 + 1e-9) + 1e-12), i));
  });
  test(`between two values of a grid there is no row: ${name}`, () => {
    for (let i = 1; i < grid.length; i++) assert.equal(rowOf(grid, 0.9 * grid[i] + 0.1 * grid[i - 1]), -1);
    assert.equal(rowOf(grid, Math.max(...grid) + 1), -1);
  });
}

test("bytes become numbers wherever they start in their buffer", () => {
  const numbers = Float32Array.from([1.5, -2, 3e38]);
  const buffer = new ArrayBuffer(15);
  new Uint8Array(buffer).set(new Uint8Array(numbers.buffer), 3);
  assert.deepEqual(floats(new DataView(buffer, 3, 12)), numbers);
  assert.deepEqual(floats(new Uint8Array(buffer, 3, 12)), numbers);
  assert.deepEqual(floats(numbers.buffer), numbers);
});

// Ticks

for (const [low, high] of RANGES) {
  for (const count of [3, 5.4, 8]) {
    test(`ticks are the multiples of 1, 2 or 5 times a power of ten: ${low} to ${high}, about ${count}`, () => {
      const found = ticks(low, high, count);
      const step = (found[found.length - 1] - found[0]) / (found.length - 1);
      const lead = Number(step.toExponential(6).split("e")[0]);
      const slack = 1e-6 * step;
      assert.ok([1, 2, 5].includes(lead), `the step is ${step}`);
      found.forEach((tick, i) => close(tick, Math.round(found[0] / step + i) * step));
      assert.ok(found[0] >= low - slack && found[0] - step < low - slack);
      assert.ok(found[found.length - 1] <= high + slack && found[found.length - 1] + step > high + slack);
      assert.ok(found.length <= count + 1 && found.length >= count / 2.5 - 1, `${found.length} ticks`);
    });
  }
}

test("ticks have no digits that come from rounding", () => {
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(-0.3, 0.3, 6), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
});

test("decades are all the powers of ten that there are, if there is room", () => {
  assert.deepEqual(decades(0.03, 70, 8), [0.1, 1, 10]);
  assert.deepEqual(decades(0.1, 100, 8), [0.1, 1, 10, 100]);
  assert.deepEqual(decades(2, 9, 8), []);
});

test("decades are evenly spaced and no more than there is room for", () => {
  for (let last = 1; last < 60; last++) {
    const found = decades(1e-5, 10 ** last, 8).map((value) => Math.round(Math.log10(value)));
    const every = found[1] - found[0];
    assert.ok(found.length <= 8 && found.length >= 4);
    found.forEach((exponent, i) => assert.equal(exponent, -5 + i * every));
  }
});

// Along an axis

for (const [ranges, log, kind] of /** @type {[Range[], boolean, string][]} */ ([[RANGES, false, "linear"], [LOG_RANGES, true, "logarithmic"]])) {
  test(`the value at a share of the way lies at that share of the way: ${kind}`, () => {
    for (const range of ranges) for (const share of [0, 0.1, 0.5, 0.77, 1]) close(shareOf(along(share, range, log), range, log), share);
  });

  test(`steps along an axis are equally long, and as many back lead back: ${kind}`, () => {
    for (const range of ranges) {
      let value = along(0.5, range, log);
      for (let i = 1; i <= 40; i++) {
        value = moved(value, 0.01, range, log);
        close(shareOf(value, range, log), 0.5 + 0.01 * i, 1e-9);
      }
      for (let i = 0; i < 40; i++) value = moved(value, -0.01, range, log);
      close(shareOf(value, range, log), 0.5, 1e-9);
    }
  });

  test(`no step leads beyond the ends of an axis: ${kind}`, () => {
    for (const range of ranges) {
      assert.equal(moved(range[1], 0.05, range, log), range[1]);
      assert.equal(moved(range[0], -0.05, range, log), range[0]);
    }
  });
}

for (const [text, number] of [["0.05", 0.05], ["0,05", 0.05], ["−3", -3], ["1e-3", 1e-3], [" 1 000 ", 1000], [".5", 0.5], ["5.", 5]]) {
  test(`a number that is typed: ${text}`, () => assert.equal(parsed(/** @type {string} */ (text)), number));
}

for (const text of ["", "a", "1,000.5", "1.2.3", "1,2,3", "1/2", "0x10", "NaN", "Infinity", "1e", "--1"]) {
  test(`no number: “${text}”`, () => assert.ok(Number.isNaN(parsed(text))));
}

test("an axis ends where it should, or pairs of decades beyond, twelve at most", () => {
  for (const [highest, end] of [[5, 10], [-Infinity, 10], [11, 1e3], [999, 1e3], [1001, 1e5], [1e30, 1e13]]) {
    const [low, high] = stretched([1e-6, 10], [Infinity, highest], true);
    assert.equal(low, 1e-6);
    assert.equal(Math.round(Math.log10(high)), Math.log10(end));
  }
  for (const [lowest, end] of [[1, 1e-3], [9e-4, 1e-5], [1e-5, 1e-5], [0, 1e-15]]) {
    assert.equal(Math.round(Math.log10(stretched([1e-3, 10], [lowest, 5], true)[0])), Math.log10(end));
  }
});

test("an axis that is not logarithmic doubles until the values are on it", () => {
  for (const [highest, end] of [[2, 3], [4, 5], [5.1, 9], [8.9, 9]]) assert.deepEqual(stretched([1, 3], [Infinity, highest], false), [1, end]);
  assert.deepEqual(stretched([1, 3], [-0.5, 2], false), [-1, 3]);
});
