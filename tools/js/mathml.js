// Formulas as MathML: reads a JSON list of [LaTeX, whether it stands on a line of its own], writes a JSON list of HTML.
import { readFileSync } from "node:fs";
import temml from "temml";

const formulas = JSON.parse(readFileSync(0, "utf-8"));
const typeset = ([latex, displayMode]) => temml.renderToString(latex, { displayMode, throwOnError: true });
process.stdout.write(JSON.stringify(formulas.map(typeset)));
