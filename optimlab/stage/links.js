// Links: what the controls show as a text, Momentum.lr=0.02&start=-1,0.53&off=Adam&k=57&view=3-D&look=30,44, and what
// such a text says.

/** @import { Store, Values } from "./store.js" */
/** @import { View } from "./view.js" */
import { refusal } from "./numbers.js";
import { degrees } from "./turning.js";

/** @typedef {{ values: Values, off: Set<string> }} Said the controls that a link names, and the runs that it switches off */

const LONGEST = 5000; // letters
const HOW = ["off", "k", "view", "look"]; // how it is shown, which no control says

/** @type {(name: string) => string} */
export const linked = (name) => name.replaceAll(" ", ".");

/** @type {(view: View, names: string[]) => string} */
export function linkOf(view, names) {
  const parts = names.map((name) => [linked(name), [view.store.values[name]].flat().join(",")]);
  parts.push(...[...view.off].map((run) => ["off", run]));
  if (view.scene.steps) parts.push(["k", String(Math.floor(view.k))]);
  if (view.choice) parts.push(["view", view.layout]);
  if (view.choice && view.layout !== "2-D") parts.push(["look", degrees(view.turntable.gaze).join(",")]);
  return new URLSearchParams(parts).toString().replaceAll("%2C", ",");
}

/**
 * The runs that a link switches off: each named for itself, or several with commas between them.
 * @type {(said: URLSearchParams) => Set<string>}
 */
export const offIn = (said) => new Set(said.getAll("off").flatMap((text) => [text, ...text.split(",")]));

/**
 * What a link says, or the part of it after #; a sentence if it is none of this lab's.
 * @type {(text: string, store: Store) => Said | string}
 */
export function readLink(text, store) {
  const names = Object.keys(store.values);
  const plain = text.trim();
  const known = new Map(names.map((name) => [linked(name), name]));
  const pairs = plain.length > LONGEST ? [] : [...new URLSearchParams(plain.slice(plain.indexOf("#") + 1).replace(/^lab-\d+[a-z]?:/, ""))];
  /** @type {Values} */
  const values = {};
  for (const [key, said] of pairs.filter(([other]) => !HOW.includes(other))) {
    const name = known.get(key);
    if (name === undefined) return `a link to a state of this lab names ${[...known.keys()].join(", ")}, got “${key.slice(0, 40)}”`;
    const numbers = said.split(",").map((part) => (part.trim() ? Number(part) : NaN));
    const wrong = refused(name, numbers, said, store);
    if (wrong) return wrong;
    values[name] = Array.isArray(store.values[name]) ? numbers : numbers[0];
  }
  if (!Object.keys(values).length) return `a link to a state of this lab looks like ${[...known.keys()][0]}=…, got “${plain.slice(0, 40)}”`;
  return { values, off: offIn(new URLSearchParams(pairs)) };
}

/**
 * Why a control can't have these numbers; "" if it can.
 * @type {(name: string, numbers: number[], said: string, store: Store) => string}
 */
function refused(name, numbers, said, store) {
  const now = store.values[name];
  if (!Array.isArray(now)) return refusal(numbers.length === 1 ? numbers[0] : NaN, said, store.model.get("typed")[name]);
  if (numbers.length === now.length && numbers.every(Number.isFinite)) return "";
  return `${name} must be ${now.length} numbers with commas between them, got “${said.slice(0, 40)}”`;
}
