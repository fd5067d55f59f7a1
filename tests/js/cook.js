// Makes all sources that have a recipe, of labs that Python has written to a file: see tests/test_travel.py.

import { readFileSync, writeFileSync } from "node:fs";
import { Cook } from "../../optimlab/stage/recipes.js";

const [, , asked, answer] = process.argv;
/** @type {{ sources: Record<string, any>, values: Record<string, number | number[]>[] }[]} */
const labs = JSON.parse(readFileSync(asked, "utf-8"));

/** @type {(made: { data: ArrayLike<number>, shape: number[] }) => object} JSON knows no NaN and no infinity */
const told = ({ data, shape }) => ({ shape, data: Array.from(data, (x) => (Number.isFinite(x) ? x : String(x))) });

const found = [];
for (const { sources, values } of labs) {
  const cook = new Cook();
  const names = Object.keys(sources).filter((name) => sources[name].recipe);
  for (const one of values) {
    const begun = performance.now();
    const [times, coarse] = [{ rough: NaN, all: NaN }, /** @type {any[]} */ ([])];
    for (;;) {
      const made = names.map((name) => cook.make(name, sources, one));
      if (Number.isNaN(times.rough) && made.some((row) => row?.rough)) {
        times.rough = performance.now() - begun;
        coarse.push(...made.map((row) => row && row.rough && told(row)));
      }
      if (made.every((row) => row && !row.rough)) {
        times.all = performance.now() - begun;
        found.push({ times: [times.rough, times.all], coarse, made: Object.fromEntries(names.map((name, i) => [name, told(/** @type {any} */ (made[i]))])) });
        break;
      }
      await new Promise((done) => setTimeout(done, 0));
    }
  }
  cook.close();
}
writeFileSync(answer, JSON.stringify(found));
