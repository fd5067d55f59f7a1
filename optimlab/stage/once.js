// What anywidget is given: it brings the stage into the page, once for all labs. anywidget imports its module anew for
// each widget, and a page never lets go of a module.

/** @import { Model } from "./store.js" */
/** @typedef {{ default: { render: (context: Context) => () => void } }} Program */
/** @typedef {{ model: Model, el: HTMLElement }} Context */

/** @type {Map<string, Promise<Program>>} */
const programs = (/** @type {any} */ (globalThis).optimlabPrograms ??= new Map());

/** @type {(source: string) => Promise<Program>} */
async function bring(source) {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @type {(context: Context) => Promise<() => void>} */
async function render(context) {
  const source = context.model.get("program");
  if (!programs.has(source)) programs.set(source, bring(source));
  const program = /** @type {Program} */ (await programs.get(source));
  return program.default.render(context);
}

export default { render };
