#!/bin/sh
# colab.sh FOLDER: an environment like Google Colab's, in FOLDER, without optimlab (the set-up cell brings it).
set -eu
venv=$1
. tools/python.sh

python=$(find_python python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python3.13 ${PYTHON:-} python3.12 python3.11 python3) ||
    fail "make colab-test needs Python 3.11 or newer, best 3.13 as on Colab: install it and run make again."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$version" = 3.13 ] || echo "Colab has Python 3.13, there is none here: testing its packages on $version."
make_venv "$python" "$venv"
# No dependencies: the list is complete, and ipywidgets 7 would bring the whole classic notebook.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r tests/colab/constraints.txt ||
    fail "Colab's packages could not be installed: check the connection and the messages above, then run make again."
touch "$venv/ready"
