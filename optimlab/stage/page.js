// A lab on a page of its own: sliders, a link with its whole state, and a model in place of anywidget's. There is no
// kernel, and nothing is asked of anybody. page.py writes the page and the data in it.

/** @import { SliderSpec } from "./rows.js" */
/** @import { Values } from "./store.js" */
import { element, write } from "./controls.js";
import { linkOf, linked, offIn } from "./links.js";
import { fits } from "./numbers.js";
import { rowsOf } from "./rows.js";
import { Traits } from "./traits.js";
import { gazeFrom } from "./turning.js";
import { View } from "./view.js";

/** @typedef {{ base: Values, shape: number[], bytes?: any, picture?: boolean }} Content */
/**
 * @typedef {object} Page
 * @property {Record<string, any>} traits as Python's widget has them; bytes are in base 64
 * @property {Record<string, Content[]>} sweeps of a source that does not travel, each for other values of the other controls
 * @property {SliderSpec[]} sliders those that can be moved here
 * @property {string[]} movable the points that can be dragged here
 * @property {Values} values what the controls show at first
 * @property {string} fixed what cannot be moved here, in words
 */

/** The stage's model: a request is answered at once, for whatever can be asked for is here. */
class PageModel extends Traits {
  /** @param {Page} page */
  constructor({ traits, sweeps }) {
    super(traits);
    this.sweeps = sweeps;
    /** @type {() => Values} */
    this.shown = () => ({});
  }

  /** @type {(name: string) => any} */
  get(name) {
    const offered = this.sweeps[name];
    if (!offered) return super.get(name);
    const shown = this.shown();
    return offered.find(({ base }) => fits(base, shown));
  }

  save_changes() {
    queueMicrotask(() => this.set("answered", this.get("request")?.seq ?? 0));
  }
}

/** @type {(text: string) => DataView<ArrayBuffer>} */
const decoded = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

/**
 * Take what a link says, as far as it can be here.
 * @type {(view: View, names: string[], link: string, exact: (name: string) => boolean) => void}
 */
export function follow(view, names, link, exact) {
  const { store } = view;
  const said = new URLSearchParams(link);
  for (const name of names) {
    const text = said.get(linked(name));
    const numbers = (text || "?").split(",").map(Number);
    const now = store.values[name];
    if (!numbers.every(Number.isFinite) || numbers.length !== [now].flat().length) continue;
    if (Array.isArray(now)) store.set(name, numbers);
    else if (exact(name)) store.type(name, String(numbers[0]));
    else store.set(name, store.model.get("grids")[name][store.place(name, numbers[0])]);
  }
  if (said.has("off")) view.switchOff([...offIn(said)]);
  if (said.has("k")) view.veil.lift();
  if (said.has("k") && Number.isFinite(Number(said.get("k")))) view.k = Math.min(Math.max(0, Number(said.get("k"))), view.scene.steps);
  if (said.has("view") && view.choice) view.arrange(said.get("view") ?? "");
  const look = (said.get("look") || "?").split(",").map(Number);
  if (look.length === 2 && look.every(Number.isFinite)) view.turntable.look(gazeFrom(look[0], look[1]));
  view.invalidate();
}

/**
 * A button that copies the link; `prefix` is what stands before the state, where a page has several labs.
 * @type {(view: View, names: string[], prefix: string) => HTMLElement}
 */
function linkButton(view, names, prefix) {
  const button = element("button", { type: "button", className: "optimlab-link", textContent: "copy a link to this state" });
  button.onclick = async () => {
    location.replace(`#${prefix}${linkOf(view, names)}`);
    try {
      await navigator.clipboard.writeText(location.href);
      write(button, "copied");
    } catch {
      write(button, "it stands in the address bar");
    }
    setTimeout(() => write(button, "copy a link to this state"), 2500);
  };
  return button;
}

/**
 * Build a lab of the page; `prefix` is what its links begin with, where there are several.
 * @type {(root: HTMLElement, page: Page, prefix?: string) => Promise<View>}
 */
export async function open(root, page, prefix = "") {
  const { traits, sweeps, sliders } = page;
  for (const content of [...Object.values(traits), ...Object.values(sweeps).flat()]) if (typeof content?.bytes === "string") content.bytes = decoded(content.bytes);
  /** @type {Record<string, Traits>} */
  const movers = Object.fromEntries(Object.keys(traits.grids).map((name) => [name, new Traits({ value: page.values[name] })]));
  const model = new PageModel({ ...page, traits: { ...traits, sliders: movers } });
  const stage = element("div");
  root.append(stage);
  const view = new View(model, stage);
  model.shown = () => view.store.values;
  view.address = `${location.href.split("#")[0]}#${prefix}`;
  await view.store.ready;
  root.append(...rowsOf(view, sliders));
  const names = [...sliders.map(({ name }) => name), ...page.movable];
  root.append(element("p", { className: "optimlab-foot" }, linkButton(view, names, prefix)));
  if (page.fixed) root.append(element("p", { className: "optimlab-fixed", textContent: page.fixed }));
  const exact = (/** @type {string} */ name) => sliders.some((spec) => spec.name === name && spec.typed);
  const start = `#${prefix}`;
  const hear = () => location.hash.length > start.length && location.hash.startsWith(start) && follow(view, names, location.hash.slice(start.length), exact);
  hear();
  addEventListener("hashchange", hear);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.invalidate());
  return view;
}

const data = typeof document === "undefined" ? null : document.getElementById("optimlab-page");
if (data) open(/** @type {HTMLElement} */ (document.getElementById("optimlab")), JSON.parse(data.textContent ?? "{}"));
