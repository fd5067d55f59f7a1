// What a learner is asked to do on a stage, if anything: solve a riddle, or draw the path that is expected.

/** @import { Context, Panel } from "./panel.js" */
/** @import { View } from "./view.js" */
import { Riddle } from "./riddle.js";
import { Sketch } from "./sketch.js";

/**
 * @typedef {object} Task
 * @property {HTMLElement} bar below the playback
 * @property {() => void} update after each drawing
 * @property {() => object} report for tests
 * @property {(panels: Panel[]) => { panel: Panel, place: () => void }[]} [handles] what it adds to the panels
 * @property {(context: Context, panel: Panel) => void} [draw] below the paths
 */

/** @type {(view: View) => Task | null} */
export function taskOf(view) {
  const { riddle, sketch } = view.scene;
  if (riddle) return new Riddle(view, riddle);
  return sketch ? new Sketch(view, sketch) : null;
}
