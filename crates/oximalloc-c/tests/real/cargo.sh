# cargo and rustc build and test a small crate: threads, big allocations, a linker.
# needs: cargo gcc cksum
set -eu

unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET || true
export CARGO_TARGET_DIR="$PWD/target" CARGO_INCREMENTAL=0
mkdir -p small/src
cd small
cat > Cargo.toml <<TOML
[package]
name = "small"
version = "0.1.0"
edition = "2021"
[workspace]
TOML
{
    echo 'use std::collections::{BTreeMap, HashMap};'
    i=0
    while [ $i -lt $((15 * SCALE / 100 + 1)) ]; do
        echo "#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]"
        echo "pub struct T$i { pub key: u32, pub text: String, pub list: Vec<Option<Box<u64>>> }"
        echo "pub fn f$i() -> usize { let mut m: BTreeMap<T$i, Vec<T$i>> = BTreeMap::new();"
        echo "  for k in 0..50u32 { m.entry(T$i { key: k % 7, ..Default::default() }).or_default().push(T$i { key: k, text: format!(\"{k}\"), list: vec![None; $i] }); }"
        echo "  let h: HashMap<_, _> = m.into_iter().collect(); h.values().map(|v| v.len() + format!(\"{v:?}\").len()).sum() }"
        i=$((i + 1))
    done
    echo 'fn main() { println!("{}", [f0 as fn() -> usize'
    j=1
    while [ $j -lt $i ]; do echo ", f$j"; j=$((j + 1)); done
    echo '].iter().map(|f| f()).sum::<usize>()); }'
    echo '#[test] fn works() { assert!(f0() > 0); }'
} > src/main.rs
cargo build --quiet --offline --release
./../target/release/small
cksum < ../target/release/small
cargo test --quiet --offline 2>&1 | grep -c 'test result: ok'
