// The stage: draws a scene (panels and marks, see scene.py) and moves it. Plain ES module; it fetches nothing.
//
// Python sends arrays together with the control values they were computed for. `Store` holds them and picks, for
// each source, the row that belongs to what the controls show now, or says that there is none yet ("stale").
// `render` builds one view: canvases, transport, legend. Nothing is drawn as current unless it is.

const REST_MS = 150; // a slider that has not moved for so long is at rest
const PATIENCE_MS = 10000; // a kernel that has not answered for so long is spoken of
const STALE_ALPHA = 0.3;
const LARGEST = 2.9e38; // Python sends larger numbers as 3e38, the end of single precision
const MARGIN = { left: 54, right: 14, top: 26, bottom: 40 };
const SHADES = 64; // strengths of a contour line's edge
const SPEEDS = [0.25, 0.5, 1, 2, 4];
const STEPS_PER_SECOND = 20;
const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

// ------------------------------------------------------------------------------------------------ numbers

const clamp = (x, low, high) => Math.min(high, Math.max(low, x));

/** Three significant digits (or more), as in the summaries: 0.0312, 8.8e-5, 1.2e+9. */
function short(x, digits = 3) {
  if (x === Infinity || Number.isNaN(x)) return "∞";
  if (Math.abs(x) > LARGEST) return "over 10³⁸";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size >= 1e-3 && size < 1e5 ? Number(x.toPrecision(digits)).toString() : x.toExponential(1);
  return text.replace("-", "−").replace("e−", "e-").replace("e-", "e−");
}

/** Whether two control values are the same: numbers (up to rounding), or coordinates. */
function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => x === b[i]);
  return a === b || Math.abs(a - b) <= 1e-9 * Math.abs(b);
}

/** The row of a grid on which a value lies, or −1 if it lies between two. */
function rowOf(grid, value) {
  let best = 0;
  for (let i = 1; i < grid.length; i++) if (Math.abs(grid[i] - value) < Math.abs(grid[best] - value)) best = i;
  const tolerance = 1e-6 * Math.max(Math.abs(grid[best]), 1e-3 * Math.abs(grid.at(-1) - grid[0]));
  return Math.abs(grid[best] - value) <= tolerance ? best : -1;
}

/** Bytes from Python as numbers (copied, since the buffer need not be aligned). */
function floats(view) {
  const bytes = view.buffer ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) : view;
  return new Float32Array(bytes);
}

// ------------------------------------------------------------------------------------------------ the store

const stores = new Map(); // one store for all views of a model

/** The store of a model; `release` it when the view goes. */
function acquire(model) {
  const uid = model.get("uid");
  if (!stores.has(uid)) stores.set(uid, { store: new Store(model), users: 0 });
  const entry = stores.get(uid);
  entry.users += 1;
  return entry.store;
}

function release(model) {
  const uid = model.get("uid");
  const entry = stores.get(uid);
  if (!entry) return;
  entry.users -= 1;
  if (entry.users > 0) return;
  entry.store.close();
  stores.delete(uid);
}

/** Control values, arrays from the kernel, and the one conversation with it. */
class Store {
  constructor(model) {
    this.model = model;
    this.values = {};
    this.listeners = new Set();
    this.cache = new Map(); // trait -> {content, numbers}
    this.last = new Map(); // source -> the row drawn last
    this.sequence = 0;
    this.waitingFor = null; // the request the kernel is working on
    this.wanted = null; // the newest request not yet sent
    this.closers = [];
    this.readPoints();
    this.hearPoints();
    this.hearKernel();
    this.ready = this.hearSliders();
  }

  listen(model, event, callback) {
    model.on(event, callback);
    this.closers.push(() => model.off(event, callback));
  }

  /** The sliders are widgets of their own; listening to their models needs no kernel. */
  async hearSliders() {
    const references = this.model.get("sliders");
    await Promise.all(
      Object.entries(references).map(async ([name, reference]) => {
        const id = typeof reference === "string" ? reference.replace("IPY_MODEL_", "") : null;
        const slider = id ? await this.model.widget_manager.get_model(id) : reference;
        this.values[name] = slider.get("value");
        this.listen(slider, "change:value", () => this.set(name, slider.get("value")));
      }),
    );
    this.changed();
  }

  readPoints() {
    for (const [name, point] of Object.entries(this.model.get("points"))) this.values[name] = [...point];
  }

  hearPoints() {
    this.listen(this.model, "change:points", () => {
      if (!this.dragging) this.readPoints();
      this.changed();
    });
  }

  hearKernel() {
    this.listen(this.model, "change:answered", () => {
      if (this.waitingFor === null || this.model.get("answered") < this.waitingFor) return;
      this.waitingFor = null;
      this.send();
    });
    this.listen(this.model, "change", () => this.changed());
  }

  /** A control has moved: draw at once, ask the kernel for what is missing now, and for the rest at rest. */
  set(name, value, dragging = false) {
    if (same(this.values[name], value)) return;
    this.values[name] = value;
    this.dragging = dragging;
    this.changed();
    if (Object.keys(this.sources()).some((source) => !this.pick(source).fresh)) this.ask(false);
    this.awaitRest();
  }

  awaitRest() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.dragging) this.awaitRest();
      else this.ask(true);
    }, REST_MS);
  }

  /** What to tell the learner when the kernel stays silent; "" as long as all is well. */
  complaint() {
    const silent = this.waitingFor !== null && performance.now() - this.asked > PATIENCE_MS;
    const stale = Object.keys(this.sources()).some((source) => !this.pick(source).fresh);
    return silent && stale ? "Python has not answered yet: it is busy, or this cell must be run again." : this.model.get("problem");
  }

  /** The hand has let go of a point. */
  drop() {
    this.dragging = false;
    this.awaitRest();
  }

  ask(rest) {
    this.wanted = { values: structuredClone(this.values), rest };
    this.send();
  }

  /** One request at a time, and always the newest: nothing can queue up. */
  send() {
    if (this.waitingFor !== null || this.wanted === null) return;
    this.sequence = Math.max(this.sequence, this.model.get("answered")) + 1;
    this.waitingFor = this.sequence;
    this.asked = performance.now();
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.changed(), PATIENCE_MS + 100);
    this.model.set("request", { seq: this.sequence, ...this.wanted });
    this.wanted = null;
    this.model.save_changes();
  }

  sources() {
    return this.model.get("layout_of_sources");
  }

  /** The numbers in a trait, decoded once. */
  numbers(trait) {
    const content = this.model.get(trait);
    if (!content || !content.bytes) return null;
    const cached = this.cache.get(trait);
    if (cached && cached.content === content) return cached;
    const entry = content.picture
      ? { content, base: content.base, shape: content.shape, picture: content.bytes }
      : { content, base: content.base, shape: content.shape, data: floats(content.bytes) };
    this.cache.set(trait, entry);
    return entry;
  }

  /** What a source shows now: {data, shape, fresh}. Not fresh: the last row, for other values than the controls show. */
  pick(name) {
    const found = this.current(name) ?? this.swept(name);
    if (found) {
      const row = { ...found, fresh: true };
      this.last.set(name, row);
      return row;
    }
    const fallback = this.last.get(name) ?? this.numbers(`current_${name}`);
    return fallback ? { ...fallback, fresh: false } : { data: null, shape: [0], fresh: false };
  }

  current(name) {
    const entry = this.numbers(`current_${name}`);
    const matches = entry && Object.entries(entry.base).every(([n, v]) => same(v, this.values[n]));
    return matches ? entry : null;
  }

  /** A row of a sweep: all other controls as they were for it, and this one on its grid. */
  swept(name) {
    for (const control of this.sources()[name].sweeps) {
      const entry = this.numbers(`sweep_${name}_${control}`);
      if (!entry || !Object.entries(entry.base).every(([n, v]) => same(v, this.values[n]))) continue;
      const row = rowOf(this.model.get("grids")[control], this.values[control]);
      if (row < 0) continue;
      entry.rows ??= new Map();
      if (!entry.rows.has(row)) {
        const size = entry.data.length / entry.shape[0];
        entry.rows.set(row, { data: entry.data.subarray(row * size, (row + 1) * size), shape: entry.shape.slice(1) });
      }
      return entry.rows.get(row);
    }
    return null;
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.patience);
    for (const close of this.closers) close();
  }
}

// ------------------------------------------------------------------------------------------------ theme

/** Whether the page around an element is dark, read from the background it really has. */
function isDark(element) {
  for (let node = element; node; node = node.parentElement) {
    const [r, g, b, a = "1"] = getComputedStyle(node).backgroundColor.match(/[\d.]+/g) ?? [];
    if (r !== undefined && Number(a) > 0.5) return 0.3 * r + 0.59 * g + 0.11 * b < 128;
  }
  return false;
}

const THEMES = {
  light: { ink: "#222", soft: "#5f6873", grid: "#e3e7ec", paper: "#fff", low: [170, 185, 204], high: [251, 252, 253], contour: [112, 128, 150], line: 0.55 },
  dark: { ink: "#e8e8e8", soft: "#a3adba", grid: "#2b323c", paper: "#14171c", low: [20, 23, 29], high: [66, 80, 102], contour: [122, 138, 162], line: 0.5 },
};

// ------------------------------------------------------------------------------------------------ panels

/** A pair of axes on two canvases: what stands still below, what moves above. */
class Panel {
  constructor(spec, parent) {
    this.spec = spec;
    this.box = document.createElement("div");
    this.box.className = spec.height === "ruler" ? "optimlab-panel optimlab-ruler" : "optimlab-panel";
    this.box.style.setProperty("--wide", spec.wide);
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

  /** Fit to the width there is; true if that changed anything. */
  resize() {
    const width = Math.floor(this.box.clientWidth);
    const height = this.spec.height === "ruler" ? 62 : this.spec.equal ? this.equalHeight(width) : Math.round(width * this.spec.height);
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
    this.y0 = height - (ruler ? 33 : margin.bottom); // the bottom: canvas y grows downwards
    this.y1 = ruler ? 6 : margin.top;
    return true;
  }

  /** The height at which x and y have the same scale. */
  equalHeight(width) {
    const [spanX, spanY] = [this.spec.x[1] - this.spec.x[0], this.spec.y[1] - this.spec.y[0]];
    return Math.round(((width - MARGIN.left - MARGIN.right) * spanY) / spanX + MARGIN.top + MARGIN.bottom);
  }

  /** Data to pixels. */
  x(value) {
    return this.place(value, this.spec.x, this.spec.x_log, this.x0, this.x1);
  }

  y(value) {
    return this.place(value, this.spec.y, this.spec.y_log, this.y0, this.y1);
  }

  place(value, [low, high], log, from, to) {
    const share = log ? (Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low)) : (value - low) / (high - low);
    return from + share * (to - from);
  }

  /** Pixels to data, kept inside the panel. */
  data(px, py) {
    const { x, y } = this.spec;
    const across = clamp((px - this.x0) / (this.x1 - this.x0), 0, 1);
    const up = clamp((py - this.y0) / (this.y1 - this.y0), 0, 1);
    return [x[0] + across * (x[1] - x[0]), y[0] + up * (y[1] - y[0])];
  }

  contains(px, py) {
    return px >= this.x0 - 1 && px <= this.x1 + 1 && py >= this.y1 - 1 && py <= this.y0 + 1;
  }

  /** A clean canvas in CSS pixels, clipped to the axes while `paint` runs. */
  paint(canvas, paint, clip = true) {
    const context = canvas.getContext("2d");
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
    return context;
  }
}

/** Round numbers between low and high, about `count` of them. */
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten between low and high, at most `count` of them. */
function decades(low, high, count) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first + 1) / count));
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
}

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function tickLabel(value, log) {
  if (!log) return String(value).replace("-", "−");
  const exponent = Math.round(Math.log10(value));
  return `10${[...String(exponent)].map((c) => SUPERSCRIPT[c]).join("")}`;
}

/** Frame, ticks, labels and title. */
function drawAxes(context, panel, theme) {
  const { spec, x0, x1, y0, y1 } = panel;
  context.fillStyle = theme.ink;
  context.textBaseline = "middle";
  context.textAlign = "center";
  if (spec.title) {
    context.font = `600 ${FONT}`;
    context.fillText(spec.title, (x0 + x1) / 2, y1 - 14, x1 - x0);
    context.font = FONT;
  }
  if (!spec.axes) return;
  const ruler = spec.height === "ruler";
  context.strokeStyle = theme.soft;
  context.lineWidth = 1;
  if (ruler) context.strokeRect(x0, y0, x1 - x0, 0);
  else context.strokeRect(x0 + 0.5, y1 + 0.5, x1 - x0 - 1, y0 - y1 - 1);
  context.fillStyle = theme.soft;
  const across = !spec.x_ticks ? [] : spec.x_log ? decades(...spec.x, 8) : ticks(...spec.x, Math.max(3, (x1 - x0) / 80));
  for (const value of across) {
    const px = panel.x(value);
    context.beginPath();
    context.moveTo(px, y0);
    context.lineTo(px, y0 + 4);
    context.stroke();
    context.fillText(tickLabel(value, spec.x_log), px, y0 + 12);
  }
  context.fillStyle = theme.ink;
  context.fillText(spec.x_label, (x0 + x1) / 2, y0 + (ruler ? 25 : 30));
  if (ruler) return;
  context.fillStyle = theme.soft;
  context.textAlign = "right";
  const up = spec.y_log ? decades(...spec.y, 8) : ticks(...spec.y, Math.max(3, (y0 - y1) / 60));
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

// ------------------------------------------------------------------------------------------------ the field

/** Catmull–Rom weights: which four grid points a pixel lies between, and how much of each it takes. */
function cubic(count, pixels) {
  const index = new Int32Array(4 * pixels);
  const weight = new Float32Array(4 * pixels);
  for (let p = 0; p < pixels; p++) {
    const at = clamp(((p + 0.5) / pixels) * (count - 1), 0, count - 1.000001);
    const i = Math.floor(at);
    const t = at - i;
    const w = [((2 - t) * t - 1) * t * 0.5, ((3 * t - 5) * t * t + 2) * 0.5, ((4 - 3 * t) * t + 1) * t * 0.5, (t - 1) * t * t * 0.5];
    for (let j = 0; j < 4; j++) {
      index[4 * p + j] = i - 1 + j;
      weight[4 * p + j] = w[j];
    }
  }
  return { index, weight };
}

/** A value beside the grid's edge, continued so that parabolas stay parabolas. */
function beyond(get, i, count) {
  if (i < 0) return 3 * get(0) - 3 * get(1) + get(2);
  if (i >= count) return 3 * get(count - 1) - 3 * get(count - 2) + get(count - 3);
  return get(i);
}

/** The grid at every pixel; row 0 of the grid is the bottom, row 0 of the result the top. */
function upsample(grid, ny, nx, height, width) {
  const across = cubic(nx, width);
  const up = cubic(ny, height);
  const wide = new Float32Array((ny + 2) * width);
  for (let j = -1; j <= ny; j++) {
    for (let p = 0; p < width; p++) {
      let sum = 0;
      for (let q = 4 * p; q < 4 * p + 4; q++) {
        const i = across.index[q];
        const inside = i >= 0 && i < nx && j >= 0 && j < ny;
        const at = inside ? grid[j * nx + i] : beyond((b) => beyond((a) => grid[b * nx + a], i, nx), j, ny);
        sum += across.weight[q] * at;
      }
      wide[(j + 1) * width + p] = sum;
    }
  }
  const result = new Float32Array(height * width);
  for (let r = 0; r < height; r++) {
    const row = height - 1 - r;
    for (let q = 4 * row; q < 4 * row + 4; q++) {
      const w = up.weight[q];
      const from = (up.index[q] + 1) * width;
      for (let p = 0; p < width; p++) result[r * width + p] += w * wide[from + p];
    }
  }
  return result;
}

/** Contour levels as in scene.contour_levels: a power of the height, with the median on the middle level. */
function contourLevels(grid, minimum, count) {
  const heights = grid.map((value) => value - minimum).sort();
  const top = Math.max(heights.at(-1), 1e-12);
  const half = heights.length / 2;
  const median = (heights[Math.ceil(half) - 1] + heights[Math.floor(half)]) / 2;
  const power = Math.log(clamp(median / top, 1e-3, 0.35)) / Math.log(0.5);
  return Array.from({ length: count - 1 }, (_, i) => minimum + top * ((i + 1) / count) ** power);
}

/** The pixels that a surface is made of: each band's colour, mixed with the contour line's in SHADES strengths. */
function shades(theme, bands) {
  const bytes = new Uint8ClampedArray(4 * bands * (SHADES + 1));
  for (let band = 0, at = 0; band < bands; band++) {
    const color = theme.low.map((low, c) => low + ((theme.high[c] - low) * band) / (bands - 1));
    for (let shade = 0; shade <= SHADES; shade++, at += 4) {
      const line = (theme.line * shade) / SHADES;
      for (let c = 0; c < 3; c++) bytes[at + c] = color[c] + (theme.contour[c] - color[c]) * line;
      bytes[at + 3] = 255;
    }
  }
  return new Uint32Array(bytes.buffer);
}

/** Bands between contour lines, as an image; the lines are smoothed by their distance in pixels. */
function fieldImage(grid, [ny, nx], item, theme, width, height) {
  const levels = [-Infinity, ...contourLevels(grid, item.minimum, item.count), Infinity];
  const values = upsample(grid, ny, nx, height, width);
  const top = levels.length - 2;
  const colors = shades(theme, top + 1);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  let band = 0;
  for (let r = 0, at = 0; r < height; r++) {
    const below = r + 1 < height ? width : -width;
    for (let p = 0; p < width; p++, at++) {
      const value = values[at];
      while (band < top && value >= levels[band + 1]) band++;
      while (value < levels[band]) band--;
      const dx = values[p + 1 < width ? at + 1 : at - 1] - value;
      const dy = values[at + below] - value;
      const slope = Math.sqrt(dx * dx + dy * dy) || 1e-30;
      const line = clamp(1.1 - Math.min(levels[band + 1] - value, value - levels[band]) / slope, 0, 1);
      pixels[at] = colors[band * (SHADES + 1) + Math.round(SHADES * line)];
    }
  }
  return image;
}

/** The field of a panel, kept until the row, the size or the theme changes. */
function drawField(context, panel, item, view) {
  const row = view.store.pick(item.source);
  if (!row.data) return;
  const width = Math.max(8, Math.round((panel.x1 - panel.x0) * panel.scale));
  const height = Math.max(8, Math.round((panel.y0 - panel.y1) * panel.scale));
  const key = panel.field;
  if (!key || key.data !== row.data || key.width !== width || key.height !== height || key.theme !== view.theme) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d").putImageData(fieldImage(row.data, row.shape, item, view.theme, width, height), 0, 0);
    panel.field = { data: row.data, width, height, theme: view.theme, canvas };
  }
  context.save();
  context.globalAlpha = row.fresh ? 1 : 0.6;
  context.drawImage(panel.field.canvas, panel.x0, panel.y1, panel.x1 - panel.x0, panel.y0 - panel.y1);
  context.restore();
}

/** A matplotlib picture over the whole panel. */
function drawPicture(context, panel, item, view) {
  const row = view.store.pick(item.source);
  if (!row.picture) return;
  if (panel.shown !== row.picture) {
    panel.shown = row.picture;
    panel.image = new Image();
    const bytes = row.picture.buffer ? new Uint8Array(row.picture.buffer, row.picture.byteOffset, row.picture.byteLength) : row.picture;
    const url = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    panel.image.onload = () => {
      URL.revokeObjectURL(url);
      view.invalidate();
    };
    panel.image.src = url;
  }
  if (!panel.image.complete) return;
  context.drawImage(panel.image, panel.x0, panel.y1, panel.x1 - panel.x0, panel.y0 - panel.y1);
}

// ------------------------------------------------------------------------------------------------ marks

/** A source as a table: its rows are steps, its columns channels. */
function table(view, source) {
  const { data, shape, fresh } = view.store.pick(source);
  const columns = shape.at(-1) || 1;
  const rows = data ? Math.round(data.length / columns) : 0;
  return { rows, columns, fresh, at: (k, channel) => data[Math.min(k, rows - 1) * columns + channel] };
}

/** The line of a mark: colour and dashes of its run, or its own. */
function penOf(view, item) {
  const run = view.runs[item.run];
  const light = run ? run.color : item.color;
  const dark = run ? run.color_dark : (item.color_dark ?? item.color);
  return { color: (view.dark ? dark : light) ?? view.theme.ink, dash: (run ? run.dash : item.dash) ?? [] };
}

/** Only marks whose run is switched on are drawn. */
const shown = (view, item) => !item.run || !view.off.has(item.run);

/** The part of a segment inside a box, or null (Liang & Barsky 1984): far away, dashes would take for ever. */
function clipSegment([ax, ay], [bx, by], { left, right, top, bottom }) {
  let [enter, leave] = [0, 1];
  const [dx, dy] = [bx - ax, by - ay];
  for (const [p, q] of [[-dx, ax - left], [dx, right - ax], [-dy, ay - top], [dy, bottom - ay]]) {
    if (p === 0 && q < 0) return null;
    if (p < 0) enter = Math.max(enter, q / p);
    if (p > 0) leave = Math.min(leave, q / p);
  }
  if (enter > leave) return null;
  const at = (t) => [ax + t * dx, ay + t * dy];
  return [at(enter), at(leave)];
}

/** The line through points, as the pieces of it that lie in or near the panel. */
function strokeInside(context, panel, points, width, pen, alpha) {
  const box = { left: panel.x0 - 40, right: panel.x1 + 40, top: panel.y1 - 40, bottom: panel.y0 + 40 };
  let piece = points.slice(0, 1);
  const finish = () => piece.length > 1 && strokeThrough(context, piece, width, pen, alpha);
  for (let i = 1; i < points.length; i++) {
    if (Math.max(...points[i].map(Math.abs)) > 1e6) continue; // so far out, single precision has lost the way back
    const part = clipSegment(points[i - 1], points[i], box);
    if (!part) continue;
    const joined = piece.length && piece.at(-1)[0] === part[0][0] && piece.at(-1)[1] === part[0][1];
    if (!joined) {
      finish();
      piece = [part[0]];
    }
    piece.push(part[1]);
  }
  finish();
}

function strokeThrough(context, points, width, pen, alpha) {
  context.save();
  context.globalAlpha *= alpha;
  context.strokeStyle = pen.color;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(pen.dash.map((d) => d * width));
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.restore();
}

/** How many steps of a source are finite in all channels: the same number for its path, its curve and its readout. */
function finiteSteps(rows) {
  for (let k = 0; k < rows.rows; k++) for (let c = 0; c < rows.columns; c++) if (!Number.isFinite(rows.at(k, c))) return k;
  return rows.rows;
}

/** Points of a mark in pixels, up to the first step that is not finite. */
function trace(panel, rows, x, y) {
  return Array.from({ length: finiteSteps(rows) }, (_, k) => [panel.x(x(k)), panel.y(y(k))]);
}

function headAt(points, k) {
  const i = Math.min(Math.floor(k), points.length - 1);
  const j = Math.min(i + 1, points.length - 1);
  const t = k - i;
  return t >= 1 ? points[j] : [points[i][0] + t * (points[j][0] - points[i][0]), points[i][1] + t * (points[j][1] - points[i][1])];
}

/** The head of a line: a point; at the border a pointer outwards; a cross (named on paths) where the numbers end. */
function drawHead(context, panel, view, head, pen, divergedAt, named) {
  const [x, y] = head;
  const gone = divergedAt >= 0 && view.k >= divergedAt;
  const cx = clamp(x, panel.x0 + 9, panel.x1 - 9);
  const cy = clamp(y, panel.y1 + 9, panel.y0 - 9);
  context.fillStyle = pen.color;
  context.strokeStyle = view.theme.paper;
  context.lineWidth = 1.5;
  if (gone) {
    context.strokeStyle = pen.color;
    context.lineWidth = 3;
    context.beginPath();
    for (const s of [-1, 1]) {
      context.moveTo(cx - 6, cy - 6 * s);
      context.lineTo(cx + 6, cy + 6 * s);
    }
    context.stroke();
    if (!named) return;
    context.textAlign = cx > (panel.x0 + panel.x1) / 2 ? "right" : "left";
    context.textBaseline = "middle";
    const text = `not finite from ${view.scene.unit} ${divergedAt}`;
    const side = context.textAlign === "right" ? -11 : 11;
    haloText(context, view.theme, text, cx + side, cy);
  } else if (panel.contains(x, y)) {
    context.beginPath();
    context.arc(x, y, 5, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  } else {
    const angle = Math.atan2(y - cy, x - cx);
    context.beginPath();
    for (const [r, turn] of [[8, 0], [7, 2.4], [7, -2.4]]) context.lineTo(cx + r * Math.cos(angle + turn), cy + r * Math.sin(angle + turn));
    context.closePath();
    context.fill();
    context.stroke();
  }
}

/** A line through the steps: faint as a whole, strong up to step k. */
function drawLine(context, panel, item, view, x, y, isPath) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  const points = trace(panel, rows, (k) => x(rows, k), (k) => y(rows, k));
  if (!points.length) return;
  const pen = penOf(view, item);
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  strokeInside(context, panel, points, 1.4, pen, 0.35);
  const until = Math.min(Math.floor(view.k), points.length - 1);
  const head = headAt(points, Math.min(view.k, points.length - 1));
  strokeInside(context, panel, [...points.slice(0, until + 1), head], 2.4, pen, 1);
  if (isPath) {
    context.fillStyle = pen.color;
    for (const [px, py] of points.slice(0, Math.min(until + 1, 80))) {
      context.beginPath();
      context.arc(px, py, 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
  drawHead(context, panel, view, head, pen, points.length < rows.rows ? points.length : -1, isPath);
  context.restore();
}

function drawPath(context, panel, item, view) {
  drawLine(context, panel, item, view, (rows, k) => rows.at(k, item.x), (rows, k) => rows.at(k, item.y), true);
}

function drawCurve(context, panel, item, view) {
  const x = item.x === undefined || item.x === null ? (_, k) => k : (rows, k) => rows.at(k, item.x);
  if (!item.still) return drawLine(context, panel, item, view, x, (rows, k) => rows.at(k, item.y), false);
  const rows = table(view, item.source);
  const points = trace(panel, rows, (k) => x(rows, k), (k) => rows.at(k, item.y));
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  strokeThrough(context, points, 2, penOf(view, item), 1);
  context.restore();
}

function drawPoints(context, panel, item, view) {
  const { color } = penOf(view, item);
  context.save();
  context.fillStyle = context.strokeStyle = color;
  context.globalAlpha = item.alpha ?? 1;
  let list = item.data;
  if (!list) {
    const rows = table(view, item.source);
    list = Array.from({ length: rows.rows }, (_, i) => [rows.at(i, 0), rows.at(i, 1)]);
    context.globalAlpha *= rows.fresh ? 1 : STALE_ALPHA;
  }
  if (item.symbol === "line") strokeThrough(context, list.map(([x, y]) => [panel.x(x), panel.y(y)]), 2, { color, dash: [] }, 1);
  else for (const [x, y] of list) drawSymbol(context, item.symbol ?? "dot", panel.x(x), panel.y(y), view.theme);
  context.restore();
}

function drawSymbol(context, symbol, x, y, theme) {
  context.beginPath();
  if (symbol === "star") {
    for (let i = 0; i < 10; i++) {
      const [r, turn] = [i % 2 ? 3.6 : 9, (Math.PI * i) / 5 - Math.PI / 2];
      context.lineTo(x + r * Math.cos(turn), y + r * Math.sin(turn));
    }
    context.closePath();
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = theme.paper;
    context.stroke();
    return;
  }
  context.arc(x, y, symbol === "ring" ? 6 : 2.6, 0, 2 * Math.PI);
  context.lineWidth = 2;
  if (symbol === "ring") context.stroke();
  else context.fill();
}

function drawArrow(context, panel, item, view) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  const k = Math.floor(view.k);
  const [x, y] = item.at.map((c) => rows.at(k, c));
  const [dx, dy] = item.by.map((c) => rows.at(k, c));
  if (![x, y, dx, dy].every(Number.isFinite)) return;
  const [ax, ay, bx, by] = [panel.x(x), panel.y(y), panel.x(x + dx), panel.y(y + dy)];
  const length = Math.hypot(bx - ax, by - ay);
  if (length < 1) return;
  const [ux, uy] = [(bx - ax) / length, (by - ay) / length];
  const tip = Math.min(11, 0.6 * length);
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  context.strokeStyle = context.fillStyle = penOf(view, item).color;
  context.lineWidth = item.width ?? 3;
  context.setLineDash(item.dash ?? []);
  context.beginPath();
  context.moveTo(ax, ay);
  context.lineTo(bx - ux * tip * 0.8, by - uy * tip * 0.8);
  context.stroke();
  context.beginPath();
  context.moveTo(bx, by);
  context.lineTo(bx - ux * tip - uy * tip * 0.5, by - uy * tip + ux * tip * 0.5);
  context.lineTo(bx - ux * tip + uy * tip * 0.5, by - uy * tip - ux * tip * 0.5);
  context.fill();
  context.restore();
}

function drawSlopedLine(context, panel, item, view) {
  let slope, intercept, fresh = true;
  if (item.control) [slope, intercept] = view.store.values[item.control];
  else {
    const rows = table(view, item.source);
    if (!rows.rows) return;
    [slope, intercept, fresh] = [rows.at(Math.floor(view.k), item.slope), rows.at(Math.floor(view.k), item.intercept), rows.fresh];
  }
  context.save();
  context.globalAlpha = fresh ? 1 : STALE_ALPHA;
  const points = panel.spec.x.map((x) => [panel.x(x), panel.y(slope * x + intercept)]);
  strokeThrough(context, points, 2.6, penOf(view, item), 1);
  context.restore();
}

function drawVline(context, panel, item, view) {
  let x = item.control ? view.store.values[item.control] : item.x;
  if (item.source) {
    const rows = table(view, item.source);
    if (!rows.rows) return;
    x = rows.at(0, item.x);
  }
  const { color, dash } = penOf(view, item);
  const px = panel.x(x);
  strokeThrough(context, [[px, panel.y0], [px, panel.y1]], 1.6, { color, dash }, 1);
  if (!item.label) return;
  const right = (item.side ?? "right") === "right";
  context.fillStyle = color;
  context.textAlign = right ? "left" : "right";
  context.textBaseline = "top";
  context.fillText(item.label.replace("{x}", short(x)), px + (right ? 5 : -5), panel.y1 + 2);
}

/** Text that stays readable over lines: a halo of paper around it. */
function haloText(context, theme, text, x, y) {
  context.save();
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = theme.paper;
  context.strokeText(text, x, y);
  context.restore();
  context.fillText(text, x, y);
}

function drawHline(context, panel, item, view) {
  const { color } = penOf(view, item);
  const py = panel.y(item.control ? view.store.values[item.control] : item.y);
  strokeThrough(context, [[panel.x0, py], [panel.x1, py]], 1, { color, dash: [3, 3] }, 0.8);
  if (!item.label) return;
  const right = item.side === "right";
  context.fillStyle = color;
  context.textAlign = right ? "right" : "left";
  context.textBaseline = "top";
  haloText(context, view.theme, item.label, right ? panel.x1 - 5 : panel.x0 + 5, py + 3);
}

function drawDot(context, panel, item, view) {
  const value = view.store.values[item.control];
  context.fillStyle = penOf(view, item).color;
  context.strokeStyle = view.theme.paper;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(panel.x(value), panel.y0 - 1, 5.5, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

function drawBars(context, panel, item, view) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  item.channels.forEach((channel, i) => {
    const colors = view.dark ? (item.colors_dark ?? item.colors) : item.colors;
    const [left, right, top] = [panel.x(i - 0.3), panel.x(i + 0.3), panel.y(rows.at(Math.floor(view.k), channel))];
    const floor = panel.spec.y_log ? panel.y0 : panel.y(0);
    context.fillStyle = colors[i];
    context.fillRect(left, Math.min(top, floor), right - left, Math.abs(floor - top));
    context.fillStyle = view.theme.ink;
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText(`${item.labels[i]} = ${short(rows.at(Math.floor(view.k), channel))}`, (left + right) / 2, Math.min(top, floor) - 3);
  });
  context.restore();
}

/** Shares as steps above the bottom of the panel, in bins over its width. */
function drawHistogram(context, panel, item, view) {
  const rows = table(view, item.source);
  if (!rows.rows) return;
  const k = Math.floor(view.k);
  const width = (panel.x1 - panel.x0) / item.count;
  const points = [[panel.x0, panel.y0]];
  for (let i = 0; i < item.count; i++) {
    const top = Math.min(panel.y0, panel.y(Math.max(rows.at(k, item.first + i), panel.spec.y[0])));
    points.push([panel.x0 + i * width, top], [panel.x0 + (i + 1) * width, top]);
  }
  points.push([panel.x1, panel.y0]);
  const pen = penOf(view, item);
  context.save();
  context.globalAlpha = rows.fresh ? 1 : STALE_ALPHA;
  strokeThrough(context, points, 2, pen, 1);
  context.globalAlpha *= 0.18;
  context.fillStyle = pen.color;
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.fill();
  context.restore();
}

const STILL = { field: drawField, picture: drawPicture };
const MOVING = {
  path: drawPath,
  curve: drawCurve,
  points: drawPoints,
  arrow: drawArrow,
  line: drawSlopedLine,
  vline: drawVline,
  hline: drawHline,
  dot: drawDot,
  bars: drawBars,
  histogram: drawHistogram,
};

// ------------------------------------------------------------------------------------------------ the handle

/** A point to drag: a real button, so that Tab, the arrow keys and a finger reach it as well as a mouse. */
function makeHandle(panel, item, view) {
  const button = document.createElement("button");
  button.className = "optimlab-handle";
  button.type = "button";
  button.setAttribute("aria-label", `${item.label ?? item.control}: drag, or use the arrow keys`);
  button.title = item.hint ?? "drag me";
  panel.box.append(button);
  const dims = () => view.store.values[item.control].length;
  const move = (point, dragging) => view.store.set(item.control, dims() === 1 ? [point[0]] : point, dragging);
  const place = () => {
    const value = view.store.values[item.control];
    button.style.left = `${panel.x(value[0])}px`;
    button.style.top = `${panel.y(value.length === 1 ? item.y : value[1])}px`;
  };
  let held = false;
  const toData = (event) => {
    const box = panel.front.getBoundingClientRect();
    return panel.data(event.clientX - box.left, event.clientY - box.top);
  };
  const down = (event) => {
    if (event.button !== 0) return;
    const box = panel.front.getBoundingClientRect();
    if (!panel.contains(event.clientX - box.left, event.clientY - box.top)) return;
    event.preventDefault();
    held = true;
    event.target.setPointerCapture(event.pointerId);
    button.focus({ preventScroll: true });
    if (event.target !== button) move(toData(event), true);
  };
  const drag = (event) => held && move(toData(event), true);
  const up = () => {
    if (!held) return;
    held = false;
    view.store.drop();
  };
  const key = (event) => {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    const size = event.shiftKey ? 0.05 : 0.01;
    const { x, y } = panel.spec;
    const value = view.store.values[item.control];
    const next = [clamp(value[0] + dx * size * (x[1] - x[0]), ...x), clamp((value[1] ?? 0) + dy * size * (y[1] - y[0]), ...y)];
    move(next, false);
  };
  for (const target of [button, panel.front]) {
    target.addEventListener("pointerdown", down);
    target.addEventListener("pointermove", drag);
    target.addEventListener("pointerup", up);
    target.addEventListener("pointercancel", up);
  }
  panel.front.style.cursor = "crosshair";
  panel.front.style.touchAction = "none";
  button.addEventListener("keydown", key);
  return { place };
}

// ------------------------------------------------------------------------------------------------ transport and legend

const ICONS = {
  start: "M4 3v10h2V3zm3 5 7 5V3z",
  back: "M11 3 4 8l7 5z",
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 3h3v10H4zm5 0h3v10H9z",
  forward: "M5 3l7 5-7 5z",
};

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function iconButton(name, label) {
  const button = element("button", { type: "button", className: "optimlab-icon" });
  button.innerHTML = `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
  button.setAttribute("aria-label", label);
  button.title = label;
  return button;
}

/** First step, back, play, forward, scrubber, step counter, speed. */
function makeTransport(view, { steps, unit }) {
  const [start, back, play, forward] = [
    iconButton("start", "to the start"),
    iconButton("back", `one ${unit} back`),
    iconButton("play", "play"),
    iconButton("forward", `one ${unit} forward`),
  ];
  const scrub = element("input", { type: "range", min: 0, max: steps, step: 1, value: view.k, className: "optimlab-scrub" });
  scrub.setAttribute("aria-label", unit);
  const counter = element("output", { className: "optimlab-counter" });
  const speed = element("select", { className: "optimlab-speed" });
  speed.setAttribute("aria-label", "speed");
  for (const factor of SPEEDS) speed.append(element("option", { value: factor, textContent: `${factor}×`, selected: factor === 1 }));
  const seek = (k) => {
    view.playing = false;
    view.k = clamp(k, 0, steps);
    view.invalidate();
  };
  start.onclick = () => seek(0);
  back.onclick = () => seek(Math.ceil(view.k) - 1);
  forward.onclick = () => seek(Math.floor(view.k) + 1);
  play.onclick = () => view.togglePlay();
  scrub.oninput = () => seek(Number(scrub.value));
  speed.onchange = () => (view.speed = Number(speed.value));
  const bar = element("div", { className: "optimlab-transport" }, start, back, play, forward, scrub, counter, speed);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "playback");
  let icon = "play";
  const update = () => {
    const k = Math.floor(view.k);
    if (Number(scrub.value) !== k) scrub.value = k;
    const text = `${unit} ${k} / ${steps}`;
    if (counter.textContent !== text) counter.textContent = text;
    const wanted = view.playing ? "pause" : "play";
    if (icon === wanted) return;
    icon = wanted;
    play.querySelector("path").setAttribute("d", ICONS[icon]);
    play.setAttribute("aria-label", icon);
    play.title = icon;
  };
  return { bar, update };
}

/** L at step k, the settling time, and where the numbers stop being finite, read off the run's loss. */
function readout(view, run) {
  if (!run.loss) return "";
  const [source, channel] = run.loss;
  const rows = table(view, source);
  if (!rows.rows) return "";
  if (!rows.fresh) return "…";
  const k = Math.floor(view.k);
  const value = rows.at(k, channel);
  const parts = [`${run.reads} = ${short(Number.isFinite(value) ? value + run.minimum : Infinity)}`];
  let settled = rows.rows;
  while (settled > 0 && rows.at(settled - 1, channel) <= run.tolerance) settled--;
  const finite = finiteSteps(rows);
  if (finite < rows.rows) parts.push(`not finite from ${view.scene.unit} ${finite}`);
  else if (run.tolerance !== null) parts.push(settled < rows.rows ? `settled after ${settled}` : "not settled");
  return parts.join(" · ");
}

/** One chip for each run: its line, its name, its readout; press it to switch the run off and on. */
function makeLegend(view) {
  const bar = element("div", { className: "optimlab-legend" });
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "what is shown");
  const chips = view.scene.runs.map((run) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    line.setAttribute("width", "30");
    line.setAttribute("height", "10");
    line.setAttribute("aria-hidden", "true");
    const dash = run.dash.map((d) => 2.4 * d).join(",") || "none";
    line.innerHTML = `<line x1="1" y1="5" x2="29" y2="5" stroke-width="2.8" stroke-dasharray="${dash}"/>`;
    const text = element("span", { className: "optimlab-number" });
    const chip = element("button", { type: "button", className: "optimlab-chip" }, line, element("b", { textContent: run.label }), text);
    chip.style.setProperty("--c", run.color);
    chip.style.setProperty("--d", run.color_dark);
    chip.setAttribute("aria-pressed", String(!view.off.has(run.id)));
    chip.title = "show or hide";
    chip.onclick = () => {
      if (!view.off.delete(run.id)) view.off.add(run.id);
      chip.setAttribute("aria-pressed", String(!view.off.has(run.id)));
      view.invalidate();
    };
    bar.append(chip);
    return { run, text };
  });
  const notes = view.scene.readouts.map((note) => {
    const text = element("span", { className: "optimlab-note" });
    bar.append(text);
    return { note, text };
  });
  const write = (node, text) => node.textContent !== text && (node.textContent = text);
  const update = () => {
    for (const { run, text } of chips) write(text, readout(view, run));
    for (const { note, text } of notes) {
      const rows = table(view, note.source);
      const value = rows.rows ? short(rows.at(Math.floor(view.k), note.channel), note.digits) : "…";
      write(text, `${note.label} = ${rows.fresh ? value : "…"}`);
    }
  };
  const words = () => view.scene.runs.filter((run) => !view.off.has(run.id)).map((run) => `${run.label}: ${readout(view, run)}`).join("; ");
  return { bar, update, words };
}

// ------------------------------------------------------------------------------------------------ around the stage

/** The lab's sliders in words: ipywidgets gives their handles no name, and that of a logarithmic one its exponent. */
function nameSliders(lab) {
  for (const slider of lab.querySelectorAll(".widget-slider")) {
    const [handle, readout] = [slider.querySelector(".noUi-handle"), slider.querySelector(".widget-readout")];
    if (!handle || !readout) continue;
    const row = slider.closest(".optimlab-row")?.querySelector(".optimlab-swatch");
    const name = [row, slider.querySelector(".widget-label")].map((node) => node?.textContent.trim()).filter(Boolean).join(" ");
    put(handle, { "aria-label": name, "aria-valuetext": readout.textContent });
    put(readout, { role: "textbox", "aria-label": `${name} as a number` });
  }
}

/** Attributes, where they are not there yet. */
function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Keep the sliders' words true; returns what ends it. */
function watchSliders(lab) {
  nameSliders(lab);
  const observer = new MutationObserver((records) => {
    if (records.some(({ target }) => !target.closest(".optimlab-stage"))) nameSliders(lab); // there numbers move, no sliders
  });
  observer.observe(lab, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-valuetext"] });
  return () => observer.disconnect();
}

/**
 * In the lab a key is the lab's and none of the notebook's, but to save and to run the cell; returns what ends it.
 * Notebook 7 hears a key before the lab does, JupyterLab after it; both let it pass if what has the focus is so marked.
 */
function keepKeys(lab) {
  const decide = (event) => {
    const forNotebook = event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter");
    if (lab.contains(event.target)) event.target.toggleAttribute("data-lm-suppress-shortcuts", !forNotebook);
  };
  window.addEventListener("keydown", decide, true);
  return () => window.removeEventListener("keydown", decide, true);
}

// ------------------------------------------------------------------------------------------------ a view

/** One view of the stage. */
class View {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.scene = model.get("scene");
    this.store = acquire(model);
    this.runs = Object.fromEntries(this.scene.runs.map((run) => [run.id, run]));
    this.off = new Set(this.scene.runs.filter((run) => !run.shown).map((run) => run.id));
    this.k = this.scene.first_step;
    this.playing = false;
    this.speed = 1;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.build();
    this.watch();
    this.store.ready.then(() => this.invalidate());
  }

  build() {
    const { root, scene } = this;
    root.classList.add("optimlab-stage");
    const plain = element("div", { className: "optimlab-panels" });
    const rulers = element("div", { className: "optimlab-rulers" });
    root.append(plain, rulers);
    this.panels = scene.panels.map((spec) => new Panel(spec, spec.height === "ruler" ? rulers : plain));
    this.handles = this.panels.flatMap((panel) =>
      panel.spec.marks.filter((item) => item.kind === "handle").map((item) => makeHandle(panel, item, this)),
    );
    this.legend = makeLegend(this);
    this.transport = scene.steps ? makeTransport(this, scene) : null;
    if (this.transport) root.append(this.transport.bar);
    root.append(this.legend.bar);
    this.trouble = element("div", { className: "optimlab-trouble" });
    this.trouble.setAttribute("role", "alert");
    this.live = element("div", { className: "optimlab-live" });
    this.live.setAttribute("aria-live", "polite");
    root.append(this.trouble, this.live);
    root.optimlab = () => this.report();
  }

  watch() {
    this.onChange = () => {
      this.invalidate();
      clearTimeout(this.speaker);
      this.speaker = setTimeout(() => (this.live.textContent = this.legend.words()), 800);
    };
    this.store.listeners.add(this.onChange);
    this.sizes = new ResizeObserver(() => this.invalidate());
    this.sizes.observe(this.root);
    this.themes = new MutationObserver(() => setTimeout(() => this.invalidate(), 60));
    const options = { attributes: true, attributeFilter: ["class", "style", "theme", "data-jp-theme-name", "data-jp-theme-light"] };
    for (const node of [document.body, document.documentElement]) this.themes.observe(node, options);
    this.onKey = (event) => {
      if (event.key !== " " || ["BUTTON", "SELECT"].includes(event.target.tagName) || !this.transport) return;
      event.preventDefault();
      this.togglePlay();
    };
    this.root.addEventListener("keydown", this.onKey);
  }

  /** The lab is known once it stands on the page. */
  settle(lab) {
    this.leave = [watchSliders(lab), keepKeys(lab)];
    return lab;
  }

  togglePlay() {
    this.playing = !this.playing;
    if (this.playing && this.k >= this.scene.steps) this.k = 0;
    this.before = null;
    this.invalidate();
  }

  /** Draw in the next frame; many calls make one drawing. */
  invalidate() {
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      this.advance(now);
      this.draw();
    });
  }

  advance(now) {
    if (!this.playing) return;
    const passed = this.before === null ? 0 : Math.min(now - this.before, 250) / 1000;
    this.before = now;
    this.clock = (this.clock ?? this.k) + passed * STEPS_PER_SECOND * this.speed;
    if (passed === 0) this.clock = this.k;
    this.k = Math.min(this.calm ? Math.floor(this.clock) : this.clock, this.scene.steps);
    if (this.k >= this.scene.steps) this.playing = false;
    else this.invalidate();
  }

  draw() {
    if (!this.root.isConnected || !this.root.clientWidth) return;
    this.lab ??= this.settle(this.root.closest(".optimlab-lab") ?? this.root);
    this.dark = isDark(this.root.parentElement ?? this.root);
    this.theme = this.dark ? THEMES.dark : THEMES.light;
    this.root.classList.toggle("optimlab-dark", this.dark);
    this.panels.forEach((panel) => panel.resize());
    for (const panel of this.panels) {
      this.drawBack(panel);
      panel.paint(panel.front, (context) => {
        for (const item of panel.spec.marks) if (MOVING[item.kind] && shown(this, item)) MOVING[item.kind](context, panel, item, this);
      }, panel.spec.height !== "ruler");
    }
    for (const handle of this.handles) handle.place();
    this.legend.update();
    this.transport?.update();
    const complaint = this.store.complaint();
    if (this.trouble.textContent !== complaint) this.trouble.textContent = complaint;
    this.frames = (this.frames ?? 0) + 1;
  }

  /** The still part is drawn again only when it has changed. */
  drawBack(panel) {
    const still = panel.spec.marks.filter((item) => STILL[item.kind]);
    const rows = still.map((item) => this.store.pick(item.source));
    const key = [panel.width, panel.height, panel.scale, this.theme, panel.image?.complete, ...rows.flatMap((r) => [r.data ?? r.picture, r.fresh])];
    if (panel.key && key.length === panel.key.length && key.every((part, i) => part === panel.key[i])) return;
    const context = panel.paint(panel.back, (inner) => still.forEach((item) => STILL[item.kind](inner, panel, item, this)));
    drawAxes(context, panel, this.theme);
    panel.key = key;
  }

  /** What is drawn now, in numbers: for tests. */
  report() {
    const sources = Object.fromEntries(
      Object.keys(this.store.sources()).map((name) => {
        const { data, shape, fresh } = this.store.pick(name);
        return [name, { fresh, shape, first: data ? [...data.slice(0, shape.at(-1))] : [], last: data ? [...data.slice(-shape.at(-1))] : [] }];
      }),
    );
    return {
      k: this.k, playing: this.playing, frames: this.frames, dark: this.dark, off: [...this.off], sources,
      values: structuredClone(this.store.values), waiting: this.store.waitingFor !== null,
      resting: this.store.waitingFor === null && this.store.wanted === null && !this.store.timer,
    };
  }

  close() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.speaker);
    this.store.listeners.delete(this.onChange);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.root.removeEventListener("keydown", this.onKey);
    for (const leave of this.leave ?? []) leave();
    release(this.model);
  }
}

function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  const view = new View(model, root);
  return () => view.close();
}

export default { render };
