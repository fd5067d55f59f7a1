// What a learner touches: the handle, the transport, the legend.

/** @import { Mark } from "./lines.js" */
/** @import { Panel, Point } from "./panel.js" */
/** @import { Camera } from "./camera.js" */
/** @import { Run } from "./scene.js" */
/** @import { View } from "./view.js" */
import { finiteSteps, table } from "./lines.js";
import { makeKnots } from "./knots.js";
import { clamp, moved, short } from "./numbers.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4];

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * A point in axes that are turned by an angle in degrees.
 * @type {(point: Point, angle: number) => Point}
 */
export function rotated([x, y], angle) {
  const [c, s] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  return [c * x + s * y, c * y - s * x];
}

/**
 * A point to drag: a real button, so that Tab, the arrow keys and a finger reach it as well as a mouse. On a surface in
 * 3-D, which the pointer turns elsewhere, it follows the `camera`.
 * @type {(panel: Panel, item: Mark, view: View, camera?: () => Camera | null) => { panel: Panel, place: () => void }}
 */
export function makeHandle(panel, item, view, camera) {
  const button = document.createElement("button");
  button.className = "optimlab-handle";
  button.type = "button";
  button.setAttribute("aria-label", `${item.label ?? item.control}: drag, or use the arrow keys`);
  button.title = item.hint ?? "drag me";
  panel.box.append(button);
  const dims = () => view.store.values[item.control].length;
  /** @type {(point: any, sign: number) => any} where the point is in the panel, or with −1 back from there */
  const turned = (point, sign) => (item.turn ? rotated(point, sign * view.store.values[item.turn]) : point);
  /** @type {(point: Point, dragging: boolean) => void} */
  const move = (point, dragging) => view.store.set(item.control, dims() === 1 ? [point[0]] : turned(point, -1), dragging);
  const place = () => {
    const value = turned(view.store.values[item.control], 1);
    const seen = camera?.();
    const spot = seen?.spot(seen.unit(value));
    const [left, top] = spot?.at ?? [panel.x(value[0]), panel.y(value.length === 1 ? item.y : value[1])];
    button.style.left = `${left}px`;
    button.style.top = `${top}px`;
    if (camera) button.classList.toggle("optimlab-behind", Boolean(spot?.behind));
  };
  let held = false;
  /** @type {(event: PointerEvent) => Point} */
  const toData = (event) => {
    const box = panel.front.getBoundingClientRect();
    return (camera?.() ?? panel).data(event.clientX - box.left, event.clientY - box.top);
  };
  /** @type {(event: PointerEvent) => void} */
  const down = (event) => {
    if (event.button !== 0) return;
    const box = panel.front.getBoundingClientRect();
    if (!camera && !panel.contains(event.clientX - box.left, event.clientY - box.top)) return;
    event.preventDefault();
    held = true;
    /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
    button.focus({ preventScroll: true });
    if (event.target !== button) move(toData(event), true);
  };
  /** @type {(event: PointerEvent) => void} */
  const drag = (event) => {
    if (held) move(toData(event), true);
  };
  const up = () => {
    if (!held) return;
    held = false;
    view.store.drop();
  };
  /** @type {(event: KeyboardEvent) => void} */
  const key = (event) => {
    const [dx, dy] = ARROWS[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    const size = event.shiftKey ? 0.05 : 0.01;
    const { x, y, x_log, y_log } = panel.spec;
    const value = turned(view.store.values[item.control], 1);
    move([moved(value[0], dx * size, x, x_log), moved(value[1] ?? 0, dy * size, y, y_log)], false);
  };
  for (const target of /** @type {HTMLElement[]} */ (camera ? [button] : [button, panel.front])) {
    target.addEventListener("pointerdown", down);
    target.addEventListener("pointermove", drag);
    target.addEventListener("pointerup", up);
    target.addEventListener("pointercancel", up);
  }
  if (!camera) Object.assign(panel.front.style, { cursor: "crosshair", touchAction: "none" });
  button.addEventListener("keydown", key);
  return { panel, place };
}

/**
 * All that can be dragged in a panel.
 * @type {(panel: Panel, view: View, camera?: () => Camera | null) => { panel: Panel, place: () => void }[]}
 */
export function makeHandles(panel, view, camera) {
  return panel.spec.marks.flatMap((item) => {
    if (item.kind === "knots") return [makeKnots(panel, item, view)];
    return item.kind === "handle" ? [makeHandle(panel, item, view, camera)] : [];
  });
}

/** @type {Record<string, string>} */
const ICONS = {
  start: "M4 3v10h2V3zm3 5 7 5V3z",
  back: "M11 3 4 8l7 5z",
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 3h3v10H4zm5 0h3v10H9z",
  forward: "M5 3l7 5-7 5z",
};

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** @type {(name: string, label: string) => HTMLButtonElement} */
function iconButton(name, label) {
  const button = element("button", { type: "button", className: "optimlab-icon" });
  button.innerHTML = `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
  button.setAttribute("aria-label", label);
  button.title = label;
  return button;
}

/**
 * First step, back, play, forward, scrubber, step counter, speed.
 * @type {(view: View, scene: { steps: number, unit: string }) => { bar: HTMLElement, update: () => void }}
 */
export function makeTransport(view, { steps, unit }) {
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
  /** @type {(k: number) => void} */
  const seek = (k) => {
    view.playing = false;
    view.veil.lift();
    view.k = clamp(k, 0, steps);
    view.invalidate();
  };
  start.onclick = () => seek(0);
  back.onclick = () => seek(Math.ceil(Math.min(view.k, view.reached())) - 1);
  forward.onclick = () => seek(Math.floor(view.k) + 1);
  play.onclick = () => view.togglePlay();
  scrub.oninput = () => seek(Number(scrub.value));
  speed.onchange = () => (view.speed = Number(speed.value));
  const bar = element("div", { className: "optimlab-transport" }, start, back, play, forward, scrub, counter, speed);
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "playback");
  let icon = "play";
  const update = () => {
    const k = Math.min(Math.floor(view.k), view.reached());
    if (Number(scrub.value) !== k) scrub.value = String(k);
    const text = `${unit} ${k} / ${steps}`;
    if (counter.textContent !== text) counter.textContent = text;
    const wanted = view.playing ? "pause" : "play";
    if (icon === wanted) return;
    icon = wanted;
    play.querySelector("path")?.setAttribute("d", ICONS[icon]);
    play.setAttribute("aria-label", icon);
    play.title = icon;
  };
  return { bar, update };
}

/**
 * L at step k, the settling time, and where the numbers stop being finite, read off the run's loss.
 * @type {(view: View, run: Run) => string}
 */
export function readout(view, run) {
  if (!run.loss || view.veil.down) return "";
  const [source, channel] = run.loss;
  const rows = table(view, source);
  if (!rows.rows) return "";
  if (!rows.fresh) return "…";
  const k = Math.floor(view.k);
  const value = rows.at(k, channel);
  const parts = [`${run.reads} = ${short(Number.isFinite(value) ? value + run.minimum : Infinity)}`];
  let settled = rows.rows;
  while (settled > 0 && rows.at(settled - 1, channel) <= (run.tolerance ?? 0)) settled--;
  const finite = finiteSteps(rows);
  if (finite < rows.rows) parts.push(`not finite from ${view.scene.unit} ${finite}`);
  else if (run.tolerance !== null) parts.push(settled < rows.rows ? `settled after ${settled}` : "not settled");
  return parts.join(" · ");
}

/**
 * One chip for each run: its line, its name, its readout; press it to switch the run off and on.
 * @type {(view: View) => { bar: HTMLElement, update: () => void, words: () => string }}
 */
export function makeLegend(view) {
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
    const chip = element("button", { type: "button", className: "optimlab-chip" }, line, element("b", {}, element("bdi", { textContent: run.label })), text);
    chip.style.setProperty("--c", run.color);
    chip.style.setProperty("--d", run.color_dark);
    chip.setAttribute("aria-pressed", String(!view.off.has(run.id)));
    chip.title = `${run.label}: show or hide`;
    chip.onclick = () => {
      if (!view.off.delete(run.id)) view.off.add(run.id);
      chip.setAttribute("aria-pressed", String(!view.off.has(run.id)));
      view.invalidate();
    };
    bar.append(chip);
    return { run, text, chip };
  });
  const notes = view.scene.readouts.map((note) => {
    const text = element("span", { className: "optimlab-note" });
    bar.append(text);
    return { note, text };
  });
  const update = () => {
    for (const { run, text, chip } of chips) {
      write(text, readout(view, run));
      if (chip.getAttribute("aria-pressed") === String(view.off.has(run.id))) chip.setAttribute("aria-pressed", String(!view.off.has(run.id)));
    }
    for (const { note, text } of notes) {
      const rows = table(view, note.source);
      const value = rows.rows ? short(rows.at(Math.floor(view.k), note.channel), note.digits) : "…";
      write(text, view.veil.down ? "" : `${note.label} = ${rows.fresh ? value : "…"}`);
    }
  };
  const words = () => view.veil.down ? "" : view.scene.runs.filter((run) => !view.off.has(run.id)).map((run) => `${run.label}: ${readout(view, run)}`).join("; ");
  return { bar, update, words };
}

/**
 * A text, where it is not there yet.
 * @type {(node: Element, text: string) => void}
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
