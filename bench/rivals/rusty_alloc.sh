# rusty_alloc as a preloadable library: the wrapper in rivals/rusty-preload, built by stable Rust.
. rivals/recipe.sh
need gcc:gcc g++:g++ python3:python3
wrapper=rivals/rusty-preload
crate rusty_alloc $wrapper/Cargo.toml
unless_built $wrapper/Cargo.toml $wrapper/Cargo.lock $wrapper/src/lib.rs $wrapper/src/new.rs
run env -u RUSTFLAGS cargo build --release --locked --manifest-path $wrapper/Cargo.toml --target-dir "$out/build"
run cp "$out/build/release/librusty_preload.so" "$out/lib.so"
built "rusty_alloc $version, rustc $(rustc --version | cut -d ' ' -f 2), -C opt-level=3, fat LTO, one unit, panic=abort"
