// What anywidget asks for: a view of the stage for a model.

/** @import { Model } from "./store.js" */
import { element } from "./controls.js";
import { rowsOf } from "./rows.js";
import { View } from "./view.js";

/**
 * Sliders below the stage where the notebook has no views of ipywidgets (marimo); where the stage stands in a lab, which
 * brings its own, they are never seen.
 * @type {(view: View) => HTMLElement[]}
 */
function ownSliders(view) {
  const { model } = view;
  /** @type {string[]} */
  const names = model.get("names");
  if (!names.length || model.widget_manager?.create_view) return [];
  return [element("div", { className: "optimlab-own" }, ...rowsOf(view, names.map((name) => ({ name, typed: true }))))];
}

/** @type {(context: { model: Model, el: HTMLElement }) => () => void} */
function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const view = new View(model, root);
  view.store.ready.then(() => root.after(...ownSliders(view)));
  return () => view.close();
}

export default { render };
