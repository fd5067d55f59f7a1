// What is to be predicted first stays hidden until the learner plays, steps, drags or asks.

/** @import { Mark } from "./lines.js" */
/** @import { View } from "./view.js" */
import { element } from "./controls.js";

const OPEN = ["field", "solid", "picture", "fog", "handle", "knots"]; // the surface and what can be dragged is no answer

/** The veil of a view, and the button that lifts it. */
export class Veil {
  /** @param {View} view */
  constructor(view) {
    this.view = view;
    this.down = Boolean(view.scene.veiled);
    this.start = ""; // what the controls showed at first
    this.bar = element("button", { type: "button", className: "optimlab-veil", textContent: "show what comes out" });
    this.bar.hidden = !this.down;
    this.bar.onclick = () => {
      view.k = view.scene.steps;
      this.lift();
    };
  }

  /** Whether a mark is not to be seen yet. @type {(item: Mark) => boolean} */
  hides(item) {
    const tells = Boolean(item.source) || (item.kind === "points" && item.symbol === "ring"); // a ring marks what came out
    return this.down && tells && !OPEN.includes(item.kind);
  }

  lift() {
    if (!this.down) return;
    this.down = false;
    const held = document.activeElement === this.bar;
    this.bar.hidden = true;
    if (held) /** @type {HTMLElement | null} */ (this.view.root.querySelector(".optimlab-chip, .optimlab-icon"))?.focus();
    for (const panel of this.view.panels) panel.key = null;
    this.view.invalidate();
  }

  /** Where nothing plays, moving a control lifts it. */
  hear() {
    if (!this.down || this.view.transport) return;
    const shown = JSON.stringify(this.view.store.values);
    this.start ||= shown;
    if (shown !== this.start) this.lift();
  }
}
