// Walks: the two tapes of a recipe, run from step to step on one lane or on many; travel.py (in labs) says what they are.

/** @import { Controls, Recipe } from "./recipes.js" */
/** @import { Operation } from "./tape.js" */
import { Program, run } from "./tape.js";

/** A walk's tapes, ready to run. */
export class Walk {
  /** @param {Recipe} recipe */
  constructor({ first, step, noise, plane = [] }) {
    const own = plane.map(([name]) => name);
    this.noise = noise;
    this.first = new Program(first, [], own);
    this.carried = Object.keys(first.outputs); // θ, the state, and what is remembered
    this.step = new Program(step, [...this.carried, "k", "ξ"], [...own, ...this.carried]);
    this.row = step.outputs.row; // the registers of the row of a step
    const moves = this.carried.filter((name) => name in this.step.first).flatMap((name) => step.outputs[name].map((from, i) => ({ from, to: this.step.first[name] + i })));
    const targets = new Set(moves.map(({ to }) => to));
    this.moves = moves.filter(({ from }) => !targets.has(from));
    this.swaps = moves.filter(({ from, to }) => targets.has(from) && from !== to); // would be overwritten before they are read
    /** The operations that a step needs whose row nobody asks for. @type {Operation[]} */
    this.silent = this.step.neededFor(this.carried);
  }

  /**
   * The registers before the first step. A control has one number for all lanes, or one for each.
   * @type {(values: Controls, lanes?: number) => Float64Array}
   */
  begin(values, lanes = 1) {
    const { first, step } = this;
    const begin = first.memory(lanes);
    first.putAll(begin, lanes, values);
    run(first.once, begin, lanes);
    const memory = step.memory(lanes);
    step.putAll(memory, lanes, values);
    for (const name of this.carried) step.put(memory, lanes, name, first.take(begin, lanes, name));
    run(step.once, memory, lanes);
    return memory;
  }

  /**
   * Compute step k; then its row stands in the registers, if it was asked for.
   * @type {(memory: Float64Array, lanes: number, k: number, asked?: boolean) => void}
   */
  compute(memory, lanes, k, asked = true) {
    this.step.put(memory, lanes, "k", [k]);
    if (this.noise.length) this.step.put(memory, lanes, "ξ", this.noise[Math.min(k, this.noise.length - 1)]);
    run(asked ? this.step.always : this.silent, memory, lanes);
  }

  /**
   * Go to where the step leads.
   * @type {(memory: Float64Array, lanes: number) => void}
   */
  go(memory, lanes) {
    const held = this.swaps.map(({ from }) => memory.slice(from * lanes, (from + 1) * lanes));
    for (const { from, to } of this.moves) memory.copyWithin(to * lanes, from * lanes, (from + 1) * lanes);
    this.swaps.forEach(({ to }, i) => memory.set(held[i], to * lanes));
  }
}
