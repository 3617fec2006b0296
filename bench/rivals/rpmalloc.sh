# rpmalloc, from the C file that the crate rpmalloc-sys carries, with the defines of its target rpmallocwrap.
. rivals/recipe.sh
need gcc:gcc g++:g++ python3:python3
crate rpmalloc-sys
unless_built
flags='-O3 -DNDEBUG -std=c11 -funroll-loops -fno-builtin-malloc'
defines='-D_GNU_SOURCE=1 -DENABLE_PRELOAD=1 -DENABLE_OVERRIDE=1'
source=$source/rpmalloc
# shellcheck disable=SC2086 # one word per flag
run gcc $flags $defines -shared -fPIC -w -I"$source/rpmalloc" -o "$out/lib.so" "$source/rpmalloc/rpmalloc.c" -lpthread -ldl
number=$(sed -n '/^[0-9]/{s/[^0-9.].*//p;q;}' "$source/CHANGELOG")
built "rpmalloc $number of 2021 (the newest that a crate carries) in rpmalloc-sys $version, $(compiler gcc) $flags"
