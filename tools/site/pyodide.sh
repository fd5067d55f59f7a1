#!/bin/sh
# pyodide.sh BIN FOLDER: the files of Pyodide, out of a pinned package and each checked, in FOLDER.
set -eu
rm -rf "$2" "$2.part" "$2.wheel"
"$1/python" -m pip download --quiet --no-deps --require-hashes -r tools/site/pyodide.txt -d "$2.wheel" || {
    echo "Pyodide's files could not be fetched: unpack its full release and name it, as in 'make site PYODIDE=folder'." >&2
    exit 1
}
"$1/python" -m tools.site.pyodide "$2.wheel"/*.whl "$2.part"
mv "$2.part" "$2"
rm -r "$2.wheel"
