// A model as anywidget gives it to the stage, without a kernel: what it was asked is kept, and tests answer.

/** @typedef {Record<string, any>} Traits */

/** A slider's model, or any other with traits and listeners. */
export class FakeModel {
  /** @param {Traits} traits */
  constructor(traits) {
    this.traits = traits;
    /** @type {Map<string, Set<() => void>>} */
    this.listeners = new Map();
    /** @type {Record<string, FakeModel>} */
    this.others = {};
    this.widget_manager = { get_model: async (/** @type {string} */ id) => this.others[id] };
    /** @type {Traits[]} */
    this.requests = [];
  }

  /** @type {(name: string) => any} */
  get(name) {
    return this.traits[name];
  }

  /** @type {(name: string, value: any) => void} */
  set(name, value) {
    this.traits[name] = value;
  }

  save_changes() {
    this.requests.push(this.traits.request);
  }

  /** @type {(event: string, callback: () => void) => void} */
  on(event, callback) {
    const callbacks = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, callbacks.add(callback));
  }

  /** @type {(event: string, callback: () => void) => void} */
  off(event, callback) {
    this.listeners.get(event)?.delete(callback);
  }

  /** How many listeners there are. */
  get heard() {
    return [...this.listeners.values()].reduce((sum, callbacks) => sum + callbacks.size, 0);
  }

  /**
   * The other side has set traits.
   * @type {(traits: Traits) => void}
   */
  receive(traits) {
    Object.assign(this.traits, traits);
    for (const event of [...Object.keys(traits).map((name) => `change:${name}`), "change"]) {
      for (const callback of this.listeners.get(event) ?? []) callback();
    }
  }
}

/**
 * An array as Python packs it, with the values it was computed for.
 * @type {(base: Traits, shape: number[], numbers: number[]) => Traits}
 */
export function sent(base, shape, numbers) {
  return { base, shape, bytes: new DataView(Float32Array.from(numbers).buffer) };
}

/**
 * A stage with sliders x and y and a point: the source `sum` holds (x + y, x − y) and needs both sliders, `far` the
 * point's coordinates. At first x = 1, y = 20, and the sweeps are there.
 */
export function fakeStage() {
  const sliders = { x: new FakeModel({ value: 1 }), y: new FakeModel({ value: 20 }) };
  const grids = { x: [0, 1, 2], y: [10, 20, 30] };
  const model = new FakeModel({
    uid: Math.random().toString(),
    sliders: { x: "IPY_MODEL_x", y: sliders.y },
    names: ["x", "y"],
    grids,
    positions: grids,
    programmed: {},
    typed: { x: { symbol: "x", low: 0, high: 2, log: false, whole: false }, y: { symbol: "y", low: 10, high: 30, log: true, whole: true } },
    points: { point: [3, 4] },
    layout_of_sources: { sum: { needs: ["x", "y"], sweeps: ["x", "y"] }, far: { needs: ["point"], sweeps: [] } },
    answered: 0,
    problem: "",
    current_sum: sent({ x: 1, y: 20 }, [2], [21, -19]),
    sweep_sum_x: sent({ y: 20 }, [3, 2], grids.x.flatMap((x) => [x + 20, x - 20])),
    sweep_sum_y: sent({ x: 1 }, [3, 2], grids.y.flatMap((y) => [1 + y, 1 - y])),
    current_far: sent({ point: [3, 4] }, [2], [3, 4]),
  });
  model.others.x = sliders.x;
  return { model, sliders };
}
