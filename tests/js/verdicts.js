// Gives the book's verdict on predictions that Python has written to standard input: see tests/test_predictions.py.

import { readFileSync } from "node:fs";
import { judged } from "../../tools/site/book/foretell.js";

/** @type {[string, any, string | number, string][]} */
const cases = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(cases.map(([name, asks, answer, text]) => judged(text, name, asks, answer))));
