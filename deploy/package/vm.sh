#!/usr/bin/env bash
# make vm-proof: the amd64 packages of build/packages on a whole machine: Debian 12 with its own kernel and systemd as
# its first process, emulated. As root, since it makes a root and namespaces; nothing is left behind but build/vm-proof,
# which keeps the bare Debian for the next time. Nothing reaches outside.
set -euo pipefail
cd "$(dirname "$0")/../.."
kept=build/vm-proof
say() { echo "hearthwatch: $*"; }
[ "$(id -u)" = 0 ] || { say "the proof makes a machine's disk: run it as root" >&2; exit 1; }
[ "$(dpkg --print-architecture)" = amd64 ] || { say "the proof makes a Debian for amd64: run it on one" >&2; exit 1; }
command -v debootstrap >/dev/null || deploy/apt-install.sh "the proof needs a fresh Debian" debootstrap
command -v mosquitto >/dev/null || deploy/apt-install.sh "the proof needs a broker for its centre" mosquitto
command -v qemu-system-x86_64 >/dev/null || deploy/apt-install.sh "the proof needs a machine to boot" qemu-system-x86
command -v mke2fs >/dev/null || deploy/apt-install.sh "the proof makes that machine's disk" e2fsprogs
version=$(.venv/bin/python -c 'import agent; print(agent.VERSION)')
packages=("build/packages/hearthwatch_${version}_amd64.deb" "build/packages/hearthwatch-zigbee2mqtt_${version}_amd64.deb")
ls "${packages[@]}" >/dev/null
if ! [ -e $kept/ready ]; then
    say "a bare Debian with a kernel (once)"
    rm -rf $kept
    mkdir -p $kept
    # What the packages want of Debian is in it, so that the installation itself needs no network.
    nice unshare --mount debootstrap --arch=amd64 --variant=minbase \
        --include=linux-image-cloud-amd64,systemd-sysv,dbus,python3,mosquitto,nftables,udev,init-system-helpers \
        bookworm $kept/bare >$kept.log
    mv $kept.log $kept/bare.log
    touch $kept/ready
fi
exec unshare --mount --net --pid --fork --kill-child --mount-proc \
    .venv/bin/python -m deploy.package.systemd_proof $kept "${packages[@]}"
