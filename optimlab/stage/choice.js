// The switch between a surface from above, the same in 3-D, and both.

/** @import { View } from "./view.js" */
import { element } from "./controls.js";

export const LAYOUTS = ["2-D", "both", "3-D"];

let switches = 0;

/**
 * Whether a panel is shown in a layout; those that are no alternative always are.
 * @type {(way: string, layout: string) => boolean}
 */
export const isShown = (way, layout) => !way || layout === "both" || way === layout;

/**
 * Three radio buttons that look like one switch.
 * @type {(view: View) => { bar: HTMLElement, update: () => void }}
 */
export function makeChoice(view) {
  const name = `optimlab-layout-${(switches += 1)}`;
  const inputs = LAYOUTS.map((layout) => {
    const input = element("input", { type: "radio", name, value: layout });
    input.setAttribute("aria-label", layout);
    input.onchange = () => view.arrange(layout);
    return input;
  });
  const bar = element("div", { className: "optimlab-choice" }, ...inputs.map((input) => element("label", {}, input, input.value)));
  bar.setAttribute("role", "radiogroup");
  bar.setAttribute("aria-label", "the surface in two or three dimensions");
  const update = () => inputs.forEach((input) => (input.checked = input.value === view.layout));
  return { bar, update };
}
