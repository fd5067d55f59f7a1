// Knots: a control of several numbers, each the height of a point that stands at a place of its own. A line is drawn
// through them with the mouse or a finger, or they are moved one by one with the arrow keys.

/** @import { Mark } from "./lines.js" */
/** @import { Panel } from "./panel.js" */
/** @import { View } from "./view.js" */
import { clamp, moved, short } from "./numbers.js";

/** @type {Record<string, number>} */
const WAYS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 };

/**
 * The heights after a pull from one place of the panel to another: every knot on the way follows, and the one nearest
 * to where the pull ends.
 * @type {(heights: number[], places: number[], from: [number, number], to: [number, number]) => number[]}
 */
export function pulled(heights, places, from, to) {
  const [low, high] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const distances = places.map((x) => Math.abs(x - to[0]));
  const near = distances.indexOf(Math.min(...distances));
  return heights.map((height, i) => {
    if (i === near) return to[1];
    if (places[i] < low || places[i] > high || from[0] === to[0]) return height;
    return from[1] + ((to[1] - from[1]) * (places[i] - from[0])) / (to[0] - from[0]);
  });
}

/** @type {(panel: Panel, item: Mark, view: View) => { panel: Panel, place: () => void }} */
export function makeKnots(panel, item, view) {
  const places = /** @type {number[]} */ (/** @type {unknown} */ (item.x));
  const heights = () => /** @type {number[]} */ (view.store.values[item.control]);
  const [low, high] = [Math.max(0, panel.spec.y[0]), panel.spec.y[1]];
  /** @type {(values: number[], dragging: boolean) => void} */
  const set = (values, dragging) => view.store.set(item.control, values.map((value) => clamp(value, low, high)), dragging);
  /** @type {(i: number, value: number) => void} */
  const raise = (i, value) => set(heights().map((height, j) => (i === j ? value : height)), false);

  const buttons = places.map((x, i) => {
    const button = document.createElement("button");
    button.className = "optimlab-handle optimlab-knot";
    button.type = "button";
    button.title = "pull me, or draw a line through all";
    button.setAttribute("role", "slider");
    button.setAttribute("aria-orientation", "vertical");
    button.setAttribute("aria-valuemin", String(low));
    button.setAttribute("aria-valuemax", String(high));
    button.setAttribute("aria-label", `${item.label} at ${short(x)}`);
    button.addEventListener("keydown", (event) => {
      const way = WAYS[event.key];
      if (!way) return;
      event.preventDefault();
      raise(i, moved(heights()[i], way * (event.shiftKey ? 0.05 : 0.01), panel.spec.y, panel.spec.y_log));
    });
    panel.box.append(button);
    return button;
  });

  const place = () =>
    heights().forEach((height, i) => {
      buttons[i].style.left = `${panel.x(places[i])}px`;
      buttons[i].style.top = `${panel.y(height)}px`;
      buttons[i].setAttribute("aria-valuenow", String(height));
      buttons[i].setAttribute("aria-valuetext", short(height));
    });

  /** @type {[number, number] | null} */
  let from = null;
  /** @type {(event: PointerEvent) => [number, number]} */
  const there = (event) => {
    const box = panel.front.getBoundingClientRect();
    return /** @type {[number, number]} */ (panel.data(event.clientX - box.left, event.clientY - box.top));
  };
  /** @type {(event: PointerEvent) => void} */
  const down = (event) => {
    const box = panel.front.getBoundingClientRect();
    if (event.button !== 0 || !panel.contains(event.clientX - box.left, event.clientY - box.top)) return;
    event.preventDefault();
    /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
    from = there(event);
    set(pulled(heights(), places, from, from), true);
  };
  /** @type {(event: PointerEvent) => void} */
  const drag = (event) => {
    if (!from) return;
    const to = there(event);
    set(pulled(heights(), places, from, to), true);
    from = to;
  };
  const up = () => {
    if (!from) return;
    from = null;
    view.store.drop();
  };
  for (const target of /** @type {HTMLElement[]} */ ([...buttons, panel.front])) {
    target.addEventListener("pointerdown", down);
    target.addEventListener("pointermove", drag);
    target.addEventListener("pointerup", up);
    target.addEventListener("pointercancel", up);
  }
  Object.assign(panel.front.style, { cursor: "crosshair", touchAction: "none" });
  return { panel, place };
}
