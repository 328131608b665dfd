#!/usr/bin/env bash
# Makes .venv with exactly what a lock file names, each package checked against its hash: bootstrap.sh [LOCK]
# Run again with the same lock it does nothing. PYTHON names another interpreter than python3.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=${1:-requirements.lock}
python=${PYTHON:-python3}
say() { echo "hearthwatch: $*"; }

works() { .venv/bin/python -c 'import sys' 2>/dev/null; }

# A copy of the lock is left in .venv when all of it is there. The development lock holds the others.
installed() {
    local have
    for have in "$lock" requirements-dev.lock; do
        cmp -s "$have" ".venv/$have" && cmp -s pyproject.toml .venv/pyproject.toml && return 0
    done
    return 1
}

# Debian's python3 comes without ensurepip: then the system's pip or uv fills the folder, else python3-venv is needed.
create() {
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 && return 0
    rm -rf .venv
    if "$python" -m pip --version >/dev/null 2>&1; then
        say "python3-venv is missing: using pip of $python"
        "$python" -m venv --without-pip .venv
    elif command -v uv >/dev/null; then
        say "python3-venv and pip are missing: using uv"
        uv venv --quiet --python "$python" .venv
    else
        deploy/apt-install.sh "a Python environment needs python3-venv" python3-venv
        "$python" -m venv .venv
    fi
}

install() {
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input "$@"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip --python .venv/bin/python install -qq --disable-pip-version-check --no-input "$@"
    else
        uv pip install --quiet --python .venv/bin/python "$@"
    fi
}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11) or sys.maxsize < 2**32)' 2>/dev/null; then
    say "needs a 64-bit Python 3.11 or newer; $python is none. Set PYTHON to one." >&2
    exit 1
fi
works && installed && exit 0
works || create
say "setting up .venv from $lock (downloads what is not cached; this can take minutes)"
if ! install --require-hashes -r "$lock"; then
    say "could not install $lock; see the line above. Nothing outside .venv was changed." >&2
    exit 1
fi
install --no-deps --no-build-isolation --no-index --editable .
cp "$lock" pyproject.toml .venv/
