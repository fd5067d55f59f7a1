// What the stage shows as current, and how it talks with the kernel.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Store } from "../../optimlab/stage/store.js";
import { acquire, release } from "../../optimlab/stage/stores.js";
import { fakeStage, sent } from "./model.js";

/** @import { FakeModel } from "./model.js" */

const REST = 150;
const PATIENCE = 10000;

/** @type {FakeModel} */
let model;
/** @type {Record<string, FakeModel>} */
let sliders;
/** @type {Store} */
let store;

beforeEach(async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  ({ model, sliders } = fakeStage());
  store = new Store(model);
  await store.ready;
});

afterEach(() => {
  store.close();
  mock.timers.reset();
  mock.restoreAll();
});

// What a source shows, as plain numbers, and what the kernel answers.
const shown = (name = "sum") => [...(store.pick(name).data ?? [])];
const fresh = (name = "sum") => store.pick(name).fresh;
const answer = (traits = {}) => model.receive({ ...traits, answered: model.requests.at(-1)?.seq });

// Which row is shown

test("the values are the sliders' and the points'", () => {
  assert.deepEqual(store.values, { x: 1, y: 20, point: [3, 4] });
});

test("what was computed for the values shown is current", () => {
  assert.deepEqual([shown(), fresh()], [[21, -19], true]);
});

for (const [control, value, row] of /** @type {const} */ ([["x", 0, [20, -20]], ["x", 2, [22, -18]], ["y", 10, [11, -9]], ["y", 30, [31, -29]]])) {
  test(`a slider on its grid shows the row of its sweep at once: ${control} = ${value}`, () => {
    sliders[control].receive({ value });
    assert.deepEqual([shown(), fresh()], [[...row], true]);
  });
}

test("a value between two rows is stale and shows the row that was drawn last", () => {
  store.pick("sum");
  store.set("x", 0.4);
  assert.deepEqual([shown(), fresh()], [[21, -19], false]);
});

test("a sweep for other values of the other sliders is not taken for theirs", () => {
  store.pick("sum");
  sliders.x.receive({ value: 2 });
  sliders.y.receive({ value: 30 });
  assert.equal(fresh(), false);
  model.receive({ sweep_sum_x: sent({ y: 30 }, [3, 2], [30, -30, 31, -29, 32, -28]) });
  assert.deepEqual([shown(), fresh()], [[32, -28], true]);
});

test("what was never current is shown as stale", () => {
  store.set("x", 0.4);
  assert.deepEqual([shown(), fresh()], [[21, -19], false]);
});

test("a source of which nothing has come is empty and stale", () => {
  model.traits.current_far = {};
  assert.deepEqual(store.pick("far"), { data: null, shape: [0], fresh: false });
});

test("a point is current only for exactly its coordinates", () => {
  store.set("point", [3, 4.0001]);
  assert.equal(fresh("far"), false);
  store.set("point", [3, 4]);
  assert.equal(fresh("far"), true);
});

test("a row is the same object as long as it holds the same numbers, and a new one with new numbers", () => {
  sliders.x.receive({ value: 2 });
  const { data } = store.pick("sum");
  assert.equal(store.pick("sum").data, data);
  model.receive({ sweep_sum_x: sent({ y: 20 }, [3, 2], [0, 0, 0, 0, 7, 8]) });
  assert.notEqual(store.pick("sum").data, data);
  assert.deepEqual(shown(), [7, 8]);
});

test("a picture stays the bytes that it is", () => {
  const bytes = new DataView(new ArrayBuffer(3));
  model.receive({ current_far: { base: { point: [3, 4] }, shape: [3], bytes, picture: true } });
  const { picture, data, fresh: isFresh } = store.pick("far");
  assert.deepEqual([picture, data, isFresh], [bytes, null, true]);
});

// The conversation with the kernel

test("a slider that its sweeps answer asks nothing until it rests, and then for everything", () => {
  sliders.x.receive({ value: 2 });
  mock.timers.tick(REST - 1);
  assert.equal(model.requests.length, 0);
  mock.timers.tick(1);
  assert.deepEqual(model.requests, [{ seq: 1, typed: [], values: { x: 2, y: 20, point: [3, 4] }, rest: true }]);
});

test("what is missing is asked for at once", () => {
  store.set("x", 0.4);
  assert.deepEqual(model.requests, [{ seq: 1, typed: [], values: { x: 0.4, y: 20, point: [3, 4] }, rest: false }]);
});

test("one request is under way at a time, and the next is the newest", () => {
  for (const value of [0.1, 0.2, 0.3, 0.4]) store.set("x", value);
  assert.deepEqual(model.requests.map(({ values }) => values.x), [0.1]);
  answer();
  assert.deepEqual(model.requests.map(({ values }) => values.x), [0.1, 0.4]);
  answer();
  assert.equal(model.requests.length, 2);
});

test("only the answer to the request under way makes room for the next", () => {
  for (const value of [0.1, 0.2]) store.set("x", value);
  model.receive({ answered: 0 });
  assert.equal(model.requests.length, 1);
  model.receive({ answered: 1 });
  assert.equal(model.requests.length, 2);
});

test("a request says what the controls showed when it was made", () => {
  store.set("point", [0, 0]);
  store.values.point[0] = 9;
  assert.deepEqual(model.requests[0].values.point, [0, 0]);
});

test("a view that comes later counts on from the kernel's last answer", () => {
  model.traits.answered = 41;
  store.set("x", 0.4);
  assert.equal(model.requests[0].seq, 42);
});

test("a point in the hand is not at rest until it is let go", () => {
  store.set("point", [0, 0], true);
  answer();
  mock.timers.tick(5 * REST);
  assert.deepEqual(model.requests.map(({ rest }) => rest), [false]);
  store.drop();
  mock.timers.tick(REST);
  assert.deepEqual(model.requests.map(({ rest }) => rest), [false, true]);
});

test("the kernel moves a point only while no hand holds it, and not back to where it has gone on from", () => {
  store.set("point", [0, 0], true);
  model.receive({ points: { point: [3, 4] } });
  assert.deepEqual(store.values.point, [0, 0]);
  store.drop();
  model.receive({ points: { point: [5, 6] } });
  assert.deepEqual(store.values.point, [5, 6]);
  answer();
  mock.timers.tick(REST);
  store.set("point", [5, 7]);
  model.receive({ points: { point: [5, 6] } });
  assert.deepEqual(store.values.point, [5, 7]);
});

test("a value that is the same up to rounding is no change", () => {
  let changes = 0;
  store.listeners.add(() => changes++);
  sliders.x.receive({ value: 1 + 1e-12 });
  mock.timers.tick(REST);
  assert.deepEqual([changes, model.requests.length], [0, 0]);
});

test("a kernel that is silent for long is spoken of, as long as what is shown is stale", () => {
  const now = mock.method(performance, "now", () => 0).mock;
  let changes = 0;
  store.set("x", 0.4);
  store.listeners.add(() => changes++);
  assert.equal(store.complaint(), "");
  now.mockImplementation(() => PATIENCE + 1);
  mock.timers.tick(PATIENCE + 100);
  assert.equal(changes, 1);
  assert.match(store.complaint(), /Python has not answered/);
  sliders.x.receive({ value: 2 });
  assert.equal(store.complaint(), "");
});

test("a problem that the kernel names is passed on", () => {
  model.receive({ problem: "too hard" });
  assert.equal(store.complaint(), "too hard");
});

// Coming and going

test("views of one model share a store, which goes with the last of them", () => {
  const other = fakeStage().model;
  const first = acquire(other);
  assert.equal(acquire(other), first);
  release(other);
  assert.notEqual(other.heard, 0);
  release(other);
  assert.equal(other.heard, 0);
  assert.notEqual(acquire(other), first);
  release(other);
});

test("views of two models share nothing", () => {
  const [one, two] = [fakeStage().model, fakeStage().model];
  assert.notEqual(acquire(one), acquire(two));
  release(one);
  release(two);
});

test("a store that is closed listens no more and asks no more", () => {
  sliders.x.receive({ value: 2 });
  store.close();
  mock.timers.tick(PATIENCE);
  sliders.x.receive({ value: 0 });
  assert.equal(model.requests.length, 0);
  assert.deepEqual([model, sliders.x, sliders.y].map(({ heard }) => heard), [0, 0, 0]);
});

// What lies between two positions of a slider

test("a slider that is put to the position nearest to its value changes nothing", () => {
  model.receive({ programmed: { y: [14, 1] } });
  assert.equal(store.values.y, 14);
  sliders.y.receive({ value: 10 }); // on a logarithmic slider 14 is nearer to 10 than to 20; on a linear one too
  assert.equal(store.values.y, 14);
  sliders.y.receive({ value: 20 });
  assert.equal(store.values.y, 20);
});

test("nearest means nearest on the slider's own scale", () => {
  model.receive({ programmed: { y: [14.5, 1] } });
  sliders.y.receive({ value: 20 }); // √(10 · 20) = 14.1 is the middle
  assert.equal(store.values.y, 14.5);
});

test("what a program sets is heard once, and again when it is set again", () => {
  model.receive({ programmed: { x: [0.3, 1] } });
  sliders.x.receive({ value: 2 });
  model.receive({ programmed: { x: [0.3, 1], y: [11, 1] } });
  assert.deepEqual([store.values.x, store.values.y], [2, 11]);
  model.receive({ programmed: { x: [0.3, 2], y: [11, 1] } });
  assert.equal(store.values.x, 0.3);
});

test("what is typed is taken as it is, and Python is told once", () => {
  store.type("x", " 1,25 ");
  assert.equal(store.values.x, 1.25);
  assert.deepEqual(model.requests.at(-1)?.typed, ["x"]);
  answer();
  store.type("y", "15");
  assert.deepEqual(model.requests.at(-1)?.typed, ["y"]);
});

test("what cannot be taken is refused in words until something moves", () => {
  for (const text of ["2.5", "-1", "one", "", "1,0,0", "NaN", "Infinity"]) {
    store.type("x", text);
    assert.equal(store.values.x, 1, text);
    assert.match(store.complaint(), /^x must be a number from 0 to 2 here, got “/);
  }
  store.type("y", "10.5");
  assert.match(store.complaint(), /^y must be a whole number from 10 to 30/);
  sliders.x.receive({ value: 2 });
  assert.equal(store.complaint(), "");
});

test("a page that is opened again shows the value that its arrays were computed for", async () => {
  const again = fakeStage();
  again.sliders.x.receive({ value: 1 });
  again.model.receive({ current_sum: sent({ x: 1.2, y: 20 }, [2], [21.2, -18.8]) });
  const other = new Store(again.model);
  await other.ready;
  assert.equal(other.values.x, 1.2);
  other.close();
});

test("where no widget of a slider is known, its place is taken, and Python is told in a request", async () => {
  const other = fakeStage().model;
  other.widget_manager = { get_model: async () => Promise.reject(new Error("no such model")) };
  Object.assign(other.traits, { values: { x: 2, y: 20 } });
  const alone = new Store(other);
  await alone.ready;
  assert.deepEqual([alone.values.x, alone.values.y], [2, 20]);
  alone.movers.get("x")?.set("value", 0);
  assert.equal(alone.values.x, 0);
  mock.timers.tick(REST);
  assert.deepEqual(other.requests.at(-1)?.typed, ["x"]);
  assert.equal(other.requests.at(-1)?.values.x, 0);
  alone.close();
});
