// Maps: a walk at every place of a plane of inputs, in slices that are too short to be felt; coarse first, then fine.
// And the cells of such a plane: the one nearest to a point, the one where a map is lowest.

/** @import { Computed, Controls, Recipe } from "./recipes.js" */
import { nearest } from "./numbers.js";
import { Walk } from "./walks.js";

/** @typedef {Computed & { fresh: true, rough?: true }} Made rough: what is there of it already; in the end it is another */

const SLICE_MS = 12; // of a frame's 16
const LANES = 512; // cells that walk together: as many as fit into a processor's cache
const BLOCK = 4; // a coarse map has a value for 4 × 4 cells
const FEW = 500; // cells: so many need not be coarse first

/** @typedef {{ cells: Int32Array, memory: Float64Array, k: number }} Portion cells that walk together, and their next step */

/** A map that is being made, a portion of its cells at a time; between any two steps it can rest. */
export class Work {
  done = 0; // how many cells
  /** @type {Portion | null} */
  portion = null;
  /** @type {Made | null} */
  made = null;

  /**
   * @param {Recipe} recipe
   * @param {Walk} walk
   * @param {Controls} values
   */
  constructor(recipe, walk, values) {
    const axes = recipe.plane.map(([, numbers]) => numbers.length);
    this.recipe = recipe;
    this.walk = walk;
    this.values = values;
    this.width = axes[0];
    this.height = axes[1] ?? 1;
    const [order, coarse] = ordered(this.width, this.height);
    this.order = order;
    this.coarse = coarse;
    this.numbers = new Float64Array(this.order.length * walk.row.length);
  }

  get finished() {
    return this.done === this.order.length;
  }

  /**
   * Go on for a while, one step at least.
   * @type {(ms: number) => void}
   */
  advance(ms) {
    const end = performance.now() + ms;
    do this.walkOn(end);
    while (!this.finished && performance.now() < end);
    if (this.finished) this.made = { data: this.numbers, shape: this.recipe.shape, fresh: true };
    else if (!this.made && this.done >= this.coarse) this.made = { data: this.blocks(), shape: this.recipe.shape, fresh: true, rough: true };
  }

  /**
   * Let a portion of cells walk to its end, or as far as there is time for.
   * @type {(end: number) => void}
   */
  walkOn(end) {
    const { walk, recipe: { rows } } = this;
    const portion = (this.portion ??= this.next());
    const lanes = portion.cells.length;
    for (; portion.k < rows - 1; portion.k++) {
      walk.compute(portion.memory, lanes, portion.k, false);
      walk.go(portion.memory, lanes);
      if (performance.now() > end) return void portion.k++;
    }
    walk.compute(portion.memory, lanes, portion.k);
    this.write(portion);
    this.portion = null;
  }

  /**
   * The next portion; the coarse cells end with a portion of their own.
   * @type {() => Portion}
   */
  next() {
    const until = this.done < this.coarse ? this.coarse : this.order.length;
    const cells = this.order.subarray(this.done, Math.min(this.done + LANES, until));
    return { cells, memory: this.walk.begin({ ...this.values, ...this.places(cells) }, cells.length), k: 0 };
  }

  /**
   * What is told of a portion, where it belongs.
   * @type {(portion: Portion) => void}
   */
  write({ cells, memory }) {
    const { row } = this.walk;
    cells.forEach((cell, lane) => row.forEach((register, i) => (this.numbers[cell * row.length + i] = memory[register * cells.length + lane])));
    this.done += cells.length;
  }

  /**
   * The inputs of the plane at some cells.
   * @type {(cells: Int32Array) => Record<string, Float64Array>}
   */
  places(cells) {
    const [across, up] = this.recipe.plane;
    const places = { [across[0]]: Float64Array.from(cells, (cell) => across[1][cell % this.width]) };
    if (up) places[up[0]] = Float64Array.from(cells, (cell) => up[1][Math.floor(cell / this.width)]);
    return places;
  }

  /** The coarse map, each of its cells as large as it counts. */
  blocks() {
    const each = this.walk.row.length;
    return this.numbers.map((_, i) => {
      const cell = Math.floor(i / each);
      const [column, row] = [middle(cell % this.width, this.width), middle(Math.floor(cell / this.width), this.height)];
      return this.numbers[(row * this.width + column) * each + (i % each)];
    });
  }
}

/**
 * The cell of an axis that stands for a cell's block.
 * @type {(i: number, count: number) => number}
 */
const middle = (i, count) => Math.min(i - (i % BLOCK) + (BLOCK >> 1), count - 1);

/**
 * All cells in the order in which they are computed, and how many of them make a coarse map.
 * @type {(width: number, height: number) => [Int32Array, number]}
 */
function ordered(width, height) {
  const cells = Int32Array.from({ length: width * height }, (_, i) => i);
  if (cells.length <= FEW) return [cells, cells.length];
  /** @type {(cell: number) => boolean} */
  const first = (cell) => {
    const [column, row] = [cell % width, Math.floor(cell / width)];
    return middle(column, width) === column && middle(row, height) === row;
  };
  const coarse = cells.filter(first);
  const rest = cells.filter((cell) => !first(cell));
  cells.set(coarse);
  cells.set(rest, coarse.length);
  return [cells, coarse.length];
}

/** Where maps are made: what is begun anew replaces what was under way, and between two slices the page moves. */
export class Workshop {
  /** @param {() => void} changed called when there is more of a map than before */
  constructor(changed) {
    this.changed = changed;
    /** @type {Map<string, Walk>} */
    this.walks = new Map();
    /** @type {Map<string, Work>} */
    this.works = new Map();
  }

  /**
   * Begin a map; the first slice is made at once.
   * @type {(name: string, recipe: Recipe, values: Controls) => Work}
   */
  begin(name, recipe, values) {
    const walk = this.walks.get(name) ?? new Walk(recipe);
    this.walks.set(name, walk);
    const work = new Work(recipe, walk, structuredClone(values));
    this.works.set(name, work);
    work.advance(SLICE_MS);
    this.later();
    return work;
  }

  later() {
    const open = [...this.works.values()].find((work) => !work.finished);
    if (open && this.timer === undefined) this.timer = setTimeout(() => this.slice(open), 0);
  }

  /** @type {(work: Work) => void} */
  slice(work) {
    this.timer = undefined;
    const before = work.made;
    if ([...this.works.values()].includes(work)) work.advance(SLICE_MS);
    if (work.made !== before) this.changed();
    this.later();
  }

  close() {
    clearTimeout(this.timer);
    this.works.clear();
  }
}

/**
 * The values at a cell of a plane: at the one nearest to a point, or where the map, or a row of it, is lowest.
 * @type {(recipe: Recipe, values: Controls, map?: Made) => Computed}
 */
export function cellOf({ cells: [across, up], logs, at, row }, values, map) {
  const point = at === undefined ? [] : /** @type {number[]} */ (values[at]);
  const [column, line] = map ? lowest(map, row) : [across, up].map((axis, i) => nearest(axis, logs[i], point[i]));
  return { data: Float64Array.of(across[column], up[line]), shape: [1, 2] };
}

/**
 * Column and row of the first of the lowest numbers of a map, or of a row of it; NaN is high.
 * @type {(map: Made, row: number | null) => number[]}
 */
function lowest({ data, shape: [height, width] }, row) {
  const [from, to] = row === null ? [0, height] : [row, row + 1];
  let best = from * width;
  for (let i = best; i < to * width; i++) if (data[i] < data[best] || (Number.isNaN(data[best]) && data[i] < Infinity)) best = i;
  return [best % width, Math.floor(best / width)];
}
