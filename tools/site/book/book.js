// The labs and the exercises of a page of the book: a lab wakes as it comes near the window.

import { verdict } from "./answers.js";
import "./foretell.js";

const NEAR = "400px";
const PROGRAM = "./lab.js";
const AGAIN_MS = 3000; // after a file that did not come

/**
 * Bring a lab to life in its place, and take its picture away.
 * @type {(place: HTMLElement, room: HTMLElement) => Promise<void>}
 */
async function wake(place, room) {
  const figure = /** @type {HTMLElement} */ (place.parentElement);
  const [{ open }, data] = await Promise.all([
    /** @type {Promise<typeof import("../../../optimlab/stage/page.js")>} */ (import(PROGRAM)),
    fetch(place.dataset.src ?? "").then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.statusText)))),
  ]);
  place.append(room);
  await open(room, data, `${place.id}:`);
  figure.querySelector(".still")?.remove();
  figure.classList.add("alive");
}

/**
 * The buttons that choose one of several labs in one place.
 * @type {(figure: HTMLElement, places: HTMLElement[]) => void}
 */
function chooser(figure, places) {
  const group = document.createElement("fieldset");
  group.innerHTML = "<legend>method</legend>";
  places.forEach((place, i) => {
    const [label, input] = [document.createElement("label"), document.createElement("input")];
    Object.assign(input, { type: "radio", name: figure.id, checked: !i });
    label.append(input, ` ${place.dataset.label}`);
    input.onchange = () => {
      for (const other of places) other.hidden = other !== place;
      wakeOnce(place);
    };
    place.addEventListener("wanted", () => input.click());
    group.append(label);
  });
  figure.prepend(group);
}

/** @type {Set<HTMLElement>} */
const awake = new Set();

/** @type {(place: HTMLElement) => void} */
function wakeOnce(place) {
  if (awake.has(place)) return;
  awake.add(place);
  const room = document.createElement("div");
  room.className = "optimlab-lab";
  wake(place, room).catch((problem) => {
    awake.delete(place);
    room.remove();
    setTimeout(() => watch.observe(/** @type {HTMLElement} */ (place.parentElement)), AGAIN_MS);
    throw problem;
  });
}

const watch = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watch.unobserve(target);
      wakeOnce(/** @type {HTMLElement} */ (target.querySelector(".one:not([hidden])")));
    }
  },
  { rootMargin: `${NEAR} 0px` },
);

for (const figure of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("figure.lab"))) {
  const places = /** @type {HTMLElement[]} */ ([...figure.querySelectorAll(".one")]);
  if (places.length > 1) chooser(figure, places);
  watch.observe(figure);
}

/** A link to the state of a lab leads to the lab, unless it is seen already. */
function goToLab() {
  const place = document.getElementById(location.hash.slice(1).split(":")[0]);
  const figure = place?.closest("figure.lab");
  if (!place || !figure) return;
  for (let folded = figure.closest("details"); folded; folded = folded.parentElement?.closest("details") ?? null) folded.open = true;
  if (place.hidden) place.dispatchEvent(new Event("wanted"));
  const { top, bottom } = figure.getBoundingClientRect();
  if (bottom < 0 || top > innerHeight) figure.scrollIntoView();
}
goToLab();
addEventListener("hashchange", goToLab);

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form.exercise"))) {
  form.onsubmit = (event) => {
    event.preventDefault();
    const said = verdict(JSON.parse(form.dataset.asks ?? "{}"), /** @type {HTMLInputElement} */ (form.querySelector("input")).value);
    /** @type {HTMLOutputElement} */ (form.querySelector("output")).value = said;
    form.classList.toggle("right", said.includes("✓"));
  };
}
