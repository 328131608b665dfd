#!/usr/bin/env bash
# What a Raspberry Pi would run, on a machine that is none: Debian's arm64 Python, the agent's own wheels from the lock
# file, and an emulator, all unpacked into build/arm64. `build/arm64/python` is then that Python.
# Nothing is installed on this machine and nobody need be root. Run again it does nothing. What cannot be had is said
# in one line, also in build/arm64.missing: the tests are then skipped for that reason.
set -euo pipefail
cd "$(dirname "$0")/.."
kept=build/arm64
part=$kept.part
mkdir -p build
without() {
    rm -rf "$part"
    echo "$1" >build/arm64.missing
    echo "hearthwatch: nothing is run as on a Raspberry Pi: $1" >&2
    exit 0
}

there() {
    cmp -s requirements.lock "$kept/requirements.lock" && cmp -s deploy/arm64.sh "$kept/arm64.sh" &&
        "$kept/python" -c 'import onnxruntime' 2>/dev/null
}

# An apt of its own: its lists and files lie in build, and what is installed here is none of its business.
apt() {
    nice apt-get -qq -y -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Architectures::="$here" \
        -o Dir::State="$part/apt" -o Dir::State::status="$part/apt/status" -o Dir::Cache="$part/apt" \
        -o Dir::Etc::sourcelist="$sources" -o Dir::Etc::sourceparts=/dev/null \
        -o Debug::NoLocking=1 -o APT::Sandbox::User= --no-install-recommends "$@"
}

[ "$(uname -m)" != aarch64 ] || without "this machine is aarch64 itself, and every other test runs on it"
there && rm -f build/arm64.missing && exit 0
{ command -v apt-get && command -v dpkg-deb; } >/dev/null || without "it is made of Debian's packages; there is no apt-get"
echo "hearthwatch: the tests need a Python for aarch64 and an emulator: unpacking them into $kept"
here=$(dpkg --print-architecture)
sources=/etc/apt/sources.list.d/debian.sources
[ -e "$sources" ] || sources=/etc/apt/sources.list
rm -rf "$part"
mkdir -p "$part"/apt/{lists,archives}/partial "$part"/{root/proc,tools,site}
part=$(realpath "$part") # apt wants whole paths
: >"$part/apt/status"
apt -o APT::Update::Error-Mode=any update >/dev/null 2>&1 || without "apt-get finds no lists of packages (is there a network?)"
apt --download-only install python3 libstdc++6 "qemu-user-static:$here" >/dev/null 2>"$part/apt/said" ||
    without "apt-get cannot fetch python3:arm64 and qemu-user-static: $(tail -n 1 "$part/apt/said")"
for package in "$part"/apt/archives/*.deb; do
    case $package in
    *_"$here".deb) dpkg-deb -x "$package" "$part/tools" ;;
    *) dpkg-deb -x "$package" "$part/root" ;;
    esac
done
# The package brings an emulator for every processor there is.
find "$part/tools" -type f ! -name 'qemu-aarch64*' -delete

# The lock's conditions are read for the Python that runs pip, so both must be of one version.
theirs=$(readlink "$part/root/usr/bin/python3" || true)
ours=$(.venv/bin/python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
[ "$theirs" = "$ours" ] || without "Debian's for arm64 is ${theirs:-not there}, and .venv has $ours"
pip=(.venv/bin/python -m pip install -qq --disable-pip-version-check --no-input)
glibc=(--platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64)
nice "${pip[@]}" --target "$part/site" "${glibc[@]}" --python-version "${ours#python}" --implementation cp \
    --only-binary=:all: --no-deps --require-hashes -r requirements.lock 2>"$part/apt/said" ||
    without "pip cannot fetch the wheels for aarch64: $(tail -n 1 "$part/apt/said")"

# Without the processor of a Pi 4 to read of, onnxruntime reads this machine's and crashes.
cat >"$part/root/proc/cpuinfo" <<'PI'
processor	: 0
BogoMIPS	: 108.00
Features	: fp asimd evtstrm crc32 cpuid
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x0
CPU part	: 0xd08
CPU revision	: 3

PI
cat >"$part/python" <<'RUN'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
for emulator in "$here/tools/usr/bin/qemu-aarch64-static" "$here/tools/usr/bin/qemu-aarch64"; do
    [ -x "$emulator" ] && break
done
export PYTHONPATH="$here/site" PYTHONDONTWRITEBYTECODE=1
exec "$emulator" -cpu cortex-a72 -L "$here/root" "$here/root/usr/bin/python3" "$@"
RUN
chmod +x "$part/python"
rm -rf "$part/apt"
cp requirements.lock deploy/arm64.sh "$part/"
rm -rf "$kept"
mv "$part" "$kept"
there || without "the emulated Python does not import onnxruntime: $("$kept/python" -c 'import onnxruntime' 2>&1 | tail -n 1)"
rm -f build/arm64.missing
