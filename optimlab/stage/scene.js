// What a view is told to show, as scene.py describes it: types alone.

/** @import { PanelSpec } from "./panel.js" */

/**
 * A line of the legend.
 * @typedef {object} Run
 * @property {string} id
 * @property {string} label
 * @property {string} color
 * @property {string} color_dark
 * @property {number[]} dash
 * @property {[string, number] | null} loss
 * @property {number} minimum
 * @property {number | null} tolerance
 * @property {boolean} shown
 * @property {string} reads
 */
/** @typedef {{ label: string, source: string, channel: number, digits?: number }} Note a number below the panels */
/**
 * @typedef {object} Scene
 * @property {PanelSpec[]} panels
 * @property {Run[]} runs
 * @property {number} steps
 * @property {Note[]} readouts
 * @property {number} first_step
 * @property {string} unit
 * @property {string} layout which of the ways to show a surface is shown at first
 * @property {boolean} [veiled] whether what comes out is hidden at first
 * @property {import("./riddle.js").Puzzle | null} [riddle]
 * @property {import("./sketch.js").Asked | null} [sketch]
 */

export {};
