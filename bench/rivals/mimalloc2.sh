# mimalloc v2, from the C files that the crate libmimalloc-sys2 carries: one command, with its release build's flags.
. rivals/recipe.sh
need gcc:gcc g++:g++ python3:python3 cmake:cmake
crate libmimalloc-sys2
unless_built
flags='-O3 -DNDEBUG -fvisibility=hidden -ftls-model=initial-exec -fno-builtin-malloc'
defines='-DMI_BUILD_RELEASE -DMI_MALLOC_OVERRIDE -DMI_SHARED_LIB -DMI_SHARED_LIB_EXPORT'
source=$source/c_src/mimalloc
# shellcheck disable=SC2086 # one word per flag
run gcc $flags $defines -shared -fPIC -w -I"$source/include" -I"$source/src" -o "$out/lib.so" "$source/src/static.c" \
    -lpthread
built "mimalloc v2 in libmimalloc-sys2 $version, $(compiler gcc) $flags"
