// Numbers as people write them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { numberIn } from "../../optimlab/forms/predict.js";

/** @type {[string, number][]} */
const READ = [["5", 5], [" 0.5 ", 0.5], ["0,5", 0.5], [".5", 0.5], ["1e3", 1000], ["139000", 139000], ["139,000", 139000], ["139 000", 139000], ["1,234,567.5", 1234567.5], ["1\u00a0000", 1000], ["1.000", 1]];
for (const [text, number] of READ) test(`${text} is ${number}`, () => assert.equal(numberIn(text), number));

for (const text of ["", " ", "many", "0x10", "1,00,000", "5 steps", "1,5,2", "Infinity", "−3"]) {
  test(`"${text}" is no number`, () => assert.ok(Number.isNaN(numberIn(text))));
}
