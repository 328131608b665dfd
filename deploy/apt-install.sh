#!/usr/bin/env bash
# Installs Debian packages, saying which and what for: apt-install.sh REASON PACKAGE...
set -euo pipefail
reason=$1
shift
if ! command -v apt-get >/dev/null; then
    echo "hearthwatch: $reason: please install what Debian calls $*; there is no apt-get here to do it." >&2
    exit 1
fi
root=()
if [ "$(id -u)" != 0 ]; then
    # Without a terminal sudo may not ask for a password: it fails at once instead of waiting.
    root=(sudo)
    [ -t 0 ] || root=(sudo -n)
    if ! command -v sudo >/dev/null || ! "${root[@]}" true 2>/dev/null; then
        echo "hearthwatch: $reason: no permission to install it; please run: sudo apt-get install $*" >&2
        exit 1
    fi
fi
echo "hearthwatch: $reason: installing with apt-get: $*"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
