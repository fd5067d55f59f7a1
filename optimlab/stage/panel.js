// A panel: a pair of axes on the page, and the theme that it is drawn in.

/** @import { Bytes, Numbers, Range } from "./numbers.js" */
/** @import { Mark } from "./lines.js" */
import { drawScale } from "./field.js";
import { along, clamp, decades, shareOf, stretched, tickLabel, ticks } from "./numbers.js";

/**
 * A panel as scene.py describes it.
 * @typedef {object} PanelSpec
 * @property {Range} x
 * @property {Range} y
 * @property {string} x_label
 * @property {string} y_label
 * @property {string} title
 * @property {string} alt
 * @property {boolean} x_log
 * @property {boolean} y_log
 * @property {number | "ruler"} height
 * @property {boolean} axes
 * @property {boolean} x_ticks
 * @property {boolean} equal
 * @property {"" | "up" | "both"} follow
 * @property {number} wide
 * @property {"" | "2-D" | "3-D"} way one of two that a surface can be shown
 * @property {Mark[]} marks
 */
/** @typedef {[number, number]} Point */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {typeof THEMES.light} Theme */

const MARGIN = { left: 54, right: 14, top: 26, bottom: 40 };

const RULER = { top: 6, row: 22, bottom: 34 }; // its y counts rows

const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/**
 * Whether the page around an element is dark, read from the background it really has.
 * @type {(element: Element) => boolean}
 */
export function isDark(element) {
  for (let node = /** @type {Element | null} */ (element); node; node = node.parentElement) {
    const [r, g, b, a = 1] = (getComputedStyle(node).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (r !== undefined && a > 0.5) return 0.3 * r + 0.59 * g + 0.11 * b < 128;
  }
  return false;
}

export const THEMES = {
  light: { ink: "#222", soft: "#5f6873", never: "#c9ced6", hatch: "#9aa3af", paper: "#ffffff", low: [170, 185, 204], high: [251, 252, 253], contour: [112, 128, 150], line: 0.55, relief: [0.72, 1.04], wall: [196, 206, 219] },
  dark: { ink: "#e8e8e8", soft: "#a3adba", never: "#4a515c", hatch: "#5d6673", paper: "#14171c", low: [20, 23, 29], high: [66, 80, 102], contour: [122, 138, 162], line: 0.5, relief: [0.75, 1.5], wall: [32, 38, 48] },
};

/** A pair of axes on two canvases: what stands still below, what moves above. */
export class Panel {
  // What it measures in CSS pixels, and where its axes end; known once it stands on the page.
  width = 0;
  height = 0;
  scale = 0;
  x0 = 0;
  x1 = 0;
  y0 = 0;
  y1 = 0;
  /** @type {Range | undefined} */
  range; // from where to where y goes, if not as the spec says
  // What is painted on the lower canvas, so that it is not painted again without need; see field.js and view.js.
  /** @type {any[] | null} */
  key = null;
  /** @type {{ data: Numbers, width: number, height: number, theme: Theme, canvas: HTMLCanvasElement } | null} */
  field = null;
  /** @type {HTMLImageElement | null} */
  image = null;
  /** @type {Bytes | null} */
  shown = null;
  /** @type {import("./fog.js").Fog | undefined} */
  fog;
  /** @type {{ data: Numbers, relief: import("./solid.js").Relief } | undefined} */
  relief; // of a surface in 3-D; see camera.js
  /** @type {{ key: any[], camera: import("./camera.js").Camera } | undefined} */
  camera;
  /** @type {{ canvas: HTMLCanvasElement, image: ImageData } | undefined} */
  sheet; // what it is painted on; see relief.js
  /** @type {(() => void)[]} */
  heads = []; // of lines, above all marks

  /**
   * @param {PanelSpec} spec
   * @param {Element} parent
   */
  constructor(spec, parent) {
    this.spec = spec;
    this.box = document.createElement("div");
    this.box.className = spec.height === "ruler" ? "optimlab-panel optimlab-ruler" : "optimlab-panel";
    this.box.style.setProperty("--wide", String(spec.wide));
    this.back = this.canvas();
    this.front = this.canvas();
    this.front.setAttribute("role", "img");
    this.front.setAttribute("aria-label", spec.alt || spec.title);
    parent.append(this.box);
  }

  canvas() {
    const canvas = document.createElement("canvas");
    this.box.append(canvas);
    return canvas;
  }

  /**
   * Fit to the width there is; true if that changed anything.
   * @type {() => boolean}
   */
  resize() {
    const width = Math.floor(this.box.clientWidth);
    const height = this.heightFor(width, this.box.parentElement?.clientWidth ?? width);
    const scale = window.devicePixelRatio || 1;
    if (width === this.width && height === this.height && scale === this.scale) return false;
    Object.assign(this, { width, height, scale });
    this.box.style.height = `${height}px`;
    for (const canvas of [this.back, this.front]) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const ruler = this.spec.height === "ruler";
    const margin = this.spec.axes ? MARGIN : { left: 2, right: 2, top: MARGIN.top, bottom: 2 };
    this.x0 = ruler ? 14 : margin.left;
    this.x1 = width - margin.right;
    this.y0 = height - (ruler ? RULER.bottom : margin.bottom); // the bottom: canvas y grows downwards
    this.y1 = ruler ? RULER.top : margin.top;
    return true;
  }

  /**
   * The height for a width: what the spec says; a panel that stands alone in its row is no taller than half the stage.
   * @type {(width: number, room: number) => number}
   */
  heightFor(width, room) {
    const { height, equal, way, y } = this.spec;
    if (height === "ruler") return RULER.top + RULER.bottom + RULER.row * y[1];
    if (equal) return this.equalHeight(width);
    return Math.round(Math.min(width * height, Math.max(way === "3-D" ? 320 : 260, room / 2)));
  }

  /**
   * The height at which x and y have the same scale.
   * @type {(width: number) => number}
   */
  equalHeight(width) {
    const [spanX, spanY] = [this.spec.x[1] - this.spec.x[0], this.spec.y[1] - this.spec.y[0]];
    return Math.round(((width - MARGIN.left - MARGIN.right) * spanY) / spanX + MARGIN.top + MARGIN.bottom);
  }

  /**
   * Data to pixels.
   * @type {(value: number) => number}
   */
  x(value) {
    return this.place(value, this.spec.x, this.spec.x_log, this.x0, this.x1);
  }

  /**
   * The middle of a row of a ruler, counted from above.
   * @type {(row: number) => number}
   */
  row(row) {
    return this.y(this.spec.y[1] - row - 0.5);
  }

  /**
   * From where to where y goes.
   * @type {() => Range}
   */
  up() {
    return this.range ?? this.spec.y;
  }

  /**
   * Let y go as far as its curves do, up or both ways.
   * @type {(lowest: number, highest: number) => void}
   */
  fit(lowest, highest) {
    const values = /** @type {Range} */ ([this.spec.follow === "both" ? lowest : Infinity, highest]);
    this.range = stretched(this.spec.y, values, this.spec.y_log);
  }

  /** @type {(value: number) => number} */
  y(value) {
    return this.place(value, this.up(), this.spec.y_log, this.y0, this.y1);
  }

  /** @type {(value: number, range: Range, log: boolean, from: number, to: number) => number} */
  place(value, range, log, from, to) {
    return from + shareOf(value, range, log) * (to - from);
  }

  /**
   * Pixels to data, kept inside the panel.
   * @type {(px: number, py: number) => Point}
   */
  data(px, py) {
    const across = clamp((px - this.x0) / (this.x1 - this.x0), 0, 1);
    const share = clamp((py - this.y0) / (this.y1 - this.y0), 0, 1);
    return [along(across, this.spec.x, this.spec.x_log), along(share, this.up(), this.spec.y_log)];
  }

  /** @type {(px: number, py: number) => boolean} */
  contains(px, py) {
    return px >= this.x0 - 1 && px <= this.x1 + 1 && py >= this.y1 - 1 && py <= this.y0 + 1;
  }

  /**
   * A clean canvas in CSS pixels, clipped to the axes while `paint` runs; `heads` are painted after it, unclipped.
   * @type {(canvas: HTMLCanvasElement, paint: (context: Context) => void, clip?: boolean) => Context}
   */
  paint(canvas, paint, clip = true) {
    this.heads = [];
    const context = /** @type {Context} */ (canvas.getContext("2d"));
    context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = FONT;
    context.save();
    if (clip) {
      context.beginPath();
      context.rect(this.x0, this.y1, this.x1 - this.x0, this.y0 - this.y1);
      context.clip();
    }
    paint(context);
    context.restore();
    for (const head of this.heads) head();
    return context;
  }
}

/**
 * Frame, ticks, labels and title.
 * @type {(context: Context, panel: Panel, theme: Theme) => void}
 */
export function drawAxes(context, panel, theme) {
  const { spec, x0, x1, y0, y1 } = panel;
  const map = spec.marks.find((item) => item.kind === "map");
  context.fillStyle = theme.ink;
  context.textBaseline = "middle";
  context.textAlign = "center";
  if (spec.title) {
    context.font = `600 ${FONT}`;
    if (map) context.textAlign = "left";
    context.fillText(spec.title, map ? x0 : (x0 + x1) / 2, y1 - 14, map ? x1 - x0 - 110 : x1 - x0);
    context.font = FONT;
  }
  if (map) drawScale(context, panel, map, theme);
  context.textAlign = "center";
  if (!spec.axes) return;
  const ruler = spec.height === "ruler";
  context.strokeStyle = theme.soft;
  context.lineWidth = 1;
  if (ruler) context.strokeRect(x0, y0, x1 - x0, 0);
  else context.strokeRect(x0 + 0.5, y1 + 0.5, x1 - x0 - 1, y0 - y1 - 1);
  context.fillStyle = theme.soft;
  const across = !spec.x_ticks ? [] : spec.x_log ? decades(...spec.x, 8) : ticks(...spec.x, Math.max(4, (x1 - x0) / 80));
  for (const value of across) {
    const px = panel.x(value);
    context.beginPath();
    context.moveTo(px, y0);
    context.lineTo(px, y0 + 4);
    context.stroke();
    const label = tickLabel(value, spec.x_log);
    context.fillText(label, Math.min(px, panel.width - context.measureText(label).width / 2), y0 + 12);
  }
  context.fillStyle = theme.ink;
  context.fillText(spec.x_label, (x0 + x1) / 2, y0 + (ruler ? 25 : 30), panel.width);
  if (ruler) return;
  context.fillStyle = theme.soft;
  context.textAlign = "right";
  const up = spec.y_log ? decades(...panel.up(), 8) : ticks(...panel.up(), Math.max(4, (y0 - y1) / 60));
  for (const value of up) {
    const py = panel.y(value);
    context.beginPath();
    context.moveTo(x0 - 4, py);
    context.lineTo(x0, py);
    context.stroke();
    context.fillText(tickLabel(value, spec.y_log), x0 - 6, py);
  }
  context.save();
  context.translate(8, (y0 + y1) / 2);
  context.rotate(-Math.PI / 2);
  context.textAlign = "center";
  context.fillStyle = theme.ink;
  context.fillText(spec.y_label, 0, 0);
  context.restore();
}
