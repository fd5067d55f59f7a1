// The lab's sliders where there are none of ipywidgets': on a page of its own, and in a notebook that only knows anywidget.

/** @import { Store } from "./store.js" */
/** @import { View } from "./view.js" */
import { element } from "./controls.js";
import { exactly } from "./numbers.js";

/** @typedef {{ name: string, typed: boolean }} SliderSpec a control, and whether any number can be typed there */
/** @typedef {{ symbol: string, row: string, meaning: string }} Told what Python says of a control */

/**
 * A slider over the positions of a control, and its number, which can be typed where anything between them is known.
 * @type {(spec: SliderSpec, store: Store) => HTMLElement}
 */
function sliderFor({ name, typed }, store) {
  /** @type {Told} */
  const { symbol, row, meaning } = store.model.get("typed")[name];
  /** @type {number[]} */
  const positions = store.model.get("positions")[name];
  const place = () => String(store.place(name, store.values[name]));
  const called = [row, symbol].filter(Boolean).join(" ");
  const range = element("input", { type: "range", min: "0", max: String(positions.length - 1), step: "1" });
  range.setAttribute("aria-label", `${called}, ${meaning}`);
  const number = element("input", { type: "text", inputMode: "decimal", className: "optimlab-value", readOnly: !typed });
  number.setAttribute("aria-label", `${called} as a number`);
  range.oninput = () => {
    const mover = store.movers.get(name);
    mover?.set("value", positions[Number(range.value)]);
    mover?.save_changes();
  };
  number.onchange = () => {
    store.type(name, number.value);
    show();
  };
  const show = () => {
    const value = store.values[name];
    if (value === undefined) return;
    if (range.value !== place()) range.value = place();
    range.setAttribute("aria-valuetext", exactly(value));
    if (!number.matches(":focus") || number.value !== exactly(value)) number.value = exactly(value);
  };
  store.listeners.add(() => !number.matches(":focus") && show());
  number.onblur = show;
  show();
  return element("label", { className: "optimlab-control", title: meaning }, element("span", { textContent: symbol }), range, number);
}

/**
 * One row of sliders for each run, with its line and its name.
 * @type {(view: View, sliders: SliderSpec[]) => HTMLElement[]}
 */
export function rowsOf({ store, runs }, sliders) {
  /** @type {Record<string, Told>} */
  const known = store.model.get("typed");
  return [...new Set(sliders.map(({ name }) => known[name].row))].map((row) => {
    const run = runs[row];
    const head = element("b", { className: "optimlab-swatch" });
    if (run) {
      const dash = run.dash.map((d) => 2.2 * d).join(",") || "none";
      head.style.setProperty("--c", run.color);
      head.style.setProperty("--d", run.color_dark);
      head.innerHTML = `<svg width="34" height="14" aria-hidden="true"><line x1="1" y1="7" x2="33" y2="7" stroke-width="2.6" stroke-dasharray="${dash}"/></svg>`;
      head.append(element("bdi", { textContent: run.label }));
    }
    const mine = sliders.filter(({ name }) => known[name].row === row);
    return element("div", { className: "optimlab-controls" }, ...(run ? [head] : []), ...mine.map((spec) => sliderFor(spec, store)));
  });
}
