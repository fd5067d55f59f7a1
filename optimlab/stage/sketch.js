// A prediction that is drawn: the learner draws the path that is expected, says how sure, and commits; then the real one
// plays over it, both stay, and how far they are apart is told. Nothing can be drawn once the path has been seen.

/** @import { Context, Panel, Point } from "./panel.js" */
/** @import { View } from "./view.js" */
import { compared, judgement } from "./apart.js";
import { element, write } from "./controls.js";
import { finiteSteps, strokeInside, table } from "./lines.js";
import { lastOf, moved } from "./numbers.js";
import { disc } from "./symbols.js";

/**
 * What predictions/drawn.py says of it.
 * @typedef {object} Asked
 * @property {string} name
 * @property {string} question
 * @property {string} source the path that is asked for; its first two channels are the place
 * @property {string[]} levels how sure one can be
 * @property {number} limit how many percent apart a path that was right may be
 * @property {Said} [said] what was committed when the cell ran before
 */
/** @typedef {{ points: Point[], sure: number }} Said */

const STROKE = 0.05; // of an axis: what an arrow key moves the pen by; with Shift 0.01
const CLOSE = 4; // pixels: pieces of a line are no shorter
const POINTS = 400; // points of a drawn line
/** @type {Record<string, Point>} */
const STROKES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** The drawing of a view: the question, the pen, and the line that says how it went. */
export class Sketch {
  /** @type {Point[]} after the start, where every path begins */
  points = [];
  /** @type {Said | null} */
  said = null;
  told = false;
  drawing = false;
  question = element("b", { className: "optimlab-question" });
  sure = element("select", { className: "optimlab-ask" });
  commit = element("button", { type: "button", className: "optimlab-ask", textContent: "That is my prediction" });
  again = element("button", { type: "button", className: "optimlab-ask", textContent: "draw again" });
  line = element("span", { className: "optimlab-verdict" });
  pen = element("button", { type: "button", className: "optimlab-handle optimlab-pen", title: "draw from here, with the mouse, a finger, or the arrow keys" });

  /**
   * @param {View} view
   * @param {Asked} asked
   */
  constructor(view, asked) {
    this.view = view;
    this.asked = asked;
    this.question.textContent = asked.question;
    this.sure.append(element("option", { value: "", textContent: "how sure?" }), ...asked.levels.map((word, i) => element("option", { value: String(i), textContent: word })));
    this.sure.setAttribute("aria-label", "How sure are you?");
    this.pen.setAttribute("aria-label", "pen: the arrow keys draw, Backspace takes a piece back");
    this.line.setAttribute("role", "status");
    this.line.setAttribute("aria-live", "polite");
    this.commit.onclick = () => this.hear();
    this.again.onclick = () => this.wipe();
    this.pen.addEventListener("keydown", this.onKey);
    this.bar = element("div", { className: "optimlab-riddle" }, this.question, this.sure, this.commit, this.again, this.line);
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", "the path you expect");
    this.take(asked.said);
  }

  /** What was committed before is there again, and stays. @type {(said: Said | undefined) => void} */
  take(said) {
    if (!said) return;
    this.said = said;
    this.points = said.points;
    this.sure.value = String(said.sure);
    this.lock();
  }

  /** Whether there is still something to be drawn. */
  get open() {
    return !this.said && this.view.veil.down;
  }

  /** The path that is asked for, as far as its numbers are finite. */
  real() {
    const rows = table(this.view, this.asked.source);
    /** @type {Point[]} */
    const line = Array.from({ length: finiteSteps(rows) }, (_, k) => [rows.at(k, 0), rows.at(k, 1)]);
    return { line, there: rows.fresh && line.length > 1, whole: line.length === rows.rows };
  }

  /** @type {() => Point[]} */
  drawn() {
    return [...this.real().line.slice(0, 1), ...this.points];
  }

  /**
   * The pen in the panel that shows the path in two dimensions. What the pointer does there is the pen's alone while there
   * is something to be drawn.
   * @type {(panels: Panel[]) => { panel: Panel, place: () => void }[]}
   */
  handles(panels) {
    const panel = panels.find(({ spec }) => spec.way !== "3-D" && spec.marks.some(({ kind, source }) => kind === "path" && source === this.asked.source));
    if (!panel) return [];
    this.panel = panel;
    panel.box.append(this.pen);
    for (const type of /** @type {const} */ (["pointerdown", "pointermove", "pointerup", "pointercancel"])) panel.box.addEventListener(type, this.onPointer, true);
    const place = () => {
      const at = lastOf(this.drawn()) ?? [NaN, NaN];
      this.pen.hidden = !this.open || Number.isNaN(at[0]);
      this.pen.style.left = `${panel.x(at[0])}px`;
      this.pen.style.top = `${panel.y(at[1])}px`;
    };
    return [{ panel, place }];
  }

  /** @type {(event: PointerEvent) => void} */
  onPointer = (event) => {
    const { panel } = this;
    if (!panel || !this.open) return;
    event.stopPropagation();
    const box = panel.front.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    if (event.type === "pointerdown" && event.button === 0 && panel.contains(px, py)) {
      event.preventDefault();
      panel.box.setPointerCapture(event.pointerId);
      this.pen.focus({ preventScroll: true });
      this.drawing = true;
    } else if (event.type !== "pointermove") this.drawing = false;
    if (this.drawing) this.lengthen(panel.data(px, py), CLOSE);
  };

  /** @type {(event: KeyboardEvent) => void} */
  onKey = (event) => {
    const { panel, open } = this;
    const stroke = STROKES[event.key];
    if (!open || !panel || (!stroke && event.key !== "Backspace")) return;
    event.preventDefault();
    event.stopPropagation();
    if (!stroke) {
      this.points.pop();
      this.view.invalidate();
      return;
    }
    const size = event.shiftKey ? STROKE / 5 : STROKE;
    const { x, y, x_log, y_log } = panel.spec;
    const [left, up] = lastOf(this.drawn());
    this.lengthen([moved(left, stroke[0] * size, x, x_log), moved(up, stroke[1] * size, y, y_log)], 0);
  };

  /**
   * Draw on to a point, unless that is nearer than so many pixels.
   * @type {(to: Point, pixels: number) => void}
   */
  lengthen(to, pixels) {
    const from = lastOf(this.drawn());
    const { panel } = this;
    if (!panel || !from || this.points.length >= POINTS) return;
    if (Math.hypot(panel.x(to[0]) - panel.x(from[0]), panel.y(to[1]) - panel.y(from[1])) < pixels) return;
    this.points.push(to);
    this.say("");
    this.view.invalidate();
  }

  wipe() {
    this.points = [];
    this.say("");
    this.view.invalidate();
  }

  /** @type {(text: string) => void} */
  say(text) {
    write(this.line, text);
  }

  /** What is still missing, in words. */
  missing() {
    if (!this.points.length) return "Draw the path first: from the start, with the mouse, a finger, or the arrow keys.";
    if (!this.sure.value) return "Say how sure you are.";
    return this.real().there ? "" : "One moment: the path is being computed.";
  }

  /** Somebody commits: the line stays, Python hears of it, and the real path plays. */
  hear() {
    if (!this.open) return;
    const text = this.missing();
    if (text) return this.say(text);
    this.said = { points: this.points, sure: Number(this.sure.value) };
    const found = this.compare();
    this.tellPython({ ...this.said, percent: found?.percent ?? null, right: found?.right ?? false });
    this.lock();
    this.view.k = 0;
    this.view.togglePlay();
  }

  /** @type {(what: object) => void} */
  tellPython(what) {
    const { model } = this.view;
    model.set("sketched", what);
    model.save_changes();
  }

  lock() {
    this.sure.disabled = true;
    this.commit.hidden = this.again.hidden = true;
    this.say("Committed. Now it plays.");
  }

  /** The verdict comes when the real path has been seen to its end. */
  update() {
    const { view, said } = this;
    if (this.told || view.veil.down || (said && (view.playing || view.k < view.scene.steps))) return;
    this.told = true;
    if (!said) {
      this.lock();
      this.tellPython({ seen: true });
      return this.say("Seen without a prediction.");
    }
    const found = this.compare();
    this.say(found ? judgement(this.asked, found) : `${this.asked.name} not this time: the real path leaves the finite numbers.`);
  }

  /** Both paths; null where the real one leaves the finite numbers. */
  compare() {
    const { line, whole } = this.real();
    return whole && line.length > 1 ? compared(this.drawn(), line, this.asked.limit) : null;
  }

  /** @type {(context: Context, panel: Panel) => void} */
  draw(context, panel) {
    const points = this.drawn();
    if (panel !== this.panel || points.length < 2) return;
    const line = points.map(([x, y]) => /** @type {Point} */ ([panel.x(x), panel.y(y)]));
    const { ink, paper } = this.view.theme;
    strokeInside(context, panel, line, 7, { color: paper, dash: [] }, 0.8);
    strokeInside(context, panel, line, 3.5, { color: ink, dash: [] }, 1);
    disc(context, lastOf(line), 4, ink, paper);
  }

  report() {
    return { points: this.drawn(), said: this.line.textContent, open: this.open };
  }
}
