//! What is different with WASI, where a program is linked with `libmimalloc.a`: it has one thread, no loader and no
//! assembler. Its C library calls `malloc` and `free` by name, so it allocates here too.

pub(crate) mod c_library;
pub(crate) mod new;
pub(crate) mod process;

/// Runs before `main`. An allocation that comes earlier starts the process state itself.
extern "C" fn load() {
    oximalloc::raw::process_init();
}

#[used]
#[unsafe(link_section = ".init_array")]
static LOAD: extern "C" fn() = load;
