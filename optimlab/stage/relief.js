// A surface in 3-D, painted pixel by pixel: shaded bands between contour lines and the lines of its mesh, on a block
// with axes. What is nearer is painted over what is farther away.

/** @import { Context, Point, Theme } from "./panel.js" */
/** @import { Draw } from "./lines.js" */
/** @import { Camera } from "./camera.js" */
import { FLOOR, cameraOf } from "./camera.js";
import { drawFrame } from "./frame.js";
import { STALE_ALPHA } from "./lines.js";
import { Painter } from "./raster.js";
import { ROWS, TALL, heightAt } from "./solid.js";

const COARSE = 180000; // pixels of a picture while it turns

/**
 * How much each point of the mesh is in the light, which comes from the left above the eye: 0 … 1.
 * @type {(heights: Float32Array, turn: number) => Float32Array}
 */
export function lightOn(heights, turn) {
  const lights = new Float32Array(ROWS * ROWS);
  const [across, near, up] = [-0.5, 0.45, 0.74];
  const [lu, lv] = [across * Math.cos(turn) + near * Math.sin(turn), across * Math.sin(turn) - near * Math.cos(turn)];
  const step = ((ROWS - 1) / 4) * TALL; // from a difference over two cells to a slope
  for (let r = 0, at = 0; r < ROWS; r++) {
    const above = r > 0 ? -ROWS : 0;
    const below = r + 1 < ROWS ? ROWS : 0;
    for (let c = 0; c < ROWS; c++, at++) {
      const left = c > 0 ? -1 : 0;
      const right = c + 1 < ROWS ? 1 : 0;
      const du = (heights[at + right] - heights[at + left]) * step * (right - left < 2 ? 2 : 1);
      const dv = (heights[at + above] - heights[at + below]) * step * (below - above < 2 * ROWS ? 2 : 1);
      lights[at] = Math.max(0, (up - du * lu - dv * lv) / Math.hypot(1, du, dv));
    }
  }
  return lights;
}

/**
 * Paint a surface into the pixels of an image whose sides are `scale` times the panel's, from every point of the mesh, or
 * from every `step`-th.
 * @type {(camera: Camera, theme: Theme, pixels: Uint32Array, width: number, height: number, scale: number, step: number) => void}
 */
export function paintRelief(camera, theme, pixels, width, height, scale, step) {
  const { heights, levels } = camera.relief;
  const { turn } = camera.gaze;
  const lights = lightOn(heights, turn);
  const xs = new Float64Array(ROWS * ROWS);
  const ys = new Float64Array(ROWS * ROWS);
  const [[x0, y0], [xc, yc], [xr, yr], [, yw]] = [camera.pixel(-1, 1, 0), camera.pixel(1, 1, 0), camera.pixel(-1, -1, 0), camera.pixel(-1, 1, 1)];
  for (let r = 0, at = 0; r < ROWS; r++) {
    for (let c = 0; c < ROWS; c++, at++) {
      const [s, t] = [c / (ROWS - 1), r / (ROWS - 1)];
      xs[at] = scale * (x0 + s * (xc - x0) + t * (xr - x0));
      ys[at] = scale * (y0 + s * (yc - y0) + t * (yr - y0) + heights[at] * (yw - y0));
    }
  }
  const painter = new Painter({ pixels, width, height, scale, xs, ys, heights, lights, step, edges: Float64Array.of(-Infinity, ...levels, Infinity), theme });
  const [down, right] = [Math.cos(turn) > 0, Math.sin(turn) > 0];
  const far = ROWS - 1 - step;
  for (let j = 0; j <= far; j += step) {
    const r = down ? j : far - j;
    for (let i = 0; i <= far; i += step) {
      const c = right ? i : far - i;
      const at = r * ROWS + c;
      const across = at + step * ROWS + step;
      painter.triangle(at, at + step, across, r, c);
      painter.triangle(at, across, at + step * ROWS, r, c);
    }
  }
}

/**
 * The surface on its block, seen from where the view looks; finer while it rests.
 * @type {Draw}
 */
export function drawRelief(context, panel, item, view) {
  const camera = cameraOf(panel, view);
  if (!camera) return;
  const few = Math.sqrt(COARSE / (panel.width * panel.height));
  const detail = camera.coarse ? Math.min(panel.scale, few) : Math.max(panel.scale, 2);
  const [width, height] = [Math.ceil(panel.width * detail), Math.ceil(panel.height * detail)];
  if (panel.sheet?.image.width !== width || panel.sheet.image.height !== height) {
    panel.sheet = { canvas: Object.assign(document.createElement("canvas"), { width, height }), image: new ImageData(width, height) };
  }
  const { canvas, image } = panel.sheet;
  const pixels = new Uint32Array(image.data.buffer);
  pixels.fill(0);
  paintRelief(camera, view.theme, pixels, width, height, detail, camera.coarse ? 2 : 1);
  /** @type {Context} */ (canvas.getContext("2d")).putImageData(image, 0, 0);
  context.save();
  context.globalAlpha = view.store.pick(item.source).fresh ? 1 : STALE_ALPHA;
  context.drawImage(canvas, 0, 0, width / detail, height / detail);
  drawWalls(context, camera, view.theme);
  context.restore();
  drawFrame(context, panel, item, camera, view.theme);
}

/**
 * The two sides of the block that face the eye.
 * @type {(context: Context, camera: Camera, theme: Theme) => void}
 */
function drawWalls(context, camera, theme) {
  const { heights } = camera.relief;
  const { turn } = camera.gaze;
  const [side, front] = [Math.sin(turn) > 0 ? 1 : -1, Math.cos(turn) > 0 ? -1 : 1];
  const walls = [
    { place: (/** @type {number} */ t) => /** @type {Point} */ ([t, front]), facing: Math.abs(Math.cos(turn)) },
    { place: (/** @type {number} */ t) => /** @type {Point} */ ([side, t]), facing: Math.abs(Math.sin(turn)) },
  ];
  for (const { place, facing } of walls) {
    const ends = Array.from({ length: ROWS }, (_, i) => place((2 * i) / (ROWS - 1) - 1));
    const rim = ends.map(([u, v]) => camera.pixel(u, v, heightAt(heights, u, v)));
    const foot = [ends[ROWS - 1], ends[0]].map(([u, v]) => camera.pixel(u, v, FLOOR));
    context.beginPath();
    for (const [x, y] of [...rim, ...foot]) context.lineTo(x, y);
    context.closePath();
    context.fillStyle = `rgb(${theme.wall.map((part) => Math.round(part * (0.86 + 0.14 * facing))).join(" ")})`;
    context.strokeStyle = `rgb(${theme.contour.join(" ")})`;
    context.lineWidth = 1;
    context.lineJoin = "round";
    context.fill();
    context.stroke();
  }
}
