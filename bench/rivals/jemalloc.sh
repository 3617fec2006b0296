# jemalloc, from the source that the crate tikv-jemalloc-sys carries: configure and make as they come, unprefixed.
. rivals/recipe.sh
need gcc:gcc g++:g++ make:make python3:python3
crate tikv-jemalloc-sys
unless_built
cp -R "$source/jemalloc/." "$source/configure/configure" "$out/build"
chmod -R u+w "$out/build"
cd "$out/build"
# CFLAGS would take the place of its own -O3 -funroll-loops. Its assertions need --enable-debug.
run env -u CFLAGS -u CXXFLAGS CPPFLAGS=-DNDEBUG sh ./configure --with-version="${version#*+}" --disable-doc --disable-static
run make -j"$(nproc)" build_lib_shared
cp -L lib/libjemalloc.so "$out/lib.so"
cd "$bench"
built "jemalloc in tikv-jemalloc-sys ${version%%+*}, $(compiler gcc), its own -O3 -funroll-loops, -DNDEBUG"
