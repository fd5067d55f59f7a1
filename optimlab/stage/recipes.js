// Recipes: how a source is computed here from what the controls show, by the tapes that Python has recorded.
// travel.py (in labs) makes them, and says what the three kinds are.

/** @import { Numbers } from "./numbers.js" */
/** @import { TapeSpec } from "./tape.js" */
import { Program, run } from "./tape.js";

/**
 * @typedef {object} Recipe
 * @property {"walk" | "field" | "formula"} kind
 * @property {TapeSpec} first of a walk: θ and the state, from the controls
 * @property {TapeSpec} step of a walk: the next θ and state, and the row of the step
 * @property {number} rows
 * @property {number[][]} noise
 * @property {TapeSpec} tape of a field or a formula
 * @property {[number, number, number]} x of a field: from, to, how many
 * @property {[number, number, number]} y
 * @property {number[]} shape of a formula
 */
/** @typedef {{ data: Numbers, shape: number[] }} Computed */
/** @typedef {Record<string, number | number[]>} Controls */
/** @typedef {Computed & { fresh: true }} Made */
/** @typedef {{ needs: string[], sweeps: string[], recipe?: Recipe }} Layout of a source: the controls it depends on, … */

const HUGE = 1e30; // heights beyond it are not drawn

/** Makes the sources that have a recipe, each anew only when a control that it needs has moved. */
export class Cook {
  constructor() {
    /** @type {Map<string, (values: Controls) => Computed>} */
    this.makers = new Map();
    /** @type {Map<string, { key: string, made: Made }>} */
    this.last = new Map();
  }

  /**
   * The source as the controls stand; the same object until one that it needs has moved. Null if it has no recipe.
   * @type {(name: string, layout: Layout, values: Controls) => Made | null}
   */
  make(name, { recipe, needs }, values) {
    if (!recipe) return null;
    const key = JSON.stringify(needs.map((need) => values[need]));
    const known = this.last.get(name);
    if (known?.key === key) return known.made;
    const make = this.makers.get(name) ?? maker(recipe);
    this.makers.set(name, make);
    const made = { ...make(values), fresh: /** @type {true} */ (true) };
    this.last.set(name, { key, made });
    return made;
  }
}

/**
 * What makes a source from the controls' values.
 * @type {(recipe: Recipe) => (values: Controls) => Computed}
 */
export function maker(recipe) {
  if (recipe.kind === "walk") return walker(recipe);
  const program = new Program(recipe.tape, recipe.kind === "field" ? ["θ"] : []);
  return (values) => (recipe.kind === "field" ? field(recipe, program, values) : formula(recipe, program, values));
}

/** @type {(program: Program, memory: Float64Array, lanes: number, values: Controls) => void} */
function putControls(program, memory, lanes, values) {
  for (const [name, value] of Object.entries(values)) program.put(memory, lanes, name, typeof value === "number" ? [value] : value);
}

/** @type {(recipe: Recipe) => (values: Controls) => Computed} */
function walker(recipe) {
  const first = new Program(recipe.first);
  const carried = Object.keys(recipe.first.outputs); // θ and the state
  const step = new Program(recipe.step, [...carried, "k", "ξ"]);
  const row = recipe.step.outputs.row;
  const columns = row.length;
  const moves = carried.map((name) => ({ from: recipe.step.outputs[name], to: step.first[name] }));
  return (values) => {
    const begin = first.memory();
    putControls(first, begin, 1, values);
    run(first.once, begin, 1);
    const memory = step.memory();
    putControls(step, memory, 1, values);
    for (const name of carried) step.put(memory, 1, name, first.take(begin, 1, name));
    run(step.once, memory, 1);
    const data = new Float64Array(recipe.rows * columns);
    const next = moves.map(({ from }) => new Float64Array(from.length));
    for (let k = 0; k < recipe.rows; k++) {
      step.put(memory, 1, "k", [k]);
      if (recipe.noise.length) step.put(memory, 1, "ξ", recipe.noise[Math.min(k, recipe.noise.length - 1)]);
      run(step.always, memory, 1);
      for (let c = 0; c < columns; c++) data[k * columns + c] = memory[row[c]];
      moves.forEach(({ from }, m) => from.forEach((register, i) => (next[m][i] = memory[register])));
      moves.forEach(({ to }, m) => to !== undefined && memory.set(next[m], to));
    }
    return { data, shape: [recipe.rows, columns] };
  };
}

/** @type {(recipe: Recipe, program: Program, values: Controls) => Computed} */
function formula(recipe, program, values) {
  const memory = program.memory();
  putControls(program, memory, 1, values);
  run(program.once, memory, 1);
  return { data: program.take(memory, 1, "rows"), shape: recipe.shape };
}

/**
 * Heights over a grid, row by row from the bottom; what is not finite is as high as the highest that is.
 * @type {(recipe: Recipe, program: Program, values: Controls) => Computed}
 */
function field({ x, y }, program, values) {
  const [xs, ys] = [evenly(x), evenly(y)];
  const lanes = xs.length * ys.length;
  const places = new Float64Array(2 * lanes);
  for (let j = 0; j < ys.length; j++) {
    for (let i = 0; i < xs.length; i++) {
      places[j * xs.length + i] = xs[i];
      places[lanes + j * xs.length + i] = ys[j];
    }
  }
  const memory = program.memory(lanes);
  putControls(program, memory, lanes, values);
  program.put(memory, lanes, "θ", places);
  run(program.once, memory, lanes);
  run(program.always, memory, lanes);
  return { data: ground(program.take(memory, lanes, "rows")), shape: [ys.length, xs.length] };
}

/** @type {(heights: Float64Array) => Float64Array} */
function ground(heights) {
  let top = -Infinity;
  for (const height of heights) if (Math.abs(height) < HUGE && height > top) top = height;
  return heights.map((height) => (Math.abs(height) < HUGE ? height : top));
}

/** @type {(range: [number, number, number]) => number[]} */
function evenly([from, to, count]) {
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? to : from + (i * (to - from)) / (count - 1)));
}
