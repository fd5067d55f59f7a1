// Recipes: how a source is computed here from what the controls show, by the tapes that Python has recorded.
// travel.py (in labs) makes them, and says what the kinds are.

/** @import { Made } from "./maps.js" */
/** @import { Numbers } from "./numbers.js" */
/** @import { TapeSpec } from "./tape.js" */
import { Workshop, cellOf } from "./maps.js";
import { Program, run } from "./tape.js";
import { Walk } from "./walks.js";

/**
 * @typedef {object} Recipe
 * @property {"walk" | "map" | "cell" | "field" | "formula" | "choice"} kind
 * @property {string[]} [of] the sources that it is made of
 * @property {TapeSpec} first of a walk or a map: θ and the state, from the controls
 * @property {TapeSpec} step the next θ and state, and the row of the step
 * @property {number} rows
 * @property {number[][]} noise
 * @property {[string, number, number][]} [takes] of a walk: inputs that are a channel of one of those sources
 * @property {[string, number[]][]} plane of a map: the inputs across and up, and their values
 * @property {[number[], number[]]} cells of a cell: the values across and up
 * @property {boolean[]} logs whether these are logarithmic
 * @property {string} [at] the point that is nearest to it; else it is where a map is lowest; of a choice the point that says which
 * @property {number[] | null} [table] of a choice: which one is meant, for each number that the point can have
 * @property {number | null} row of that map
 * @property {TapeSpec} tape of a field or a formula
 * @property {[number, number, number]} x of a field: from, to, how many
 * @property {[number, number, number]} y
 * @property {number[]} shape of a formula or a map
 */
/** @typedef {{ data: Numbers, shape: number[] }} Computed */
/** @typedef {Record<string, number | ArrayLike<number>>} Controls */
/** @typedef {(values: Controls, of?: Made[]) => Computed} Maker */
/** @typedef {{ needs: string[], sweeps: string[], recipe?: Recipe }} Layout of a source: the controls it depends on, … */
/** @typedef {{ key: string, of: Made[], result: { made: Made | null } }} Known what has been made, or is being made, for what */

const HUGE = 1e30; // heights beyond it are not drawn

/** Makes the sources that have a recipe, each anew only when a control or a source that it needs has changed. */
export class Cook {
  /** @param {() => void} changed called when a map has come further */
  constructor(changed = () => {}) {
    this.workshop = new Workshop(changed);
    /** @type {Map<string, Maker>} */
    this.makers = new Map();
    /** @type {Map<string, Known>} */
    this.known = new Map();
  }

  /**
   * A source as the controls stand; the same object until something that it needs has changed. Null if it has no
   * recipe, or is not there yet.
   * @type {(name: string, sources: Record<string, Layout>, values: Controls) => Made | null}
   */
  make(name, sources, values) {
    const { recipe, needs } = sources[name];
    if (!recipe) return null;
    /** @type {Made[]} */
    const of = [];
    for (const other of recipe.of ?? []) {
      const made = this.make(other, sources, values);
      if (!made || made.rough) return null;
      of.push(made);
    }
    const key = JSON.stringify(needs.map((need) => values[need]));
    let known = this.known.get(name);
    if (known?.key !== key || of.some((made, i) => made !== known?.of[i])) {
      known = { key, of, result: this.begin(name, recipe, values, of) };
      this.known.set(name, known);
    }
    return known.result.made;
  }

  /** @type {(name: string, recipe: Recipe, values: Controls, of: Made[]) => { made: Made | null }} */
  begin(name, recipe, values, of) {
    if (recipe.kind === "map") return this.workshop.begin(name, recipe, values);
    const make = this.makers.get(name) ?? maker(recipe);
    this.makers.set(name, make);
    return { made: { ...make(values, of), fresh: true } };
  }

  close() {
    this.workshop.close();
  }
}

/**
 * What makes a source from the controls' values, and from the sources that it is made of.
 * @type {(recipe: Recipe) => Maker}
 */
export function maker(recipe) {
  if (recipe.kind === "walk") return walker(recipe);
  if (recipe.kind === "cell") return (values, of) => cellOf(recipe, values, of?.[0]);
  if (recipe.kind === "choice") return (values, of = []) => chosenOf(recipe, values, of);
  const program = new Program(recipe.tape, recipe.kind === "field" ? ["θ"] : []);
  return (values) => (recipe.kind === "field" ? field(recipe, program, values) : formula(recipe, program, values));
}

/**
 * The source that a point means; NaN if it means none of them.
 * @type {(recipe: Recipe, values: Controls, of: Computed[]) => Computed}
 */
function chosenOf({ at = "", table }, values, of) {
  const [place] = /** @type {number[]} */ (values[at]);
  const meant = of[table ? (table[place] ?? table[0]) : place];
  return meant ? { data: meant.data, shape: meant.shape } : { data: new Float64Array(of[0].data.length).fill(NaN), shape: of[0].shape };
}

/** @type {(recipe: Recipe) => Maker} */
function walker(recipe) {
  const walk = new Walk(recipe);
  const columns = walk.row.length;
  return (controls, of = []) => {
    const taken = (recipe.takes ?? []).map(([name, i, channel]) => [name, of[i].data[channel]]);
    const memory = walk.begin({ ...controls, ...Object.fromEntries(taken) });
    const data = new Float64Array(recipe.rows * columns);
    for (let k = 0; k < recipe.rows; k++) {
      walk.compute(memory, 1, k);
      for (let c = 0; c < columns; c++) data[k * columns + c] = memory[walk.row[c]];
      walk.go(memory, 1);
    }
    return { data, shape: [recipe.rows, columns] };
  };
}

/** @type {(recipe: Recipe, program: Program, values: Controls) => Computed} */
function formula(recipe, program, values) {
  const memory = program.memory();
  program.putAll(memory, 1, values);
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
  program.putAll(memory, lanes, values);
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
