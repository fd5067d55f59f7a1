// One store for all views of a model.

/** @import { Model } from "./store.js" */
import { Store } from "./store.js";

/** @type {Map<string, { store: Store, users: number }>} */
const stores = new Map();

/**
 * The store of a model; `release` it when the view goes.
 * @type {(model: Model) => Store}
 */
export function acquire(model) {
  const uid = model.get("uid");
  const entry = stores.get(uid) ?? { store: new Store(model), users: 0 };
  stores.set(uid, entry);
  entry.users += 1;
  return entry.store;
}

/** @type {(model: Model) => void} */
export function release(model) {
  const uid = model.get("uid");
  const entry = stores.get(uid);
  if (!entry) return;
  entry.users -= 1;
  if (entry.users > 0) return;
  entry.store.close();
  stores.delete(uid);
}
