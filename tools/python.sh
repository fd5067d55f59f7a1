# Shell functions to find a Python and make a virtual environment; for setup.sh and colab.sh.

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

# make_venv PYTHON FOLDER: Debian ships Python without ensurepip; as root we fetch it, otherwise we say how.
make_venv() {
    if ! "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            echo "Installing $package, which Python's venv needs here."
            { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$package"; } >/dev/null ||
                fail "$package could not be installed: install it yourself, then run make again."
        else
            fail "Python's venv module is incomplete here: install it (on Debian and Ubuntu: sudo apt install $package), then run make again."
        fi
    fi
    "$1" -m venv --clear "$2" || fail "The environment $2 could not be made with $1."
}
