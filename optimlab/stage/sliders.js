// The lab's sliders, which are ipywidgets': their words, the numbers beside them and what is typed there, and the keys.

/** @import { Store } from "./store.js" */
import { write } from "./controls.js";
import { exactly, rowOf } from "./numbers.js";

/**
 * The control that a slider on the page belongs to; Python has marked it with its number.
 * @type {(slider: Element, store: Store) => string | undefined}
 */
function controlOf(slider, store) {
  const mark = [...slider.classList].find((name) => name.startsWith("optimlab-control-"));
  return mark && store.model.get("names")[Number(mark.split("-").at(-1))];
}

/**
 * The lab's sliders in words: ipywidgets gives their handles no name, and that of a logarithmic one its exponent; and
 * beside a handle that stands between two positions it shows one of these, not the value.
 * @type {(lab: Element, store: Store) => void}
 */
function nameSliders(lab, store) {
  for (const slider of lab.querySelectorAll(".widget-slider")) {
    const [handle, number] = [slider.querySelector(".noUi-handle"), slider.querySelector(".widget-readout")];
    if (!handle || !number) continue;
    const control = controlOf(slider, store);
    const value = control === undefined ? undefined : store.values[control];
    const positions = control === undefined ? [] : store.model.get("positions")[control];
    if (typeof value === "number" && number !== document.activeElement && rowOf(positions, value) < 0) write(number, exactly(value));
    const row = slider.closest(".optimlab-row")?.querySelector(".optimlab-swatch");
    const name = [row, slider.querySelector(".widget-label")].map((node) => node?.textContent.trim()).filter(Boolean).join(" ");
    put(handle, { "aria-label": name, "aria-valuetext": number.textContent });
    put(number, { role: "textbox", "aria-label": `${name} as a number` });
  }
  for (const clock of lab.querySelectorAll(".widget-play button")) {
    put(clock, { "aria-label": clock.querySelector(".fa-stop") ? "begin anew" : "play or pause" });
  }
}

/**
 * What is typed beside a slider goes to the store, not to ipywidgets, which would cut it short, and move it to a
 * position; returns what ends it.
 * @type {(lab: Element, store: Store) => () => void}
 */
export function takeTyped(lab, store) {
  let before = "";
  /** @type {(event: Event) => Element | null} */
  const field = (event) => /** @type {Element} */ (event.target).closest?.(".widget-readout") ?? null;
  /** @type {(event: Event) => void} */
  const enter = (event) => {
    before = field(event)?.textContent ?? before;
  };
  /** @type {(number: Element, event: Event) => void} */
  const commit = (number, event) => {
    const slider = number.closest(".widget-slider");
    const control = slider && controlOf(slider, store);
    if (!slider || control === undefined || control === null) return;
    event.stopImmediatePropagation();
    const text = number.textContent ?? "";
    if (text === before) return;
    store.type(control, text);
    const value = store.values[control];
    before = store.notice ? before : exactly(value);
    write(number, before);
    nameSliders(lab, store);
  };
  /** @type {(event: Event) => void} */
  const leave = (event) => {
    const number = field(event);
    if (number) commit(number, event);
  };
  /** @type {(event: Event) => void} */
  const press = (event) => {
    const number = field(event);
    const { key } = /** @type {KeyboardEvent} */ (event);
    if (!number || !["Enter", "Escape"].includes(key)) return;
    event.preventDefault();
    if (key === "Escape") write(number, before);
    else commit(number, event);
    event.stopImmediatePropagation();
    /** @type {HTMLElement} */ (number).blur();
  };
  /** @type {[string, (event: Event) => void][]} */
  const heard = [["focusin", enter], ["focusout", leave], ["blur", leave], ["keydown", press]];
  for (const [name, hear] of heard) lab.addEventListener(name, hear, true);
  return () => heard.forEach(([name, hear]) => lab.removeEventListener(name, hear, true));
}

/**
 * Attributes, where they are not there yet.
 * @type {(node: Element, attributes: Record<string, string>) => void}
 */
function put(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Keep the sliders' words true; returns what ends it.
 * @type {(lab: Element, store: Store) => () => void}
 */
export function watchSliders(lab, store) {
  nameSliders(lab, store);
  const observer = new MutationObserver((records) => {
    if (records.some(({ target }) => !/** @type {Element} */ (target).closest(".optimlab-stage"))) nameSliders(lab, store); // there numbers move, no sliders
  });
  observer.observe(lab, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-valuetext"] });
  return () => observer.disconnect();
}

/**
 * In the lab a key is the lab's and none of the notebook's, but to save and to run the cell; returns what ends it.
 * Notebook 7 hears a key before the lab does, JupyterLab after it; both let it pass if what has the focus is so marked.
 * @type {(lab: Element) => () => void}
 */
export function keepKeys(lab) {
  /** @type {(event: KeyboardEvent) => void} */
  const decide = (event) => {
    const forNotebook = event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter");
    const target = /** @type {Element} */ (event.target);
    if (lab.contains(target)) target.toggleAttribute("data-lm-suppress-shortcuts", !forNotebook);
  };
  window.addEventListener("keydown", decide, true);
  return () => window.removeEventListener("keydown", decide, true);
}
