// The predictions of a page: once one is committed, what comes out opens, and its verdict stands there.

import predict, { verdict } from "../../../optimlab/predictions/predict.js";

/** @typedef {import("../../../optimlab/predictions/predict.js").Asks & { levels: string[] }} Asks */

/**
 * The verdict in place of what was saved without a prediction.
 * @type {(text: string, name: string, asks: Asks, answer: string | number) => string}
 */
export function judged(text, name, asks, answer) {
  const saved = new RegExp(`^${name.replace(".", "\\.")}, without a prediction: (.*)(?:\\n  (.*))?`, "m");
  return text.replace(saved, (_, came, why = "") => verdict(name, asks, answer, came, why));
}

/**
 * What comes out after a question, up to the place that says so.
 * @type {(place: HTMLElement) => HTMLDetailsElement[]}
 */
function outcomes(place) {
  const after = [...document.querySelectorAll("details.came")].filter((node) => place.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING);
  const last = after.findIndex((node) => node.textContent?.includes(`${place.dataset.name}, without a prediction`));
  return /** @type {HTMLDetailsElement[]} */ (after.slice(0, last + 1));
}

/** @type {(place: HTMLElement) => void} */
function ask(place) {
  const name = place.dataset.name ?? "";
  /** @type {Asks} */
  const asks = JSON.parse(place.dataset.asks ?? "{}");
  /** @type {Record<string, any>} */
  const traits = { asks, levels: asks.levels, locked: {} };
  /** @type {(() => void)[]} */
  const heard = [];
  const commit = () => {
    traits.locked = traits.said;
    for (const hear of heard) hear();
    for (const details of outcomes(place)) {
      for (const printed of details.querySelectorAll("pre.printed")) printed.textContent = judged(printed.textContent ?? "", name, asks, traits.said.answer);
      details.open = true;
    }
  };
  const model = { get: (/** @type {string} */ key) => traits[key], set: (/** @type {string} */ key, /** @type {any} */ value) => (traits[key] = value) };
  predict.render({ el: place, model: { ...model, on: (_, hear) => heard.push(hear), off: () => {}, save_changes: commit } });
}

if (typeof document !== "undefined") for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".predict"))) ask(place);
