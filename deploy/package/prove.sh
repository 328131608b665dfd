#!/usr/bin/env bash
# make package-proof: the packages of build/packages on a Debian 12 that has never seen them, amd64 and, under an
# emulator, arm64. As root, since it makes roots and namespaces; nothing is left behind but build/package-proof, which
# keeps the bare Debians for the next time.
#   prove.sh [ARCH...]
set -euo pipefail
cd "$(dirname "$0")/../.."
here=deploy/package kept=build/package-proof
say() { echo "hearthwatch: $*"; }
[ "$(id -u)" = 0 ] || { say "the proof installs packages into a root of its own: run it as root" >&2; exit 1; }
command -v debootstrap >/dev/null || deploy/apt-install.sh "the proof needs a fresh Debian" debootstrap
command -v mosquitto >/dev/null || deploy/apt-install.sh "the proof needs a broker for its centre" mosquitto
command -v faketime >/dev/null || deploy/apt-install.sh "the proof sets one command's clock to 1970" faketime
version=$(.venv/bin/python -c 'import agent; print(agent.VERSION)')
registered=/proc/sys/fs/binfmt_misc/hearthwatch-arm64
ours=
trap '[ -z "$ours" ] || echo -1 >$registered' EXIT

# While this runs, aarch64 programs run here: the kernel hands them to the emulator.
emulated() {
    local magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
    local mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
    command -v qemu-aarch64-static >/dev/null || deploy/apt-install.sh "the proof runs what a Pi would" qemu-user-static
    mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc none /proc/sys/fs/binfmt_misc
    [ -e $registered ] || {
        printf '%s' ":hearthwatch-arm64:M::$magic:$mask:$(command -v qemu-aarch64-static):OCF" >/proc/sys/fs/binfmt_misc/register
        ours=yes
    }
}

for arch in "${@:-amd64 arm64}"; do
    # shellcheck disable=SC2086
    for each in $arch; do
        packages=("build/packages/hearthwatch_${version}_$each.deb" "build/packages/hearthwatch-zigbee2mqtt_${version}_$each.deb")
        ls "${packages[@]}" >/dev/null
        [ "$each" = "$(dpkg --print-architecture)" ] || emulated
        if ! [ -e "$kept/$each.bare/ready" ]; then
            say "a bare Debian for $each (once)"
            rm -rf "$kept/$each.bare"
            mkdir -p "$kept"
            # What the packages want of Debian is in it, so that the installation itself needs no network.
            nice unshare --mount debootstrap --arch="$each" --variant=minbase \
                --include=python3,mosquitto,nftables,udev,systemd,init-system-helpers,libseccomp2 \
                bookworm "$kept/$each.bare" >"$kept/$each.log"
            touch "$kept/$each.bare/ready"
        fi
        rm -rf "${kept:?}/$each"
        cp -a "$kept/$each.bare" "$kept/$each"
        say "$each"
        proof=proof
        [ "$each" = "$(dpkg --print-architecture)" ] || proof=smoke
        unshare --mount --net --pid --fork --kill-child --mount-proc \
            .venv/bin/python -m "deploy.package.$proof" "$kept/$each" "${packages[@]}"
        rm -rf "${kept:?}/$each"
    done
done
