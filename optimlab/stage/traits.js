// A model with traits in place of anywidget's or ipywidgets', where there is none: a page without a kernel, and sliders
// in a notebook that knows no ipywidgets.

/** @import { Model } from "./store.js" */

/** Traits that are listened to. */
export class Traits {
  /** @param {Record<string, any>} values */
  constructor(values) {
    this.values = values;
    /** @type {[string, () => void][]} */
    this.listeners = [];
    this.widget_manager = { get_model: async () => this };
  }

  /** @type {(name: string) => any} */
  get(name) {
    return this.values[name];
  }

  /** @type {(name: string, value: any) => void} */
  set(name, value) {
    this.values[name] = value;
    this.fire(name);
  }

  /** @type {(name: string) => void} */
  fire(name) {
    for (const [event, hear] of this.listeners) if (event === `change:${name}` || event === "change") hear();
  }

  /** @type {(event: string, hear: () => void) => void} */
  on(event, hear) {
    this.listeners.push([event, hear]);
  }

  /** @type {(event: string, hear: () => void) => void} */
  off(event, hear) {
    this.listeners = this.listeners.filter(([known, heard]) => known !== event || heard !== hear);
  }

  save_changes() {}
}

/**
 * The model of a lab's slider; one in its place where the notebook knows no ipywidgets (marimo).
 * @type {(model: Model, name: string) => Promise<Model>}
 */
export async function moverOf(model, name) {
  const slider = model.get("sliders")[name];
  if (typeof slider !== "string") return slider;
  try {
    return await model.widget_manager.get_model(slider.replace("IPY_MODEL_", ""));
  } catch {
    return new Traits({ value: model.get("values")[name] });
  }
}
