#!/bin/sh
# lint_js.sh: types and rules for the JavaScript of the stage and of the book, and its tests.
set -eu
sh tools/install_js.sh
tools/js/node_modules/.bin/tsc -p tools/js
tools/js/node_modules/.bin/eslint -c tools/js/eslint.config.js --max-warnings 0 optimlab/stage optimlab/forms tools/site/book tests/js
