# What the recipes share. A recipe is `sh rivals/NAME.sh OUTDIR`, run in bench/, and begins with `. rivals/recipe.sh`.
#
# It then says in turn: `need PROGRAM:PACKAGE...`, `crate NAME` (sets $source, the crate's folder, and $version),
# `unless_built [FILE...]` (the end, when the library is there and was made from the same recipe, crate, files and
# compilers), its own steps by `run`, which make $out/lib.so, and `built TEXT`, which proves that the library takes
# malloc over and writes the version line. Addresses of registries are never printed.
set -eu
name=$(basename "$0" .sh)

fail() {
    echo "$name: $*" >&2
    exit 1
}

[ $# -eq 1 ] || fail "usage: sh rivals/$name.sh OUTDIR, in bench/"
[ -f rivals/recipe.sh ] || fail "run me in bench/"
mkdir -p "$1"
out=$(cd "$1" && pwd)
bench=$(pwd)
log=$out/log
: >"$log"

# Runs a command into the log; when it fails, shows the log's end.
run() {
    "$@" >>"$log" 2>&1 </dev/null || {
        tail -n 15 "$log" | sed 's|[a-z+]*://[^ )`]*|(address)|g' >&2
        fail "'$(basename "$1")' failed: $(grep -m 1 -i 'error' "$log" | sed 's|[a-z+]*://[^ )`]*|(address)|g' | cut -c1-150)"
    }
}

# Programs, each with the Debian package that has it: installs what is missing.
need() {
    missing=
    for pair; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
    done
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "the Debian packages$missing are needed"
    run apt-get -o DPkg::Lock::Timeout=300 update
    # shellcheck disable=SC2086 # one word per package
    DEBIAN_FRONTEND=noninteractive run apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
}

# The source of a crate in a lock file (of bench/ or of another manifest), fetched where it is not there yet.
crate() {
    command -v cargo >/dev/null || fail "cargo is needed"
    host=$(rustc -vV | sed -n 's/^host: //p')
    cargo metadata --quiet --locked --format-version 1 --all-features --filter-platform "$host" \
        --manifest-path "${2:-Cargo.toml}" >"$out/metadata" 2>>"$log" || run false
    found=$(python3 - "$1" "$out/metadata" <<'PYTHON'
import json, os, sys
packages = json.load(open(sys.argv[2]))["packages"]
found = [package for package in packages if package["name"] == sys.argv[1]]
if found:
    print(found[0]["version"], os.path.dirname(found[0]["manifest_path"]))
PYTHON
    )
    rm -f "$out/metadata"
    [ -n "$found" ] || fail "the lock file has no crate $1"
    version=${found%% *} source=${found#* }
}

unless_built() {
    stamp=$(cat "$0" rivals/recipe.sh rivals/check.c "$@" - <<WORDS | cksum
$version
$(gcc --version; g++ --version; rustc --version)
WORDS
    )
    if [ -f "$out/lib.so" ] && [ -f "$out/version" ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then
        exit 0
    fi
    rm -rf "$out/lib.so" "$out/version" "$out/stamp" "$out/build"
    mkdir "$out/build"
}

# Ends a recipe. The version line is the words given, and the library's own word where it has one.
built() {
    run strip --strip-unneeded "$out/lib.so"
    run gcc -O1 -std=c11 -pthread -fno-builtin -Wall -Wextra -o "$out/build/check" rivals/check.c -ldl
    said=$(LD_PRELOAD="$out/lib.so" "$out/build/check" "$out/lib.so" 2>>"$log") ||
        fail "the library does not do as a preloaded malloc: $(tail -n 1 "$log")"
    echo "$*${said:+, its own word: $said}" >"$out/version"
    rm -rf "$out/build"
    echo "$stamp" >"$out/stamp"
}

compiler() {
    echo "$1 $($1 -dumpfullversion)"
}
