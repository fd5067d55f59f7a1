// Fog over a surface: it lifts only where the learner has been.

/** @import { Context, Panel, Point } from "./panel.js" */
/** @import { Draw, Mark } from "./lines.js" */
/** @import { View } from "./view.js" */
import { lastOf } from "./numbers.js";

/**
 * What a panel remembers of its fog: where the learner has been, and the fog that is left, in pixels.
 * @typedef {object} Fog
 * @property {Point[]} seen
 * @property {number} lifted how many of them are lifted already
 * @property {string} key
 * @property {HTMLCanvasElement} canvas
 */

/**
 * The fog of a panel with the place where the learner is now.
 * @type {(panel: Panel, item: Mark, view: View) => Fog}
 */
function remembered(panel, item, view) {
  panel.fog ??= { seen: [], lifted: 0, key: "", canvas: document.createElement("canvas") };
  const here = /** @type {Point} */ ([...view.store.values[item.control]]);
  const last = lastOf(panel.fog.seen);
  if (!last || last[0] !== here[0] || last[1] !== here[1]) panel.fog.seen.push(here);
  return panel.fog;
}

/**
 * Lift the fog along the way from each place to the next one.
 * @type {(fog: Fog, panel: Panel, item: Mark, view: View) => void}
 */
function lift(fog, panel, item, view) {
  const key = [panel.width, panel.height, panel.scale, view.dark].join(" ");
  const context = /** @type {Context} */ (fog.canvas.getContext("2d"));
  if (fog.key !== key) {
    fog.canvas.width = Math.round(panel.width * panel.scale);
    fog.canvas.height = Math.round(panel.height * panel.scale);
    Object.assign(fog, { key, lifted: 0 });
    for (const [color, alpha] of /** @type {const} */ ([[view.theme.paper, 1], [view.theme.never, 0.5]])) {
      context.fillStyle = color;
      context.globalAlpha = alpha;
      context.fillRect(0, 0, fog.canvas.width, fog.canvas.height);
    }
    context.globalAlpha = 1;
  }
  context.setTransform(panel.scale, 0, 0, panel.scale, 0, 0);
  context.globalCompositeOperation = "destination-out";
  context.lineWidth = 2 * item.radius * (panel.x1 - panel.x0);
  context.lineCap = "round";
  for (; fog.lifted < fog.seen.length; fog.lifted++) {
    const [from, to] = [fog.seen[Math.max(fog.lifted - 1, 0)], fog.seen[fog.lifted]].map(([x, y]) => [panel.x(x), panel.y(y)]);
    context.beginPath();
    context.moveTo(from[0], from[1]);
    context.lineTo(to[0] + 1e-3, to[1]); // a line of no length would not be drawn
    context.stroke();
  }
  context.globalCompositeOperation = "source-over";
}

/** @type {Draw} */
export function drawFog(context, panel, item, view) {
  const fog = remembered(panel, item, view);
  lift(fog, panel, item, view);
  context.drawImage(fog.canvas, 0, 0, panel.width, panel.height);
  context.strokeStyle = view.theme.soft;
  context.lineWidth = 1;
  context.strokeRect(panel.x0 + 0.5, panel.y1 + 0.5, panel.x1 - panel.x0 - 1, panel.y0 - panel.y1 - 1);
}
