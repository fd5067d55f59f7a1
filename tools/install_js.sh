#!/bin/sh
# install_js.sh: the JavaScript tools that tools/js/package-lock.json pins, once, and again only when that file changes.
set -eu
. tools/python.sh
installed=tools/js/node_modules/package-lock.json

if ! cmp -s tools/js/package-lock.json "$installed"; then
    command -v npm >/dev/null || fail "The JavaScript tools need npm: install Node 20.19 or newer, with npm, then run make again."
    npm ci --prefix tools/js --ignore-scripts --no-audit --no-fund --loglevel=error ||
        fail "The JavaScript tools could not be installed: check the connection and the messages above, then run make again."
    cp tools/js/package-lock.json "$installed"
fi
