// Follows recipes that Python has written to a file, and writes what they give: see tests/test_travel.py.

import { readFileSync, writeFileSync } from "node:fs";
import { maker } from "../../optimlab/stage/recipes.js";

const [, , asked, answer] = process.argv;
/** @type {{ recipe: any, values: Record<string, number | number[]>[] }[]} */
const jobs = JSON.parse(readFileSync(asked, "utf-8"));
const rows = jobs.flatMap(({ recipe, values }) => {
  const make = maker(recipe);
  return values.map((one) => make(one).data);
});
const all = new Float64Array(rows.reduce((total, row) => total + row.length, 0));
let place = 0;
for (const row of rows) {
  all.set(row, place);
  place += row.length;
}
writeFileSync(answer, new Uint8Array(all.buffer));
