//! The library's start. The C runtime calls the functions in this section when it initialises the image. The end is told
//! to the allocator itself.

use oximalloc::raw;

extern "C" fn load() {
    raw::process_init();
}

#[used]
#[unsafe(link_section = ".CRT$XCU")]
static LOAD: extern "C" fn() = load;
