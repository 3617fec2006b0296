# Google's tcmalloc, from the C++ files that the crate libtcmalloc-sys carries; it takes some minutes.
#
# The crate's own build leaves malloc's names out by a define that changes several files, so that its objects are of no
# use here. The list of files is the crate's. With a C library that registers restartable sequences for itself (glibc
# from 2.35 on) its caches for each processor work only under GLIBC_TUNABLES=glibc.pthread.rseq=0, which rivals.toml sets.
. rivals/recipe.sh
need gcc:gcc g++:g++ python3:python3
crate libtcmalloc-sys
unless_built
flags='-O3 -DNDEBUG -ftls-model=initial-exec -fno-semantic-interposition'
cd "$out/build"
grep -o '"c_src/[^"]*\.\(cc\|S\)"' "$source/build.rs" | tr -d '"' | grep -v '_bridge\.cc$' >files
echo c_src/tcmalloc/tcmalloc/tcmalloc.cc >>files
# shellcheck disable=SC2016 # expanded by the inner shell
run env flags="$flags" source="$source" xargs -a files -P "$(nproc)" -n 1 sh -c '
    exec g++ $flags -std=c++17 -DNOMINMAX -DTCMALLOC_INTERNAL_8K_PAGES -fPIC -pthread -w -I"$source/c_src/tcmalloc" \
        -I"$source/c_src/abseil-cpp" -c -o "$(echo "$1" | tr / _).o" "$source/$1"' compile
run g++ -shared -pthread -Wl,-Bsymbolic -o "$out/lib.so" ./*.o
cd "$bench"
built "Google's tcmalloc in libtcmalloc-sys $version, $(compiler g++) $flags, 8k pages, run without the C library's own restartable sequences"
