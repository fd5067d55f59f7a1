// The ghost: paths and curves at the settings of a link that is pasted into the stage, faint beside the live ones.
// Ctrl+C in the stage copies the link to what it shows; Escape, or the button below the legend, takes the ghost away.

/** @import { Context, Panel } from "./panel.js" */
/** @import { Mark, Table } from "./lines.js" */
/** @import { Said } from "./links.js" */
/** @import { View } from "./view.js" */
import { element, write } from "./controls.js";
import { penOf, strokeInside, table, trace } from "./lines.js";
import { linkOf, readLink } from "./links.js";
import { same, short } from "./numbers.js";
import { Cook } from "./recipes.js";

const EDITABLE = "input:not([type=range], [type=radio]), textarea, select, [contenteditable=true]";

/** Other settings beside those that the controls show. */
export class Ghost {
  bar = element("div", { className: "optimlab-ghost", hidden: true });
  chip = element("button", { type: "button", className: "optimlab-compared", textContent: "×", title: "take the comparison away (Escape)" });
  /** @type {Said | null} */
  said = null;

  /** @param {View} view */
  constructor(view) {
    this.view = view;
    this.cook = new Cook(() => view.invalidate());
    this.bar.append(this.chip);
    this.chip.onclick = () => this.vanish();
    document.addEventListener("keydown", this.onKey);
    document.addEventListener("paste", this.onPaste);
    document.addEventListener("copy", this.onCopy);
  }

  /** @type {(event: KeyboardEvent) => void} */
  onKey = (event) => {
    if (event.key !== "Escape" || !this.said || !this.isMine(event)) return;
    event.preventDefault();
    event.stopPropagation();
    this.vanish();
  };

  /** @type {(event: ClipboardEvent) => void} */
  onPaste = (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!text.trim() || !Object.keys(this.view.store.values).length || !this.isMine(event)) return;
    event.preventDefault();
    event.stopPropagation();
    this.show(text);
  };

  /** @type {(event: ClipboardEvent) => void} */
  onCopy = (event) => {
    const { view } = this;
    const names = Object.keys(view.store.values);
    if (!names.length || !this.isMine(event) || String(getSelection())) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", view.address + linkOf(view, names));
    view.live.textContent = "copied: the link to this state";
  };

  /**
   * Whether something happens in the lab, its sliders too, or on a page that holds nothing else; not where text is
   * written.
   * @type {(event: Event) => boolean}
   */
  isMine(event) {
    const target = /** @type {Element} */ (event.target);
    const { root } = this.view;
    const home = root.closest(".optimlab-lab") ?? root;
    return !target.closest?.(EDITABLE) && (home.contains(target) || root.closest(".optimlab-page") !== null);
  }

  /**
   * Show the paths at the settings of a link, or say what is wrong with it.
   * @type {(text: string) => void}
   */
  show(text) {
    const { store } = this.view;
    const said = readLink(text, store);
    store.notice = typeof said === "string" ? said : "";
    if (typeof said !== "string") this.said = { ...said, values: structuredClone({ ...store.values, ...said.values }) };
    store.changed();
  }

  vanish() {
    this.said = null;
    this.view.invalidate();
  }

  /** Lines of the panels that the browser can compute, or those that it can't. @type {(travels: boolean) => Mark[]} */
  lines(travels) {
    const sources = this.view.store.sources;
    const all = this.view.panels.flatMap((panel) => panel.spec.marks.filter((item) => ["path", "curve"].includes(item.kind)));
    return all.filter((item) => Boolean(sources[item.source]?.recipe) === travels);
  }

  /**
   * The lines of a panel, below the live ones.
   * @type {(context: Context, panel: Panel) => void}
   */
  draw(context, panel) {
    for (const item of this.shown().filter((line) => panel.spec.marks.includes(line))) {
      const rows = this.rows(item);
      const points = trace(panel, rows, stepPlace(item, rows), (k) => rows.at(k, item.y));
      if (points.length) strokeInside(context, panel, points, 1.3, penOf(this.view, item), 0.55);
    }
  }

  /** The lines whose runs are on, here and in the link. */
  shown() {
    const { said, view } = this;
    return said ? this.lines(true).filter(({ run = "" }) => !view.off.has(run) && !said.off.has(run)) : [];
  }

  /**
   * What a line's source would be at the settings of the link.
   * @type {(item: Mark) => Table}
   */
  rows({ source }) {
    const values = this.said?.values ?? {};
    const pick = () => this.cook.make(source, this.view.store.sources, values) ?? { data: null, shape: [0], fresh: false };
    return table({ store: { pick } }, source);
  }

  /** Where each of them ends: for tests. */
  report() {
    return Object.fromEntries(this.shown().map((item) => {
      const rows = this.rows(item);
      return [item.source, Array.from({ length: rows.columns }, (_, c) => (rows.rows ? rows.at(rows.rows - 1, c) : NaN))];
    }));
  }

  /** What the button says. */
  update() {
    this.bar.hidden = !this.said;
    if (this.said) write(this.chip, `× compared with ${this.differences() || "these very settings"}${this.lacking()}`);
  }

  /** The settings that differ from those of the controls. */
  differences() {
    const { store } = this.view;
    const typed = store.model.get("typed");
    const differing = Object.entries(this.said?.values ?? {}).filter(([name, value]) => !same(value, store.values[name]));
    return differing.map(([name, value]) => {
      const row = name.includes(" ") ? `${name.slice(0, name.lastIndexOf(" "))} ` : "";
      return Array.isArray(value) ? `${name} = (${value.map((x) => short(x)).join(", ")})` : `${row}${typed[name]?.symbol ?? name} = ${short(value)}`;
    }).join(", ");
  }

  /** What has no ghost, in words. */
  lacking() {
    const runs = new Set(this.lines(false).map(({ run, source }) => this.view.runs[run ?? ""]?.label ?? source));
    if (!runs.size && !this.lines(true).length) return "; nothing here has a ghost";
    if (!runs.size) return this.view.layout === "3-D" ? "; its paths are seen in 2-D" : "";
    return this.lines(true).length ? `; no ghost of ${[...runs].join(", ")}, which Python alone computes` : "; no ghost: here Python alone computes the paths";
  }

  close() {
    this.cook.close();
    document.removeEventListener("paste", this.onPaste);
    document.removeEventListener("copy", this.onCopy);
    document.removeEventListener("keydown", this.onKey);
  }
}

/**
 * Where a step lies across: in a channel of the source, or it is the step itself.
 * @type {(item: Mark, rows: Table) => (k: number) => number}
 */
function stepPlace(item, rows) {
  const { x } = item;
  return x === undefined || x === null ? (k) => k : (k) => rows.at(k, x);
}
