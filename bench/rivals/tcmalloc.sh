# gperftools' tcmalloc, the library that Debian ships: the installed one, or the package's content unpacked here.
. rivals/recipe.sh
need gcc:gcc g++:g++

# Sets $package and $version; the name depends on Debian's release.
find_package() {
    for package in libtcmalloc-minimal4t64 libtcmalloc-minimal4; do
        version=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null ||
            apt-cache show --no-all-versions "$package" 2>/dev/null | sed -n 's/^Version: //p')
        [ -z "$version" ] || return 0
    done
    return 1
}

command -v apt-get >/dev/null || fail "needs a Debian"
if ! find_package; then
    run apt-get -o DPkg::Lock::Timeout=300 update
    find_package || fail "Debian's package lists have no libtcmalloc-minimal4"
fi
unless_built
library=$(dpkg-query -L "$package" 2>/dev/null | grep 'libtcmalloc_minimal\.so\.4$' || true)
if [ -z "$library" ]; then
    cd "$out/build"
    run apt-get download "$package"
    run dpkg-deb -x "$package"_*.deb .
    cd "$bench"
    library=$(find "$out/build/usr" -name 'libtcmalloc_minimal.so.4')
fi
run cp -L "$library" "$out/lib.so"
built "gperftools in $package $version, as Debian builds it (-O2)"
