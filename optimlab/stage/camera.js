// A panel with a surface in 3-D: which pixel shows which point of the surface, from where the view looks now.

/** @import { Numbers } from "./numbers.js" */
/** @import { Mark } from "./lines.js" */
/** @import { Panel, Point } from "./panel.js" */
/** @import { Gaze, Relief } from "./solid.js" */
/** @import { View } from "./view.js" */
import { along, shareOf } from "./numbers.js";
import { TALL, heightAt, isBehind, pick, project, reliefOf } from "./solid.js";

export const FLOOR = -0.07; // where the block stands, so much below its lowest place

/** @typedef {{ at: Point, behind: boolean }} Spot a pixel, and whether the surface hides what lies there */
/** @typedef {Spot & { step: number }} Sample a point of a line, at a step or between two */

/** From where a surface is seen, and how large. */
export class Camera {
  /**
   * @param {Panel} panel
   * @param {Relief} relief
   * @param {Gaze} gaze
   * @param {boolean} coarse whether the surface turns, so that there is no time for more
   */
  constructor(panel, relief, gaze, coarse) {
    this.coarse = coarse;
    this.spec = panel.spec;
    this.relief = relief;
    this.gaze = gaze;
    /** @type {Map<Mark, { data: Numbers | null, points: Point[], pieces: Sample[][] }>} */
    this.draped = new Map(); // the paths on the surface; see draped.js
    const tall = Math.SQRT2 * Math.sin(gaze.elevation) + ((TALL * (1 - FLOOR)) / 2) * Math.cos(gaze.elevation);
    const room = panel.height - panel.y1;
    this.size = Math.max(10, Math.min((panel.width - 56) / (2 * Math.SQRT2), (room - 44) / (2 * tall)));
    this.center = /** @type {Point} */ ([panel.width / 2 + 6, panel.y1 + room / 2 - 10 + (this.size * TALL * FLOOR * Math.cos(gaze.elevation)) / 2]);
  }

  /**
   * The pixel of a point of the unit box.
   * @type {(u: number, v: number, w: number) => Point}
   */
  pixel(u, v, w) {
    const { x, y } = project(u, v, w, this.gaze);
    return [this.center[0] + this.size * x, this.center[1] - this.size * y];
  }

  /**
   * Data as a point of the unit box.
   * @type {(point: Point) => Point}
   */
  unit([x, y]) {
    return [2 * shareOf(x, this.spec.x, false) - 1, 2 * shareOf(y, this.spec.y, false) - 1];
  }

  /**
   * Where a point of the unit box that lies on the surface is seen.
   * @type {(point: Point) => Spot}
   */
  spot([u, v]) {
    const { heights } = this.relief;
    return { at: this.pixel(u, v, heightAt(heights, u, v)), behind: isBehind(heights, u, v, this.gaze) };
  }

  /**
   * The data of the point of the surface that a pixel shows.
   * @type {(px: number, py: number) => Point}
   */
  data(px, py) {
    const [u, v] = pick(this.relief.heights, (px - this.center[0]) / this.size, (this.center[1] - py) / this.size, this.gaze);
    return [along((u + 1) / 2, this.spec.x, false), along((v + 1) / 2, this.spec.y, false)];
  }
}

/**
 * The camera of a panel with a surface in 3-D, the same one until what it shows, the panel or the view has changed.
 * @type {(panel: Panel, view: View) => Camera | null}
 */
export function cameraOf(panel, view) {
  const item = panel.spec.marks.find(({ kind }) => kind === "solid");
  const { data, shape } = item ? view.store.pick(item.source) : { data: null, shape: [] };
  if (!item || !data) return null;
  if (panel.relief?.data !== data) panel.relief = { data, relief: reliefOf(data, shape, item) };
  const { relief } = panel.relief;
  const { gaze, moving } = view.turntable;
  const key = [relief, gaze, moving, panel.width, panel.height];
  if (!panel.camera || key.some((part, i) => part !== panel.camera?.key[i])) {
    panel.camera = { key, camera: new Camera(panel, relief, gaze, moving) };
  }
  return panel.camera.camera;
}
