// What anywidget asks for: a view of the stage for a model.

/** @import { Model } from "./store.js" */
import { View } from "./view.js";

/** @type {(context: { model: Model, el: HTMLElement }) => () => void} */
function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const view = new View(model, root);
  return () => view.close();
}

export default { render };
