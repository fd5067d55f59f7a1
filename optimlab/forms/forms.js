// What all forms share: groups of choices, and keys that are the form's alone.

/**
 * @typedef {object} Model anywidget's model, as far as it is used here
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(event: string, hear: () => void) => void} on
 * @property {(event: string, hear: () => void) => void} off
 * @property {() => void} save_changes
 */

export const PATIENCE_MS = 6000; // Python that has not answered for so long is spoken of
export const SILENT = "Python has not answered: it is busy, or this cell must be run again.";

let count = 0;

/** A number that no other form on the page has. */
export const nextNumber = () => (count += 1);

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** @type {(...parts: string[]) => string} */
export const lines = (...parts) => parts.filter(Boolean).join("\n  ");

/**
 * A group of radio buttons with a legend.
 * @type {(legend: string, name: string, words: [string, string][]) => HTMLFieldSetElement}
 */
export function radios(legend, name, words) {
  const labels = words.map(([value, text]) => element("label", {}, element("input", { type: "radio", name, value }), text));
  return element("fieldset", {}, element("legend", { textContent: legend }), ...labels);
}

/** @type {(group: HTMLElement) => HTMLInputElement | null} */
export const checkedIn = (group) => group.querySelector("input:checked");

/**
 * A key pressed in the form is the form's, none of the notebook's, but to run the cell or to save; returns what ends it.
 * Notebook 7 hears a key before the form does, JupyterLab after it; both let it pass if what has the focus is so marked.
 * @type {(form: HTMLElement) => () => void}
 */
export function keysOf(form) {
  const decide = (/** @type {KeyboardEvent} */ event) => {
    const forNotebook = event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter");
    const target = /** @type {Element} */ (event.target);
    if (form.contains(target)) target.toggleAttribute("data-lm-suppress-shortcuts", !forNotebook);
  };
  window.addEventListener("keydown", decide, true);
  return () => window.removeEventListener("keydown", decide, true);
}
