// Gives the book's verdict on answers that Python has written to standard input: see tests/test_book.py.

import { readFileSync } from "node:fs";
import { verdict } from "../../tools/site/book/answers.js";

/** @type {[import("../../tools/site/book/answers.js").Asks, string][]} */
const answers = JSON.parse(readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(answers.map(([asks, text]) => verdict(asks, text))));
