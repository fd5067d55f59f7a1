# Shell functions to find a Python and make a virtual environment; for setup.sh, colab.sh and the Makefile.
MARK=made-by-make # a file in each environment of ours, from the first moment on: only these may be deleted

fail() {
    echo "$1" >&2
    exit 1
}

# find_python NAME...: prints the first that runs (a pyenv shim may exist and not run) and is 3.11 or newer.
find_python() {
    for name; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    return 1
}

# is_ours FOLDER: whether make has made this environment, whole or in part.
is_ours() {
    [ -e "$1/$MARK" ] || [ -e "$1/ready" ]
}

# empty_venv FOLDER: an empty folder with our mark. What make has not made stays as it is, and a sentence says so.
empty_venv() {
    if [ -e "$1" ] && ! is_ours "$1" && [ -n "$(ls -A "$1")" ]; then
        fail "$1 is not an environment that make has made, so it stays as it is: remove it, or keep it and name another folder, as in 'make lab VENV=.venv-optimlab', then run make again."
    fi
    mkdir -p "$1"
    echo "make has made this environment, and may delete it." >"$1/$MARK"
    find "$1/" -mindepth 1 -maxdepth 1 ! -name "$MARK" -exec rm -rf {} +
}

# remove_venvs FOLDER...: those that make has made.
remove_venvs() {
    for venv; do
        if is_ours "$venv"; then rm -rf "$venv"; fi
    done
}

# make_venv PYTHON FOLDER [--without-pip]: anew. Debian ships Python without ensurepip, which brings pip; as root we
# fetch it, otherwise we say how.
make_venv() {
    empty_venv "$2"
    modules=venv,ensurepip
    if [ "${3:-}" = --without-pip ]; then modules=venv; fi
    if ! "$1" -c "import $modules" >/dev/null 2>&1; then
        package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Installing $package, which Python's venv needs here."
            { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } >/dev/null ||
                fail "$package could not be installed: install it yourself, then run make again."
        else
            fail "Python's venv module is incomplete here: install it (on Debian and Ubuntu: sudo apt install $package), then run make again."
        fi
    fi
    echo "Making the environment $2, with $("$1" --version)."
    "$1" -m venv ${3:-} "$2" || fail "The environment $2 could not be made with $1."
}
