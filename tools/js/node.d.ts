// Node's own modules, for the tests: without types, so that the stage is checked against a browser and nothing else.
declare module "node:assert/strict";
declare module "node:test";
declare module "node:fs";
declare const process: { argv: string[]; stdout: { write(text: string): void } };
