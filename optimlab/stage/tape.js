// The tape: a formula as a list of operations on numbered registers, recorded in Python (tape.py), run here.
//
// Each register holds a number for each of n lanes: 1 for a path, as many as there are cells for a map. Operations
// whose arguments stay the same from step to step are computed once. Nothing is evaluated as code.

/**
 * As tape.py sends it: the inputs' registers come first, then the constants', then one for each operation.
 * @typedef {object} TapeSpec
 * @property {[string, number][]} inputs in the order of their registers: the name, and how many numbers it has
 * @property {(number | string)[]} constants "NaN", "Infinity" and "-Infinity" are texts
 * @property {[string, ...number[]][]} operations
 * @property {Record<string, number[]>} outputs
 */
/** @typedef {(a: number, b: number, c: number) => number} Calculation */
/** @typedef {{ name: string, of: Calculation, alike: boolean, out: number, a: number, b: number, c: number }} Operation alike: on all lanes */

/** @type {(x: boolean) => number} */
const truth = (x) => (x ? 1 : 0);

/** @type {(a: number, b: number) => number} */
function remainder(a, b) {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** @type {(a: number, b: number) => number} */
function floorDivide(a, b) {
  if (b === 0) return a / b;
  const rest = a % b;
  const share = (a - rest) / b - (rest !== 0 && rest < 0 !== b < 0 ? 1 : 0);
  return roundToEven(share);
}

/** @type {(x: number) => number} */
function roundToEven(x) {
  const down = Math.floor(x);
  const above = x - down;
  return above < 0.5 || (above === 0.5 && down % 2 === 0) ? down : above >= 0.5 ? down + 1 : x;
}

/** @type {(a: number, b: number) => number} */
function logAddExp(a, b) {
  const [low, high] = a < b ? [a, b] : [b, a];
  return high === low ? high + Math.LN2 : high + Math.log1p(Math.exp(low - high));
}

/** @type {Record<string, Calculation>} with NumPy's names, and its meaning where JavaScript's differs */
export const CALCULATIONS = {
  absolute: Math.abs,
  add: (a, b) => a + b,
  arccos: Math.acos,
  arccosh: Math.acosh,
  arcsin: Math.asin,
  arcsinh: Math.asinh,
  arctan: Math.atan,
  arctan2: Math.atan2,
  arctanh: Math.atanh,
  cbrt: Math.cbrt,
  ceil: Math.ceil,
  cos: Math.cos,
  cosh: Math.cosh,
  divide: (a, b) => a / b,
  equal: (a, b) => truth(a === b),
  exp: Math.exp,
  expm1: Math.expm1,
  floor: Math.floor,
  floor_divide: floorDivide,
  fmax: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b)),
  fmin: (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b)),
  fmod: (a, b) => a % b,
  greater: (a, b) => truth(a > b),
  greater_equal: (a, b) => truth(a >= b),
  hypot: (a, b) => Math.hypot(a, b),
  isfinite: (a) => truth(Number.isFinite(a)),
  isinf: (a) => truth(Math.abs(a) === Infinity),
  isnan: (a) => truth(Number.isNaN(a)),
  less: (a, b) => truth(a < b),
  less_equal: (a, b) => truth(a <= b),
  log: Math.log,
  log10: Math.log10,
  log1p: Math.log1p,
  log2: Math.log2,
  logaddexp: logAddExp,
  logical_and: (a, b) => truth(a !== 0 && b !== 0),
  logical_not: (a) => truth(a === 0),
  logical_or: (a, b) => truth(a !== 0 || b !== 0),
  logical_xor: (a, b) => truth((a !== 0) !== (b !== 0)),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  multiply: (a, b) => a * b,
  negative: (a) => -a,
  not_equal: (a, b) => truth(a !== b),
  power: (a, b) => (a === 1 ? 1 : Math.abs(a) === 1 && Math.abs(b) === Infinity ? 1 : a ** b), // 1 to any power is 1
  remainder,
  rint: roundToEven,
  sign: Math.sign,
  sin: Math.sin,
  sinh: Math.sinh,
  sqrt: Math.sqrt,
  subtract: (a, b) => a - b,
  tan: Math.tan,
  tanh: Math.tanh,
  trunc: Math.trunc,
  where: (a, b, c) => (a !== 0 ? b : c),
};

/** @typedef {(m: Float64Array, lanes: number, o: number, x: number, y: number, z: number) => void} Loop */

/** Nearly all operations are one of these: with a loop of its own, each is many times as fast on many lanes. @type {Record<string, Loop>} */
const LOOPS = {
  add: (m, lanes, o, x, y) => { for (let i = 0; i < lanes; i++) m[o + i] = m[x + i] + m[y + i]; },
  subtract: (m, lanes, o, x, y) => { for (let i = 0; i < lanes; i++) m[o + i] = m[x + i] - m[y + i]; },
  multiply: (m, lanes, o, x, y) => { for (let i = 0; i < lanes; i++) m[o + i] = m[x + i] * m[y + i]; },
  divide: (m, lanes, o, x, y) => { for (let i = 0; i < lanes; i++) m[o + i] = m[x + i] / m[y + i]; },
  sqrt: (m, lanes, o, x) => { for (let i = 0; i < lanes; i++) m[o + i] = Math.sqrt(m[x + i]); },
  absolute: (m, lanes, o, x) => { for (let i = 0; i < lanes; i++) m[o + i] = Math.abs(m[x + i]); },
  negative: (m, lanes, o, x) => { for (let i = 0; i < lanes; i++) m[o + i] = -m[x + i]; },
  less_equal: (m, lanes, o, x, y) => { for (let i = 0; i < lanes; i++) m[o + i] = m[x + i] <= m[y + i] ? 1 : 0; },
  where: (m, lanes, o, x, y, z) => { for (let i = 0; i < lanes; i++) m[o + i] = m[x + i] !== 0 ? m[y + i] : m[z + i]; },
};

/** A tape, ready to run. */
export class Program {
  /**
   * @param {TapeSpec} tape
   * @param {string[]} changing the inputs that change from one run to the next; what depends on none runs once
   * @param {string[]} own the inputs that differ from lane to lane; what depends on none is computed on one of them
   */
  constructor(tape, changing = [], own = tape.inputs.map(([name]) => name)) {
    this.tape = tape;
    /** @type {Record<string, number>} */
    this.first = {}; // the first register of each input
    /** @type {Record<string, number>} */
    this.count = Object.fromEntries(tape.inputs);
    let place = 0;
    for (const [name, count] of tape.inputs) {
      this.first[name] = place;
      place += count;
    }
    this.constants = place;
    place += tape.constants.length;
    this.size = place + tape.operations.length;
    /** @type {(names: string[]) => Set<number>} */
    const registers = (names) => new Set(names.flatMap((name) => Array.from({ length: this.count[name] ?? 0 }, (_, i) => this.first[name] + i)));
    const [moving, differing] = [registers(changing), registers(own)];
    /** @type {Operation[]} */
    this.once = [];
    /** @type {Operation[]} */
    this.always = [];
    tape.operations.forEach(([name, ...from], i) => {
      const of = CALCULATIONS[name];
      if (!of) throw new Error(`the operation ${name} is not known here`);
      const [a, b = a, c = a] = from;
      const moves = from.some((register) => moving.has(register));
      if (moves) moving.add(place + i);
      const differs = from.some((register) => differing.has(register));
      if (differs) differing.add(place + i);
      (moves ? this.always : this.once).push({ name, of, alike: !differs, out: place + i, a, b, c });
    });
  }

  /**
   * Registers for n lanes, with the constants in them.
   * @type {(lanes?: number) => Float64Array}
   */
  memory(lanes = 1) {
    const memory = new Float64Array(this.size * lanes);
    this.tape.constants.forEach((number, i) => {
      const begin = (this.constants + i) * lanes;
      memory.fill(Number(number), begin, begin + lanes);
    });
    return memory;
  }

  /**
   * Give an input its numbers: those that all lanes share, or one after another those of each lane.
   * @type {(memory: Float64Array, lanes: number, name: string, numbers: ArrayLike<number>) => void}
   */
  put(memory, lanes, name, numbers) {
    const first = this.first[name];
    if (first === undefined) return;
    const count = this.count[name];
    for (let i = 0; i < count; i++) {
      const begin = (first + i) * lanes;
      if (numbers.length === count) memory.fill(numbers[i], begin, begin + lanes);
      else for (let lane = 0; lane < lanes; lane++) memory[begin + lane] = numbers[i * lanes + lane];
    }
  }

  /**
   * Give all inputs their numbers; values of other names are none of this tape's.
   * @type {(memory: Float64Array, lanes: number, values: Record<string, number | ArrayLike<number>>) => void}
   */
  putAll(memory, lanes, values) {
    for (const [name, value] of Object.entries(values)) this.put(memory, lanes, name, typeof value === "number" ? [value] : value);
  }

  /**
   * The changing operations that some of the outputs depend on.
   * @type {(outputs: string[]) => Operation[]}
   */
  neededFor(outputs) {
    const needed = new Set(outputs.flatMap((name) => this.tape.outputs[name] ?? []));
    for (const { out, a, b, c } of [...this.always].reverse()) if (needed.has(out)) for (const from of [a, b, c]) needed.add(from);
    return this.always.filter(({ out }) => needed.has(out));
  }

  /**
   * The numbers of an output: all lanes of its first number, then all of its second, …
   * @type {(memory: Float64Array, lanes: number, name: string) => Float64Array}
   */
  take(memory, lanes, name) {
    const registers = this.tape.outputs[name];
    const numbers = new Float64Array(registers.length * lanes);
    registers.forEach((register, i) => numbers.set(memory.subarray(register * lanes, (register + 1) * lanes), i * lanes));
    return numbers;
  }
}

/**
 * Run operations on all lanes.
 * @type {(operations: Operation[], memory: Float64Array, lanes: number) => void}
 */
export function run(operations, memory, lanes) {
  for (const { name, of, alike, out, a, b, c } of operations) {
    const [o, x, y, z] = [out * lanes, a * lanes, b * lanes, c * lanes];
    const loop = LOOPS[name];
    if (alike) memory.fill(of(memory[x], memory[y], memory[z]), o, o + lanes);
    else if (loop) loop(memory, lanes, o, x, y, z);
    else for (let i = 0; i < lanes; i++) memory[o + i] = of(memory[x + i], memory[y + i], memory[z + i]);
  }
}
