#!/bin/sh
# setup.sh FOLDER: the environment in FOLDER, with the locked dependencies and optimlab itself (editable).
# PYTHON names the interpreter; without it, the first of the usual ones that runs and is new enough.
set -eu
venv=$1
. tools/python.sh

# new_venv OPTION...: an empty environment, of the Python that was asked for.
new_venv() {
    python=$(find_python ${PYTHON:-python3 python3.13 python3.12 python3.11}) ||
        fail "optimlab needs Python 3.11 or newer${PYTHON:+, which $PYTHON is not}: install it, or name one that you have, as in 'make lab PYTHON=/path/to/python3.12'."
    make_venv "$python" "$venv" "$@"
}

# find_uv: the machine's own, or the one in the environment; without either, the locked one from where pip gets it.
find_uv() {
    for uv in uv "$venv/bin/uv"; do
        if "$uv" --version >/dev/null 2>&1; then return; fi
    done
    sed -n '/^uv==/,/[^\\]$/p' requirements.lock | with_pip --only-binary=:all: --require-hashes -r /dev/stdin
}

# Python compiles what it imports and keeps it, unless this variable forbids that: then uv has to, as pip always does.
with_uv() {
    "$uv" pip install --quiet ${PYTHONDONTWRITEBYTECODE:+--compile-bytecode} --python "$venv/bin/python" "$@"
}

with_pip() {
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# install COMMAND: all that is locked, then optimlab itself.
install() {
    "$1" --require-hashes -r requirements.lock && "$1" --no-deps --no-build-isolation --editable .
}

# One that was ready once is brought up to date; one that was interrupted before, or whose Python has gone, is made anew.
if ! { [ -e "$venv/ready" ] && "$venv/bin/python" -c 'import pip'; } 2>/dev/null; then
    if uv --version >/dev/null 2>&1; then # it brings pip, which is locked
        new_venv --without-pip
    else
        new_venv
    fi
    echo "Installing what is locked; this takes up to a minute, once."
fi
if ! { find_uv && install with_uv; }; then
    echo "uv could not install the dependencies, see above: trying pip." >&2
    if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then new_venv; fi
    install with_pip ||
        fail "The dependencies could not be installed: check the connection and the messages above, then run make again."
fi
# The first thing a learner sees is a notebook, not a question about Jupyter's news; and a notebook that was saved
# carries the state of its labs, so that they are alive when it is opened again, before any cell is run.
mkdir -p "$venv/share/jupyter/lab/settings"
cat >"$venv/share/jupyter/lab/settings/overrides.json" <<'SETTINGS'
{
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false},
  "@jupyter-widgets/jupyterlab-manager:plugin": {"saveState": true}
}
SETTINGS
sed -n 's/^\([a-z0-9.-]*==[^ ;]*\).*/\1/p' requirements.lock >"$venv/locked.txt" # for the other environments
touch "$venv/ready"
