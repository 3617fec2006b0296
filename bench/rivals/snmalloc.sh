# snmalloc, from the C++ files that the crate snmalloc-sys carries: the same as its target snmallocshim, without CMake.
. rivals/recipe.sh
need gcc:gcc g++:g++ python3:python3
crate snmalloc-sys
unless_built
flags='-O3 -DNDEBUG -std=c++20 -mcx16 -mprfchw -fvisibility=hidden -ftls-model=initial-exec -fomit-frame-pointer'
defines='-DSNMALLOC_USE_WAIT_ON_ADDRESS=1 -DSNMALLOC_USE_CXX11_THREAD_ATEXIT_DIRECT -DSNMALLOC_CHECK_LOADS=false
    -DSNMALLOC_PAGEID=false -DSNMALLOC_HAS_LINUX_FUTEX_H -DSNMALLOC_HAS_LINUX_RANDOM_H
    -DSNMALLOC_PLATFORM_HAS_GETENTROPY'
export='-DSNMALLOC_EXPORT=__attribute__((visibility("default")))'
source=$source/upstream/src
# snmalloc leaves these out for other processors.
[ "$(uname -m)" = x86_64 ] || flags=$(echo "$flags" | sed 's/-mcx16 -mprfchw //')
for part in malloc new; do
    # shellcheck disable=SC2086 # one word per flag
    run g++ $flags $defines "$export" -ffunction-sections -fPIC -pthread -w -I"$source" -c -o "$out/build/$part.o" \
        "$source/snmalloc/override/$part.cc"
done
run g++ -shared -pthread -static-libstdc++ -o "$out/lib.so" "$out/build/malloc.o" "$out/build/new.o" -latomic
built "snmalloc in snmalloc-sys $version, $(compiler g++) $flags"
