//! The other machines and C libraries: one row each. A further one is a further row.

/// One of them.
pub struct Target {
    /// What it is called here.
    pub name: &'static str,
    /// What rustc calls it.
    pub triple: &'static str,
    /// What its compilers' names begin with.
    pub prefix: &'static str,
    /// The programs that are needed, and the Debian packages they are in.
    pub programs: &'static [(&'static str, &'static str)],
    /// What rustc is told for a shared library.
    pub rustflags: &'static str,
    /// The emulator, without the size of OS pages. Empty if this machine runs its programs.
    pub emulator: &'static [&'static str],
    /// What the linker is told about each program.
    pub links: &'static [&'static str],
    /// The sizes of OS pages that it has, in bytes.
    pub os_pages: &'static [usize],
    /// Programs are also made without a loader, Rust programs too. What they are called together; empty if they are not.
    pub without_loader: &'static str,
    /// Programs of `cargo xtask test` besides those for all targets.
    pub more: &'static [&'static str],
    /// Programs that the emulator cannot run as the machine would, and why.
    pub skips: &'static [(&'static str, &'static str)],
    /// The same for programs that ask for what the library does not do there.
    pub lacks: &'static [(&'static str, &'static str)],
    /// What a real kernel in an emulated machine cannot run. None: no kernel is known.
    pub kernel_skips: Option<&'static [(&'static str, &'static str)]>,
}

impl Target {
    /// Whether the C library is musl.
    pub fn is_musl(&self) -> bool {
        self.triple.ends_with("musl")
    }

    /// What is skipped at a size of OS pages.
    pub fn skips_at(&self, os_page: usize) -> impl Iterator<Item = (&'static str, &'static str)> {
        let large = if os_page >= SLICE { AS_LARGE_AS_SLICES } else { &[] };
        self.skips.iter().chain(self.lacks).chain(large).copied()
    }
}

/// The allocator's unit of memory. No OS page is larger.
const SLICE: usize = 64 << 10;

/// What a test cannot tell when each slice is one OS page.
const AS_LARGE_AS_SLICES: &[(&str, &str)] = &[("guarded_bound.c", NO_GUARD)];

const NO_GUARD: &str = "tells guards by their place, which at this size of OS pages is also a slice's end";

/// What most of them have.
pub const USUAL: Target = Target {
    name: "",
    triple: "",
    prefix: "",
    programs: &[],
    rustflags: "",
    emulator: &[],
    links: &[],
    os_pages: &[4 << 10],
    without_loader: "",
    more: &[],
    skips: &[],
    lacks: &[],
    kernel_skips: None,
};

/// All of them.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "arm64",
        triple: "aarch64-unknown-linux-gnu",
        prefix: "aarch64-linux-gnu-",
        programs: &[
            ("qemu-aarch64", "qemu-user"),
            ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
            ("aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu"),
        ],
        emulator: &["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
        os_pages: &[4 << 10, 16 << 10, 64 << 10],
        skips: QEMU_USER,
        kernel_skips: Some(&[("guarded_python.c", "there is no Python")]),
        ..USUAL
    },
    Target {
        name: "armv7",
        triple: "armv7-unknown-linux-gnueabihf",
        prefix: "arm-linux-gnueabihf-",
        programs: &[
            ("qemu-arm", "qemu-user"),
            ("arm-linux-gnueabihf-gcc", "gcc-arm-linux-gnueabihf"),
            ("arm-linux-gnueabihf-g++", "g++-arm-linux-gnueabihf"),
        ],
        emulator: &["qemu-arm", "-L", "/usr/arm-linux-gnueabihf"],
        skips: QEMU_USER,
        lacks: NO_FRAMES,
        ..USUAL
    },
    Target {
        name: "i686",
        triple: "i686-unknown-linux-gnu",
        prefix: "i686-linux-gnu-",
        programs: &[("i686-linux-gnu-gcc", "gcc-i686-linux-gnu"), ("i686-linux-gnu-g++", "g++-i686-linux-gnu")],
        // The loader and the libraries that the compiler came with: the system has no others, or others of another
        // version.
        links: &[
            "-Wl,--dynamic-linker=/usr/i686-linux-gnu/lib/ld-linux.so.2",
            "-Wl,--disable-new-dtags,-rpath,/usr/i686-linux-gnu/lib",
        ],
        skips: &[("small_stack.c", "reads the tables of ELF files for 64 bits")],
        ..USUAL
    },
    Target {
        name: "s390x",
        triple: "s390x-unknown-linux-gnu",
        prefix: "s390x-linux-gnu-",
        programs: &[
            ("qemu-s390x", "qemu-user"),
            ("s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu"),
            ("s390x-linux-gnu-g++", "g++-s390x-linux-gnu"),
        ],
        emulator: &["qemu-s390x", "-L", "/usr/s390x-linux-gnu"],
        skips: QEMU_USER,
        ..USUAL
    },
    Target {
        name: "musl",
        triple: "x86_64-unknown-linux-musl",
        prefix: "musl-",
        programs: &[("musl-gcc", "musl-tools")],
        // Without this, rustc makes no shared library for musl.
        rustflags: "-C target-feature=-crt-static",
        without_loader: "musl-static",
        more: &[
            "conf_fire_hand_over.c",
            "constructors.c",
            "exit_destroy.c",
            "first_at_once.c",
            "show_stats.c",
            "small_stack.c",
            "strings.c",
            "thread_end_libc.c",
            "thread_end_plugin.c",
            "thread_memory_kept.c",
            "twice.c",
        ],
        skips: MUSL,
        ..USUAL
    },
];

const GLIBC: &str = "tests functions that only glibc has";
const ON_EXIT: &str = "musl has no on_exit";
const NO_STACKS: &str = "musl has no function for stacks of calls";
const STAYS: &str = "musl never unmaps a library";

/// What musl cannot show.
const MUSL: &[(&str, &str)] = &[
    ("dlopen_static_tls.c", "musl does not load its other library"),
    ("exit.c", ON_EXIT),
    ("exit_stats.c", ON_EXIT),
    ("first_call.c", GLIBC),
    ("guarded_report_freed.c", NO_STACKS),
    ("guarded_report_stack.c", NO_STACKS),
    ("guarded_report_twice.c", NO_STACKS),
    ("guarded_report_unload.c", STAYS),
    ("guarded_report_write.c", NO_STACKS),
    ("libc_names.c", GLIBC),
    ("malloc_info.c", GLIBC),
    ("preinit.c", "musl calls no functions before the constructors"),
    ("sparse_pages.c", GLIBC),
    ("stats_merge.c", "musl allocates a block as the handlers of forks are registered"),
    ("threads_late_static.c", GLIBC),
    ("trim.c", GLIBC),
    ("unload.c", STAYS),
];

/// What makes no sense in a program that no loader starts.
pub const WITHOUT_LOADER: &[(&str, &str)] = &[
    ("own_malloc.c", "a second malloc cannot be linked"),
    ("small_stack.c", "looks into the shared library"),
    ("twice.c", "loads a library"),
    ("twice_static.c", "loads a library"),
];

const RESIDENT: &str = "resident memory is qemu's own";
const LIMIT: &str = "qemu keeps no limit of address space";
const FORK: &str = "qemu does not stand a fork among threads";
const EXEC: &str = "qemu does not run the children that a program starts";
const SLOW: &str = "too slow under qemu";

/// What qemu-user cannot show, on any processor.
const QEMU_USER: &[(&str, &str)] = &[
    ("allow_thp.c", EXEC),
    ("collect_forced.c", RESIDENT),
    ("default_heap_ends.c", RESIDENT),
    ("delete_kinds.cpp", EXEC),
    ("first_at_once.c", EXEC),
    ("fork_busy.c", FORK),
    ("fork_generations.c", FORK),
    ("guarded_fork.c", FORK),
    ("guarded_python.c", EXEC),
    ("huge_parts.c", EXEC),
    ("limit_given_back.c", LIMIT),
    ("misuse_bounds.c", EXEC),
    ("misuse_bounds_static.c", EXEC),
    ("misuse_free.c", EXEC),
    ("misuse_free_static.c", EXEC),
    ("misuse_freed.c", EXEC),
    ("misuse_freed_static.c", EXEC),
    ("misuse_ways.c", EXEC),
    ("misuse_ways_static.c", EXEC),
    ("mlock.c", RESIDENT),
    ("new_handler.cpp", LIMIT),
    ("realloc_huge.c", RESIDENT),
    ("sleeping_owner.c", RESIDENT),
    ("sparse_pages.c", RESIDENT),
    ("subprocs_many.c", RESIDENT),
    ("thread_end.cpp", RESIDENT),
    ("thread_end_calls.cpp", RESIDENT),
    ("thread_end_calls_static.cpp", RESIDENT),
    ("thread_end_first.cpp", RESIDENT),
    ("thread_end_libc.c", RESIDENT),
    ("thread_end_plugin.c", RESIDENT),
    ("threads_live.c", RESIDENT),
    ("threads_many.c", SLOW),
    ("twice.c", EXEC),
];

const THROWS: &str = "a failed new ends the process: its frames are not written for this processor";
const OWN: &str = "nothrow forms do not call the program's own new: its frames are not written for this processor";

/// What `export/new/other.rs` does not do.
const NO_FRAMES: &[(&str, &str)] = &[
    ("conf_new_throws.cpp", THROWS),
    ("mi_new.cpp", THROWS),
    ("new_handler.cpp", THROWS),
    ("new_plugin.c", THROWS),
    ("new_replaced.cpp", OWN),
    ("new_replaced_all.cpp", OWN),
    ("new_throws.cpp", THROWS),
    ("new_throws_link.cpp", THROWS),
    ("new_throws_static.cpp", THROWS),
    ("stl_heap.cpp", THROWS),
];
