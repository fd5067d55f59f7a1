import js from "@eslint/js";

const NETWORK = ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "Worker", "importScripts"];

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  {
    rules: {
      "no-undef": "off", // tsc knows better what there is in a browser
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
      "no-shadow": "error",
      eqeqeq: "error",
      "object-shorthand": "error",
      "prefer-template": "error",
      "no-implicit-coercion": "error",
      "no-console": "error",
      "no-eval": "error",
      "max-lines": ["error", 300],
      "max-lines-per-function": ["error", 80],
      complexity: ["error", 20],
    },
  },
  {
    files: ["optimlab/**"],
    rules: {
      "no-restricted-globals": ["error", ...NETWORK.map((name) => ({ name, message: "The stage fetches nothing." }))],
    },
  },
  { files: ["tests/**"], rules: { "max-lines-per-function": "off" } },
];
