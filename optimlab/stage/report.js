// What a view draws now, in numbers: for tests.

/** @import { View } from "./view.js" */
import { degrees } from "./turning.js";

/** @type {(view: View) => object} */
export function reportOf(view) {
  const { store } = view;
  const sources = Object.fromEntries(
    Object.keys(store.sources).map((name) => {
      const { data, shape, fresh, rough } = store.pick(name);
      const size = shape.at(-1) ?? 1;
      return [name, { fresh: fresh && !rough, rough, shape, first: data ? [...data.slice(0, size)] : [], last: data ? [...data.slice(-size)] : [] }];
    }),
  );
  return {
    k: view.k, playing: view.playing, ghost: view.ghost.report(), frames: view.frames, veiled: view.veil.down, task: view.task?.report(), dark: view.dark, off: [...view.off], sources,
    layout: view.layout, gaze: degrees(view.turntable.gaze), turning: view.turntable.moving,
    values: structuredClone(store.values), waiting: store.waitingFor !== null,
    resting: store.waitingFor === null && store.wanted === null && !store.timer,
  };
}
