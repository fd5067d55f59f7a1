#!/bin/sh
# lock.sh BIN: requirements.lock for every Python and platform we support, versions and hashes, no addresses.
set -eu
"$1/python" -m pip install --quiet uv
"$1/uv" pip compile pyproject.toml --extra lab --group dev --group build --upgrade --quiet \
    --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url \
    --custom-compile-command "make lock" --output-file requirements.lock
