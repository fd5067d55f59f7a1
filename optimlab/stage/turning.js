// Turning a surface in 3-D: with the mouse, with a finger, with the arrow keys.

/** @import { Panel } from "./panel.js" */
/** @import { Gaze } from "./solid.js" */
import { clamp } from "./numbers.js";

/** @type {(degrees: number) => number} */
const radians = (degrees) => (degrees * Math.PI) / 180;

export const FIRST = { turn: 30, elevation: 44 };
const [LOWEST, HIGHEST] = [15, 80];
const PER_PIXEL = 0.45; // degrees
const STILL_MS = 160; // what has not turned for so long is at rest

/** @type {Record<string, [number, number]>} */
const KEYS = { ArrowLeft: [5, 0], ArrowRight: [-5, 0], ArrowUp: [0, 4], ArrowDown: [0, -4] };

/**
 * A direction to look from: as far round as one likes, neither from below nor straight from above.
 * @type {(turn: number, elevation: number) => Gaze}
 */
export const gazeFrom = (turn, elevation) => ({ turn: radians(((turn % 360) + 360) % 360), elevation: radians(clamp(elevation, LOWEST, HIGHEST)) });

/**
 * The direction in degrees.
 * @type {(gaze: Gaze) => [number, number]}
 */
export const degrees = ({ turn, elevation }) => [Math.round((turn * 1800) / Math.PI) / 10, Math.round((elevation * 1800) / Math.PI) / 10];

/** From where a view looks at all of its surfaces: coarsely while they turn, finely when they rest. */
export class Turntable {
  gaze = gazeFrom(FIRST.turn, FIRST.elevation);
  moving = false;
  /** @type {number | undefined} */
  timer;

  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
  }

  /** @type {(gaze: Gaze) => void} */
  look(gaze) {
    this.gaze = gaze;
    this.moving = true;
    this.changed();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.moving = false;
      this.changed();
    }, STILL_MS);
  }

  close() {
    clearTimeout(this.timer);
  }
}

/**
 * Let a panel be turned; a finger that moves up or down scrolls the page.
 * @type {(panel: Panel, table: Turntable) => void}
 */
export function makeTurnable({ front }, table) {
  front.tabIndex = 0;
  front.classList.add("optimlab-turnable");
  /** @type {{ x: number, y: number, from: [number, number] } | null} */
  let held = null;
  front.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || held) return;
    held = { x: event.clientX, y: event.clientY, from: degrees(table.gaze) };
    front.setPointerCapture(event.pointerId);
  });
  front.addEventListener("pointermove", (event) => {
    if (held) table.look(gazeFrom(held.from[0] - PER_PIXEL * (event.clientX - held.x), held.from[1] + PER_PIXEL * (event.clientY - held.y)));
  });
  const up = () => (held = null);
  front.addEventListener("pointerup", up);
  front.addEventListener("pointercancel", up);
  front.addEventListener("keydown", (event) => {
    const [turn, elevation] = degrees(table.gaze);
    const [dt, de] = KEYS[event.key] ?? [];
    if (dt === undefined && event.key !== "Home") return;
    event.preventDefault();
    const times = event.shiftKey ? 3 : 1;
    table.look(dt === undefined ? gazeFrom(FIRST.turn, FIRST.elevation) : gazeFrom(turn + times * dt, elevation + times * de));
  });
}
