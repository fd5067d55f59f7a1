#!/bin/sh
# lint_js.sh: types and rules for the stage's JavaScript and its tests, with the tools that tools/js/package-lock.json
# pins. They are installed once, and again only when that file changes.
set -eu
. tools/python.sh
installed=tools/js/node_modules/package-lock.json

if ! cmp -s tools/js/package-lock.json "$installed"; then
    command -v npm >/dev/null || fail "make lint needs npm for the JavaScript: install Node 20.19 or newer, with npm, then run make again."
    npm ci --prefix tools/js --ignore-scripts --no-audit --no-fund --loglevel=error ||
        fail "The JavaScript tools could not be installed: check the connection and the messages above, then run make again."
    cp tools/js/package-lock.json "$installed"
fi
tools/js/node_modules/.bin/tsc -p tools/js
tools/js/node_modules/.bin/eslint -c tools/js/eslint.config.js --max-warnings 0 optimlab/stage tests/js
