#!/bin/sh
# setup.sh FOLDER: the environment in FOLDER, with the locked dependencies and optimlab itself (editable).
# PYTHON names the interpreter; without it, the first of the usual ones that runs and is new enough.
set -eu
venv=$1
. tools/python.sh

if [ ! -x "$venv/bin/pip" ]; then
    python=$(find_python ${PYTHON:-python3 python3.13 python3.12 python3.11}) ||
        fail "optimlab needs Python 3.11 or newer${PYTHON:+, which $PYTHON is not}: install it, or name one that you have, as in 'make lab PYTHON=/path/to/python3.12'."
    echo "Setting up $venv with $("$python" --version); this takes a minute or two, once."
    make_venv "$python" "$venv"
fi
install="$venv/bin/python -m pip install --quiet --disable-pip-version-check"
$install --require-hashes -r requirements.lock ||
    fail "The dependencies could not be installed: check the connection and the messages above, then run make again."
$install --no-deps --no-build-isolation --editable .
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
