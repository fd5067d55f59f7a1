// What Python has sent and what the controls show.
//
// For a source that travels, Python has sent a recipe, and what the controls show is computed here. For the others it
// sends arrays together with the control values they were computed for. `Store` picks, for each source, the row that
// belongs to what the controls show now, or says that there is none yet ("stale").

/** @import { Bytes, Numbers } from "./numbers.js" */
/** @import { Layout } from "./recipes.js" */
import { fits, floats, nearest, parsed, refusal, rowOf, same } from "./numbers.js";
import { Cook } from "./recipes.js";
import { Traits, moverOf } from "./traits.js";

/**
 * anywidget's model, as far as the stage uses it: of a stage, or of a slider.
 * @typedef {object} Model
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(event: string, callback: () => void) => void} on
 * @property {(event: string, callback: () => void) => void} off
 * @property {() => void} save_changes
 * @property {{ get_model: (id: string) => Promise<Model>, create_view?: unknown }} widget_manager
 */
/** @typedef {Record<string, any>} Values the value of each control: a number, or a point's coordinates */
/** @typedef {{ data: Numbers | null, shape: number[], picture?: Bytes, rough?: true }} Found rough: it gets finer yet */
/** @typedef {Found & { fresh: boolean }} Row what a source shows, and whether it belongs to what the controls show */
/** @typedef {Found & { content: object, base: Values, rows: Map<number, Found> }} Sent a trait's content, decoded */

const REST_MS = 150; // a slider that has not moved for so long is at rest
const PATIENCE_MS = 10000; // a kernel that has not answered for so long is spoken of

/** Control values, arrays from the kernel, and the one conversation with it. */
export class Store {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    /** @type {Record<string, Layout>} */
    this.sources = model.get("layout_of_sources"); // a stage that is closed has forgotten it before its picture goes
    /** @type {Values} */
    this.values = {};
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    /** @type {Map<string, Sent>} */
    this.cache = new Map(); // trait -> {content, numbers}
    /** @type {Map<string, Row>} */
    this.last = new Map(); // source -> the row drawn last
    this.cook = new Cook(() => this.changed()); // makes here what has a recipe
    this.dragging = false;
    /** @type {Map<string, Model>} */
    this.movers = new Map(); // the sliders' models
    /** @type {Record<string, number>} */
    this.heard = Object.fromEntries(Object.entries(model.get("programmed") ?? {}).map(([name, [, count]]) => [name, count]));
    /** @type {Set<string>} */
    this.typed = new Set(); // the controls of which Python does not know yet what has been typed
    this.notice = ""; // why the last number that was typed has not been taken
    this.sequence = 0;
    this.asked = 0; // when the last request was sent
    /** @type {Values | null} */
    this.told = null; // the values of that request, until Python has answered
    /** @type {number | null} */
    this.waitingFor = null; // the request the kernel is working on
    /** @type {{ values: Values, rest: boolean } | null} */
    this.wanted = null; // the newest request not yet sent
    /** @type {(() => void)[]} */
    this.closers = [];
    this.readPoints();
    this.hearPoints();
    this.hearKernel();
    this.ready = this.hearSliders();
  }

  /** @type {(model: Model, event: string, callback: () => void) => void} */
  listen(model, event, callback) {
    model.on(event, callback);
    this.closers.push(() => model.off(event, callback));
  }

  /** The sliders are widgets of their own; listening to their models needs no kernel. */
  async hearSliders() {
    await Promise.all(
      Object.keys(this.model.get("sliders")).map(async (name) => {
        const slider = await moverOf(this.model, name);
        this.movers.set(name, slider);
        this.values[name] = this.exact(name, slider.get("value"));
        this.listen(slider, "change:value", () => this.moved(name, slider.get("value")));
      }),
    );
    this.listen(this.model, "change:programmed", () => this.hearProgram());
    this.changed();
  }

  /**
   * The number of the position that is nearest to a value.
   * @type {(name: string, value: number) => number}
   */
  place(name, value) {
    return nearest(this.model.get("positions")[name], this.model.get("typed")[name]?.log, value);
  }

  /**
   * The value that a slider's position stands for: its own, or one near it for which something has been computed.
   * @type {(name: string, position: number) => number}
   */
  exact(name, position) {
    const place = this.place(name, position);
    const known = Object.keys(this.sources).map((source) => this.model.get(`current_${source}`)?.base?.[name]);
    return known.find((value) => value !== undefined && this.place(name, value) === place) ?? this.model.get("grids")[name][place];
  }

  /** What a program has set in Python, each time once. */
  hearProgram() {
    for (const [name, [value, count]] of Object.entries(this.model.get("programmed"))) {
      if (this.heard[name] !== count) this.set(name, value);
      this.heard[name] = count;
    }
  }

  /**
   * A slider has moved; not if it has only been put to the position that is nearest to the value.
   * @type {(name: string, position: number) => void}
   */
  moved(name, position) {
    const place = this.place(name, position);
    if (place !== this.place(name, this.values[name])) this.set(name, this.model.get("grids")[name][place]);
  }

  /**
   * A number has been typed: it is taken as it is, or refused in words.
   * @type {(name: string, text: string) => void}
   */
  type(name, text) {
    const value = parsed(text);
    this.notice = refusal(value, text, this.model.get("typed")[name]);
    if (this.notice) return this.changed();
    this.typed.add(name);
    this.set(name, value);
    const slider = this.movers.get(name);
    slider?.set("value", value);
    slider?.save_changes();
  }

  readPoints() {
    for (const [name, point] of Object.entries(this.model.get("points"))) this.values[name] = [...point];
  }

  /** Python puts a point elsewhere, or repeats what it has been told; the point may have gone on since. */
  hearPoints() {
    this.listen(this.model, "change:points", () => {
      if (!this.dragging && !(this.told && fits(this.model.get("points"), this.told))) this.readPoints();
      this.changed();
    });
  }

  hearKernel() {
    this.listen(this.model, "change:answered", () => {
      if (this.waitingFor === null || this.model.get("answered") < this.waitingFor) return;
      this.waitingFor = this.told = null;
      this.send();
    });
    this.listen(this.model, "change", () => this.changed());
  }

  /**
   * A control has moved: draw at once, ask the kernel for what is missing now, and for the rest at rest.
   * @type {(name: string, value: number | number[], dragging?: boolean) => void}
   */
  set(name, value, dragging = false) {
    if (same(this.values[name], value)) return;
    this.values[name] = value;
    if (this.movers.get(name) instanceof Traits) this.typed.add(name); // no widget of Python's hears of it
    this.notice = "";
    this.dragging = dragging;
    this.changed();
    if (this.lacks()) this.ask(false);
    this.awaitRest();
  }

  awaitRest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.dragging) this.awaitRest();
      else this.ask(true);
    }, REST_MS);
  }

  /** Whether something that Python must send is missing. @type {() => boolean} */
  lacks() {
    return Object.entries(this.sources).some(([name, { recipe }]) => !recipe && !this.pick(name).fresh);
  }

  /**
   * What to tell the learner when the kernel stays silent; "" as long as all is well.
   * @type {() => string}
   */
  complaint() {
    if (this.notice) return this.notice;
    const silent = this.waitingFor !== null && performance.now() - this.asked > PATIENCE_MS;
    return silent && this.lacks() ? "Python has not answered yet: it is busy, or this cell must be run again." : this.model.get("problem");
  }

  /** The hand has let go of a point. */
  drop() {
    this.dragging = false;
    this.awaitRest();
  }

  /** @type {(rest: boolean) => void} */
  ask(rest) {
    this.wanted = { values: structuredClone(this.values), rest };
    this.send();
  }

  /** One request at a time, and always the newest: nothing can queue up. */
  send() {
    if (this.waitingFor !== null || this.wanted === null) return;
    this.sequence = Math.max(this.sequence, this.model.get("answered")) + 1;
    this.waitingFor = this.sequence;
    this.asked = performance.now();
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.changed(), PATIENCE_MS + 100);
    this.told = this.wanted.values;
    this.model.set("request", { seq: this.sequence, typed: [...this.typed], ...this.wanted });
    this.typed.clear();
    this.wanted = null;
    this.model.save_changes();
  }

  /**
   * The numbers in a trait, decoded once.
   * @type {(trait: string) => Sent | null}
   */
  numbers(trait) {
    const content = this.model.get(trait);
    if (!content || !content.bytes) return null;
    const cached = this.cache.get(trait);
    if (cached && cached.content === content) return cached;
    const array = content.picture ? { data: null, picture: content.bytes } : { data: floats(content.bytes) };
    const entry = { content, base: content.base, shape: content.shape, rows: new Map(), ...array };
    this.cache.set(trait, entry);
    return entry;
  }

  /**
   * What a source shows now: {data, shape, fresh}. Not fresh: the last row, for other values than the controls show.
   * @type {(name: string) => Row}
   */
  pick(name) {
    const found = this.cook.make(name, this.sources, this.values) ?? this.current(name) ?? this.swept(name);
    if (found) {
      const row = { ...found, fresh: true };
      this.last.set(name, row);
      return row;
    }
    const fallback = this.last.get(name) ?? this.numbers(`current_${name}`);
    return fallback ? { ...fallback, fresh: false } : { data: null, shape: [0], fresh: false };
  }

  /** @type {(name: string) => Sent | null} */
  current(name) {
    const entry = this.numbers(`current_${name}`);
    return entry && fits(entry.base, this.values) ? entry : null;
  }

  /**
   * A row of a sweep: all other controls as they were for it, and this one on its grid.
   * @type {(name: string) => Found | null}
   */
  swept(name) {
    for (const control of this.sources[name].sweeps) {
      const entry = this.numbers(`sweep_${name}_${control}`);
      if (!entry || !fits(entry.base, this.values)) continue;
      const row = rowOf(this.model.get("grids")[control], this.values[control]);
      if (row >= 0) return this.rowIn(entry, row);
    }
    return null;
  }

  /**
   * The same object each time, so that what was drawn from it can be told by it.
   * @type {(entry: Sent, row: number) => Found}
   */
  rowIn(entry, row) {
    const data = /** @type {Numbers} */ (entry.data);
    const size = data.length / entry.shape[0];
    const found = entry.rows.get(row) ?? { data: data.subarray(row * size, (row + 1) * size), shape: entry.shape.slice(1) };
    entry.rows.set(row, found);
    return found;
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  close() {
    this.cook.close();
    clearTimeout(this.timer);
    clearTimeout(this.patience);
    for (const close of this.closers) close();
  }
}
