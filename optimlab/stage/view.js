// The stage: draws a scene (panels and marks, see scene.py) and moves it. Plain ES modules; they fetch nothing.
//
// A view is built of canvases, transport and legend. Nothing is drawn as current unless it is. bundle.py joins stage.js
// and all that it imports into the one module that anywidget asks for; page.js shows a view without a notebook.

/** @import { Model } from "./store.js" */
/** @import { Mark } from "./lines.js" */
/** @import { Run, Scene } from "./scene.js" */
import { cameraOf } from "./camera.js";
import { LAYOUTS, isShown, makeChoice } from "./choice.js";
import { element, makeHandles, makeLegend, makeTransport } from "./controls.js";
import { Ghost } from "./ghost.js";
import { extent, table } from "./lines.js";
import { STILL, movingIn, shown } from "./marks.js";
import { Panel, THEMES, drawAxes, isDark } from "./panel.js";
import { reportOf } from "./report.js";
import { keepKeys, takeTyped, watchSliders } from "./sliders.js";
import { acquire, release } from "./stores.js";
import { taskOf } from "./task.js";
import { Turntable, makeTurnable } from "./turning.js";
import { Veil } from "./veil.js";

const STEPS_PER_SECOND = 20;

/** One view of the stage. */
export class View {
  dark = false;
  theme = THEMES.light;
  playing = false;
  speed = 1;
  frames = 0; // how many have been drawn
  address = ""; // what stands before the state in a link, where the page has an address of its own
  /** @type {number | null} */
  frame = null; // the one to come
  /** @type {number | null} */
  before = null; // when the last one was, while the stage plays
  /** @type {number | undefined} */
  clock; // the step at that time, with its fraction
  /** @type {Element | null} */
  lab = null;
  /** @type {(() => void)[]} */
  leave = [];
  /** @type {Panel[]} */
  panels = [];
  /** @type {{ panel: Panel, place: () => void }[]} */
  handles = [];
  plain = element("div", { className: "optimlab-panels" });
  layout = "2-D";
  turntable = new Turntable(() => this.invalidate(false));
  whole = true; // whether more is to be drawn than what turns
  trouble = element("div", { className: "optimlab-trouble" });
  live = element("div", { className: "optimlab-live" });
  /** @type {number | undefined} */
  speaker;
  sizes = new ResizeObserver(() => this.invalidate());
  themes = new MutationObserver(() => setTimeout(() => this.invalidate(), 60));

  /**
   * @param {Model} model
   * @param {HTMLElement & { optimlab?: () => object }} root
   */
  constructor(model, root) {
    this.model = model;
    this.root = root;
    /** @type {Scene} */
    this.scene = model.get("scene");
    this.store = acquire(model);
    /** @type {Record<string, Run>} */
    this.runs = Object.fromEntries(this.scene.runs.map((run) => [run.id, run]));
    this.off = new Set(this.scene.runs.filter((run) => !run.shown).map((run) => run.id));
    this.k = this.scene.first_step;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.veil = new Veil(this);
    this.legend = makeLegend(this);
    this.ghost = new Ghost(this);
    this.task = taskOf(this);
    this.transport = this.scene.steps ? makeTransport(this, this.scene) : null;
    this.choice = this.scene.panels.some(({ way }) => way) ? makeChoice(this) : null;
    this.build();
    this.arrange(this.scene.layout);
    this.watch();
    this.store.ready.then(() => this.invalidate());
  }

  build() {
    const { root, scene } = this;
    root.classList.add("optimlab-stage");
    const rulers = element("div", { className: "optimlab-rulers" });
    root.append(this.plain, rulers);
    this.panels = scene.panels.map((spec) => new Panel(spec, spec.height === "ruler" ? rulers : this.plain));
    for (const panel of this.panels) if (panel.spec.way === "3-D") makeTurnable(panel, this.turntable);
    this.handles = this.panels.flatMap((panel) => {
      const camera = panel.spec.way === "3-D" ? () => cameraOf(panel, this) : undefined;
      return makeHandles(panel, this, camera);
    });
    this.handles.push(...(this.task?.handles?.(this.panels) ?? []));
    if (this.transport) root.append(this.transport.bar);
    this.legend.bar.append(this.veil.bar);
    root.append(...(this.task ? [this.task.bar] : []), this.legend.bar, this.ghost.bar);
    if (this.choice) (this.transport ?? this.legend).bar.append(this.choice.bar);
    this.trouble.setAttribute("role", "alert");
    this.live.setAttribute("aria-live", "polite");
    root.append(this.trouble, this.live);
    root.optimlab = () => reportOf(this);
  }

  onChange = () => {
    this.veil.hear();
    this.invalidate();
    clearTimeout(this.speaker);
    this.speaker = setTimeout(() => (this.live.textContent = this.legend.words()), 800);
  };

  /** @type {(event: KeyboardEvent) => void} */
  onKey = (event) => {
    const { tagName, type } = /** @type {HTMLInputElement} */ (event.target);
    if (event.key !== " " || ["BUTTON", "SELECT"].includes(tagName) || type === "radio" || !this.transport) return;
    event.preventDefault();
    this.togglePlay();
  };

  watch() {
    this.store.listeners.add(this.onChange);
    this.sizes.observe(this.root);
    const options = { attributes: true, attributeFilter: ["class", "style", "theme", "data-jp-theme-name", "data-jp-theme-light"] };
    for (const node of [document.body, document.documentElement]) this.themes.observe(node, options);
    this.root.addEventListener("keydown", this.onKey);
  }

  /**
   * The lab is known once it stands on the page.
   * @type {(lab: Element) => Element}
   */
  settle(lab) {
    this.leave = [watchSliders(lab, this.store), takeTyped(lab, this.store), keepKeys(lab)];
    return lab;
  }

  /**
   * Switch these runs off, and all others on.
   * @type {(runs: string[]) => void}
   */
  switchOff(runs) {
    this.off = new Set(runs.filter((run) => run in this.runs));
    this.invalidate();
  }

  /**
   * Show the surface in two dimensions, in three, or in both; a panel that is not shown is not on the page.
   * @type {(layout: string) => void}
   */
  arrange(layout) {
    if (!LAYOUTS.includes(layout)) return;
    this.layout = layout;
    this.plain.replaceChildren(...this.visible().flatMap(({ box, spec }) => (spec.height === "ruler" ? [] : [box])));
    this.choice?.update();
    this.invalidate();
  }

  /** @type {() => Panel[]} */
  visible() {
    return this.panels.filter(({ spec }) => isShown(spec.way, this.layout));
  }

  togglePlay() {
    this.veil.lift();
    this.playing = !this.playing;
    if (this.playing && this.k >= this.scene.steps) this.k = 0;
    this.before = null;
    this.invalidate();
  }

  /**
   * Draw in the next frame, all or only the surfaces in 3-D; many calls make one drawing.
   * @type {(whole?: boolean) => void}
   */
  invalidate(whole = true) {
    this.whole ||= whole;
    this.frame ??= requestAnimationFrame((now) => {
      this.frame = null;
      this.advance(now);
      this.draw();
    });
  }

  /** @type {(now: number) => void} */
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

  /**
   * The curves of a panel that are drawn step by step.
   * @type {(panel: Panel) => Mark[]}
   */
  curves(panel) {
    return panel.spec.marks.filter((item) => item.kind === "curve" && !item.still);
  }

  /**
   * The last step that there is; while a training is running that is not the last one of the axis.
   * @type {() => number}
   */
  reached() {
    const rows = this.panels.flatMap((panel) => this.curves(panel).map((item) => table(this, item.source).rows));
    return rows.length ? Math.max(0, Math.max(...rows) - 1) : this.scene.steps;
  }

  draw() {
    if (!this.root.isConnected || !this.root.clientWidth) return;
    this.lab ??= this.settle(this.root.closest(".optimlab-lab") ?? this.root);
    this.dark = isDark(this.root.parentElement ?? this.root);
    this.theme = this.dark ? THEMES.dark : THEMES.light;
    this.root.classList.toggle("optimlab-dark", this.dark);
    const panels = this.visible().filter(({ spec }) => this.whole || spec.way === "3-D");
    this.whole = false;
    panels.forEach((panel) => panel.resize());
    for (const panel of panels) {
      if (panel.spec.follow) panel.fit(...extent(this, this.curves(panel).filter((item) => shown(this, item))));
      this.drawBack(panel);
      const moving = movingIn(panel);
      panel.paint(panel.front, (context) => {
        if (panel.spec.way !== "3-D") this.ghost.draw(context, panel);
        this.task?.draw?.(context, panel);
        for (const item of panel.spec.marks) if (moving[item.kind] && shown(this, item) && !this.veil.hides(item)) moving[item.kind](context, panel, item, this);
      }, panel.spec.height !== "ruler");
    }
    for (const handle of this.handles) if (panels.includes(handle.panel)) handle.place();
    this.legend.update();
    this.ghost.update();
    this.task?.update();
    this.transport?.update();
    const complaint = this.store.complaint();
    if (this.trouble.textContent !== complaint) this.trouble.textContent = complaint;
    this.frames += 1;
  }

  /**
   * The still part is drawn again only when it has changed.
   * @type {(panel: Panel) => void}
   */
  drawBack(panel) {
    const still = panel.spec.marks.filter((item) => STILL[item.kind] && !this.veil.hides(item));
    const rows = still.map((item) => this.store.pick(item.source));
    const turned = panel.spec.way === "3-D" ? [this.turntable.gaze, this.turntable.moving] : [];
    const key = [panel.width, panel.height, panel.scale, this.theme, ...panel.up(), ...turned, panel.image?.complete, ...rows.flatMap((r) => [r.data ?? r.picture, r.fresh])];
    const before = panel.key;
    if (before && key.length === before.length && key.every((part, i) => part === before[i])) return;
    const context = panel.paint(panel.back, (inner) => still.forEach((item) => STILL[item.kind](inner, panel, item, this)));
    drawAxes(context, panel, this.theme);
    panel.key = key;
  }

  close() {
    cancelAnimationFrame(this.frame ?? 0);
    clearTimeout(this.speaker);
    this.turntable.close();
    this.store.listeners.delete(this.onChange);
    this.sizes.disconnect();
    this.themes.disconnect();
    this.root.removeEventListener("keydown", this.onKey);
    for (const leave of this.leave) leave();
    this.ghost.close();
    release(this.model);
  }
}
