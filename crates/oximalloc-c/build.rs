//! Names the shared object. The library stays loaded after a `dlclose`: threads still have our destructor to run.
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmimalloc.so.3,-z,nodelete");
    }
}
