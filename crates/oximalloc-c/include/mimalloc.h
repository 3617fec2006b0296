/* mimalloc.h: the C interface of oximalloc, which follows that of mimalloc v3.4.

   A program that is linked with libmimalloc.so, libmimalloc.a or mimalloc.o has its standard names (malloc, free,
   operator new, ...) served by the library too, as it has when the library is preloaded. Blocks are one kind: what any
   function here or any standard name gave, mi_free and free take back, from any thread.

   Unless a function says otherwise: sizes are in bytes; a size of 0 gives a block of the smallest size, not NULL; a
   block is aligned to 16, or to 8 if it is smaller than 16; a failure is NULL with errno ENOMEM; a product of a count
   and a size that is no size_t is a failure; functions may be called from any thread at any time.

   Beside it: mimalloc-stats.h (the figures as a struct and as JSON), mimalloc-stl.h (allocators for containers, which
   this file includes in C++), mimalloc-new-delete.h and mimalloc-override.h (the standard names without a linker). */
#pragma once
#ifndef MIMALLOC_H
#define MIMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* Major * 10000 + minor * 100 + patch. */
#define MI_MALLOC_VERSION 30403
/* The largest size of the `small` functions, in machine words and in bytes. */
#define MI_SMALL_WSIZE_MAX 128
#define MI_SMALL_SIZE_MAX (MI_SMALL_WSIZE_MAX * sizeof(void*))

/* What compilers are told, where they can be told it. Before a declaration: */
#if defined(__cplusplus) ? __cplusplus >= 201703L : defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202000L
#define mi_decl_nodiscard [[nodiscard]]
#elif defined(__GNUC__) || defined(__clang__)
#define mi_decl_nodiscard __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#define mi_decl_nodiscard _Check_return_
#else
#define mi_decl_nodiscard
#endif
#if defined(_MSC_VER) && defined(MI_SHARED_LIB)
#define mi_decl_export __declspec(dllimport)
#else
#define mi_decl_export
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#define mi_decl_restrict __declspec(restrict)
#else
#define mi_decl_restrict
#endif
/* The result is a block that nothing else points to; the result has to be kept. */
#define mi_decl_block mi_decl_nodiscard mi_decl_export mi_decl_restrict
#define mi_decl_result mi_decl_nodiscard mi_decl_export
/* After it: a fresh block, where its size (or count and size) and its alignment stand among the arguments. */
#if defined(__GNUC__) || defined(__clang__)
#define mi_attr_malloc __attribute__((malloc))
#define mi_attr_alloc_size(s) __attribute__((alloc_size(s)))
#define mi_attr_alloc_size2(c, s) __attribute__((alloc_size(c, s)))
#define mi_attr_alloc_align(a) __attribute__((alloc_align(a)))
#else
#define mi_attr_malloc
#define mi_attr_alloc_size(s)
#define mi_attr_alloc_size2(c, s)
#define mi_attr_alloc_align(a)
#endif
#if defined(__cplusplus)
#define mi_noexcept noexcept
#else
#define mi_noexcept
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A heap: blocks that can be given back together. Any thread may use any heap. */
typedef struct mi_heap_s mi_heap_t;
/* One thread's part of a heap; only that thread may use it. */
typedef struct mi_theap_s mi_theap_t;
/* A reserved range of memory; NULL is none. */
typedef void* mi_arena_id_t;
/* A subprocess: heaps and arenas of its own, no memory shared with others. */
typedef struct mi_subproc_id_s {
  void* _mi_subproc_id;
} mi_subproc_id_t;

/* A run of blocks of one size, as a visit shows it. */
typedef struct mi_heap_area_s {
  void* blocks;           /* where the blocks begin */
  size_t reserved;        /* bytes of address space */
  size_t committed;       /* bytes of it that are usable */
  size_t used;            /* blocks in use: a count */
  size_t block_size;      /* usable bytes of a block */
  size_t full_block_size; /* bytes from one block to the next */
  void* reserved1;        /* the library's own */
} mi_heap_area_t;

/* Gets a message, or a part of one. */
typedef void(mi_output_fun)(const char* msg, void* arg);
/* Gets the code of an error: EAGAIN a double free, EFAULT corrupt memory, ENOMEM, EOVERFLOW a product that is too
   large, EINVAL a pointer or an alignment that cannot be. */
typedef void(mi_error_fun)(int err, void* arg);
/* Called now and then by allocations, with a number that counts up; `force`: all that can be freed should be. */
typedef void(mi_deferred_free_fun)(bool force, unsigned long long heartbeat, void* arg);
/* Gets each area with `block` NULL, then, if asked for, each of its blocks in use; false ends the visit. */
typedef bool(mi_block_visit_fun)(
    const mi_heap_t* heap, const mi_heap_area_t* area, void* block, size_t block_size, void* arg);
/* Gets each heap; false ends the visit. */
typedef bool(mi_heap_visit_fun)(mi_heap_t* heap, void* arg);
/* Makes memory usable (`commit`) or gives it back; says in `is_zero`, unless NULL, whether it is zeroed. False if it
   could not. */
typedef bool(mi_commit_fun_t)(bool commit, void* start, size_t size, bool* is_zero, void* user_arg);

/* The options. Each is also read from the environment: MIMALLOC_ and the name in upper case. */
typedef enum mi_option_e {
  mi_option_show_errors = 0, /* print errors and warnings (on in the build with debug assertions) (bool, default 0) */
  mi_option_show_stats, /* print statistics when the program ends (bool, default 0) */
  /* print what the allocator does; also lists the options in force at the start (level, default 0) */
  mi_option_verbose,
  mi_option_deprecated_eager_commit, /* accepted, no effect */
  /* commit an arena when it is reserved: never, always, or only where the OS overcommits (0/1/2, default 2) */
  mi_option_arena_eager_commit,
  mi_option_purge_decommits, /* a purge decommits; 0: it only resets (bool, default 1) */
  /* use OS pages of 2 MiB that an administrator set aside: never, for arenas, also for mappings of their own (0/1/2,
     default 0) */
  mi_option_allow_large_os_pages,
  /* reserve N huge OS pages of 1 GiB at the start, spread over the NUMA nodes (count, default 0) */
  mi_option_reserve_huge_os_pages,
  mi_option_reserve_huge_os_pages_at, /* reserve them on this NUMA node; -1: spread (node, default -1) */
  mi_option_reserve_os_memory, /* reserve this much OS memory in an arena at the start (KiB, default 0) */
  mi_option_deprecated_segment_cache, /* accepted, no effect */
  mi_option_deprecated_page_reset, /* accepted, no effect */
  mi_option_deprecated_abandoned_page_purge, /* accepted, no effect */
  mi_option_deprecated_segment_reset, /* accepted, no effect */
  mi_option_deprecated_eager_commit_delay, /* accepted, no effect */
  mi_option_purge_delay, /* delay before free memory goes back to the OS; 0 at once, -1 never (ms, default 1000) */
  mi_option_use_numa_nodes, /* take it that there are N NUMA nodes; 0: as many as there are (count, default 0) */
  mi_option_disallow_os_alloc, /* use reserved arenas only, never fresh OS memory (bool, default 0) */
  mi_option_os_tag, /* tag for OS memory on macOS; no effect elsewhere (tag, default 100) */
  mi_option_max_errors, /* stop printing errors after N (count, default 32) */
  mi_option_max_warnings, /* stop printing warnings after N (count, default 32) */
  mi_option_deprecated_max_segment_reclaim, /* accepted, no effect */
  /* give all memory back at process end, but not where `malloc` is this library's (bool, default 0) */
  mi_option_destroy_on_exit,
  mi_option_arena_reserve, /* size of an arena reservation (1 GiB on 64-bit) (KiB, default 1048576) */
  mi_option_arena_purge_mult, /* multiplies purge_delay for arena memory (factor, default 1) */
  mi_option_deprecated_purge_extend_delay, /* accepted, no effect */
  /* allocate from the OS directly, arenas only where asked for by id (bool, default 0) */
  mi_option_disallow_arena_alloc,
  /* keep retrying an OS allocation this long on Windows; no effect elsewhere (ms, default 400) */
  mi_option_retry_on_oom,
  mi_option_visit_abandoned, /* let a visit also see blocks of ended threads (bool, default 0) */
  mi_option_guarded_min, /* smallest block that may get a guard page (bytes, default 0) */
  mi_option_guarded_max, /* largest such block (bytes, default 1073741824) */
  /* put the block's end exactly at the guard page, whatever its alignment (bool, default 0) */
  mi_option_guarded_precise,
  mi_option_guarded_sample_rate, /* guard one in N allocations in that range; 0: none (1-in-N, default 0) */
  mi_option_guarded_sample_seed, /* seed of that sampling; 0: random (seed, default 0) */
  mi_option_generic_collect, /* collect after N slow-path allocations (count, default 10000) */
  /* on a free into an abandoned page: never reclaim it, only into the heap it came from, always (-1/0/1, default 0) */
  mi_option_page_reclaim_on_free,
  mi_option_page_full_retain, /* full pages kept per size class before one is abandoned (count, default 2) */
  mi_option_page_max_candidates, /* pages looked at before one is chosen (count, default 4) */
  mi_option_max_vabits, /* bits of user address space to consider; 0: find out (bits, default 0) */
  mi_option_pagemap_commit, /* commit the whole page map at the start (bool, default 0) */
  mi_option_page_commit_on_demand, /* commit a page's memory as it is used (0/1/2, default 0) */
  mi_option_page_max_reclaim, /* do not reclaim more pages of a class than this; -1: no limit (count, default -1) */
  mi_option_page_cross_thread_max_reclaim, /* likewise across threads (count, default 32) */
  /* transparent huge pages for the allocator's memory, not passed on to other programs: never, allowed, preferred
     (0/1/2, default 1) */
  mi_option_allow_thp,
  /* smallest piece that is purged; 0: chosen (64, or 2048 with allow_thp=2) (KiB, default 0) */
  mi_option_minimal_purge_size,
  mi_option_arena_max_object_size, /* largest object placed in an arena (KiB, default 2097152) */
  /* take memory from arenas of the NUMA node that a thread runs on first; new arenas are for that node (bool,
     default 0) */
  mi_option_arena_is_numa_local,
  _mi_option_last, /* how many there are */
  /* options that mimalloc does not have */
  /* end the program at a misuse of memory: never, of this allocator's, also at a pointer that is not from here
     (0/1/2, default 1) */
  mi_option_abort_on_error = 1000,
  /* protect against misuse of memory, 0 (nothing that costs time) to 4; read once, before the first allocation
     (level, default 0) */
  mi_option_secure,
  /* where guarded_sample_rate is set at the start: note who allocates and frees guarded blocks, and report misuses
     of them (bool, default 1) */
  mi_option_guarded_report,
  /* older names */
  mi_option_eager_region_commit = mi_option_arena_eager_commit,
  mi_option_reset_decommits = mi_option_purge_decommits,
  mi_option_large_os_pages = mi_option_allow_large_os_pages,
  mi_option_reset_delay = mi_option_purge_delay,
  mi_option_limit_os_alloc = mi_option_disallow_os_alloc,
  mi_option_abandoned_reclaim_on_free = mi_option_page_reclaim_on_free
} mi_option_t;

/* ---- Blocks ---- */

/* A block of `size` bytes. `small`: at most MI_SMALL_SIZE_MAX of them; `z`: zeroed. */
mi_decl_block void* mi_malloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_malloc_small(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_zalloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_zalloc_small(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
/* `count` elements of `size` bytes: zeroed, and as they come. */
mi_decl_block void* mi_calloc(size_t count, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
mi_decl_block void* mi_mallocn(size_t count, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);

/* The block `p` with `newsize` bytes, moved if need be; `p` NULL gives a new block. A failure leaves `p` as it was. */
mi_decl_result void* mi_realloc(void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(2);
/* The same for `count` elements. */
mi_decl_result void* mi_reallocn(void* p, size_t count, size_t size) mi_noexcept mi_attr_alloc_size2(2, 3);
/* The same, but a failure frees `p`. */
mi_decl_result void* mi_reallocf(void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(2);
/* The same for blocks that were allocated zeroed: what is added is zeroed. */
mi_decl_result void* mi_rezalloc(void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(2);
mi_decl_result void* mi_recalloc(void* p, size_t newcount, size_t size) mi_noexcept mi_attr_alloc_size2(2, 3);
/* `p` if its block has room for `newsize` bytes where it is, else NULL, also for NULL; the block never moves. */
mi_decl_result void* mi_expand(void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(2);
mi_decl_result void* mi__expand(void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(2);

/* Frees `p`. NULL is nothing; what is no block is reported as EINVAL and left alone. errno never changes. */
mi_decl_export void mi_free(void* p) mi_noexcept;
/* The same, told what the block was allocated with: `small`, its size, its alignment. */
mi_decl_export void mi_free_small(void* p) mi_noexcept;
mi_decl_export void mi_free_size(void* p, size_t size) mi_noexcept;
mi_decl_export void mi_free_size_aligned(void* p, size_t size, size_t alignment) mi_noexcept;
mi_decl_export void mi_free_aligned(void* p, size_t alignment) mi_noexcept;
/* The same, but what is no block is silently left alone. */
mi_decl_export void mi_cfree(void* p) mi_noexcept;

/* ---- Alignment: any power of two; another one is a failure with errno EINVAL ---- */

/* A block at a multiple of `alignment`. */
mi_decl_block void* mi_malloc_aligned(size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
mi_decl_block void* mi_zalloc_aligned(size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
mi_decl_block void* mi_calloc_aligned(size_t count, size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2) mi_attr_alloc_align(3);
/* A block whose byte at `offset` is at a multiple of `alignment`. */
mi_decl_block void* mi_malloc_aligned_at(size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_zalloc_aligned_at(size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_calloc_aligned_at(size_t count, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
/* Reallocation that keeps the alignment it is told; `z` and `c` as without. */
mi_decl_result void* mi_realloc_aligned(void* p, size_t newsize, size_t alignment)
    mi_noexcept mi_attr_alloc_size(2) mi_attr_alloc_align(3);
mi_decl_result void* mi_rezalloc_aligned(void* p, size_t newsize, size_t alignment)
    mi_noexcept mi_attr_alloc_size(2) mi_attr_alloc_align(3);
mi_decl_result void* mi_recalloc_aligned(void* p, size_t newcount, size_t size, size_t alignment)
    mi_noexcept mi_attr_alloc_size2(2, 3) mi_attr_alloc_align(4);
mi_decl_result void* mi_realloc_aligned_at(void* p, size_t newsize, size_t alignment, size_t offset)
    mi_noexcept mi_attr_alloc_size(2);
mi_decl_result void* mi_rezalloc_aligned_at(void* p, size_t newsize, size_t alignment, size_t offset)
    mi_noexcept mi_attr_alloc_size(2);
mi_decl_result void* mi_recalloc_aligned_at(void* p, size_t newcount, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_alloc_size2(2, 3);
/* mi_recalloc_aligned and mi_recalloc_aligned_at by their Windows names. */
mi_decl_result void* mi_aligned_recalloc(void* p, size_t newcount, size_t size, size_t alignment)
    mi_noexcept mi_attr_alloc_size2(2, 3) mi_attr_alloc_align(4);
mi_decl_result void* mi_aligned_offset_recalloc(void* p, size_t newcount, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_alloc_size2(2, 3);

/* ---- With the usable size: as without `u`; it is stored too, unless that place is NULL (0 on a failure) ---- */

mi_decl_block void* mi_umalloc(size_t size, size_t* block_size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_umalloc_small(size_t size, size_t* block_size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_uzalloc_small(size_t size, size_t* block_size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_ucalloc(size_t count, size_t size, size_t* block_size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
mi_decl_block void* mi_umalloc_aligned(size_t size, size_t alignment, size_t* block_size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
mi_decl_block void* mi_uzalloc_aligned(size_t size, size_t alignment, size_t* block_size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
/* The usable sizes before and after; before is 0 for NULL. */
mi_decl_result void* mi_urealloc(void* p, size_t newsize, size_t* block_size_pre, size_t* block_size_post)
    mi_noexcept mi_attr_alloc_size(2);
mi_decl_export void mi_ufree(void* p, size_t* block_size) mi_noexcept;

/* ---- Standard functions by mi_ names, as ISO C, POSIX, glibc, the BSDs and Windows define them ---- */

/* Returns 0, EINVAL or ENOMEM, and stores the block only with 0. */
mi_decl_export int mi_posix_memalign(void** p, size_t alignment, size_t size) mi_noexcept;
mi_decl_block void* mi_memalign(size_t alignment, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2) mi_attr_alloc_align(1);
mi_decl_block void* mi_aligned_alloc(size_t alignment, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2) mi_attr_alloc_align(1);
/* At an OS page; `p`: and of whole OS pages, one at least. */
mi_decl_block void* mi_valloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_pvalloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_result void* mi_reallocarray(void* p, size_t count, size_t size) mi_noexcept mi_attr_alloc_size2(2, 3);
/* Reallocates the block whose pointer is at `ptrp`, or frees it if that is 0 bytes. Returns 0, or EINVAL, EOVERFLOW or
   ENOMEM, and then nothing has changed. */
mi_decl_export int mi_reallocarr(void* ptrp, size_t count, size_t size) mi_noexcept;

/* A copy of a string in a new block, `n`: of at most `n` characters; NULL of NULL. */
mi_decl_block char* mi_strdup(const char* s) mi_noexcept mi_attr_malloc;
mi_decl_block char* mi_strndup(const char* s, size_t n) mi_noexcept mi_attr_malloc;
mi_decl_block unsigned char* mi_mbsdup(const unsigned char* s) mi_noexcept mi_attr_malloc;
mi_decl_block wchar_t* mi_wcsdup(const wchar_t* s) mi_noexcept mi_attr_malloc;
/* The absolute path without links; in a new block if `resolved_name` is NULL. NULL with the errno of realpath. */
mi_decl_result char* mi_realpath(const char* fname, char* resolved_name) mi_noexcept;
/* A copy of an environment variable and its size with the zero, NULL and 0 if there is none. Returns 0, EINVAL or
   ENOMEM; the wide form is for Windows and returns EINVAL elsewhere. */
mi_decl_export int mi_dupenv_s(char** buf, size_t* size, const char* name) mi_noexcept;
mi_decl_export int mi_wdupenv_s(wchar_t** buf, size_t* size, const wchar_t* name) mi_noexcept;

/* ---- operator new: on a failure the new-handler is called as in C++, then std::bad_alloc is thrown ---- */

mi_decl_block void* mi_new(size_t size) mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_new_aligned(size_t size, size_t alignment)
    mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
mi_decl_block void* mi_new_n(size_t count, size_t size) mi_attr_malloc mi_attr_alloc_size2(1, 2);
mi_decl_result void* mi_new_realloc(void* p, size_t newsize) mi_attr_alloc_size(2);
mi_decl_result void* mi_new_reallocn(void* p, size_t newcount, size_t size) mi_attr_alloc_size2(2, 3);
/* NULL instead of the exception. */
mi_decl_block void* mi_new_nothrow(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_block void* mi_new_aligned_nothrow(size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);

/* ---- Questions ---- */

/* The bytes of the block that may be used, at least what was asked for; 0 for NULL and for what is no block. */
mi_decl_export size_t mi_usable_size(const void* p) mi_noexcept;
mi_decl_export size_t mi_malloc_usable_size(const void* p) mi_noexcept;
mi_decl_export size_t mi_malloc_size(const void* p) mi_noexcept;
/* The usable size that a block of `size` bytes would have. */
mi_decl_export size_t mi_good_size(size_t size) mi_noexcept;
mi_decl_export size_t mi_malloc_good_size(size_t size) mi_noexcept;
/* Does `p` point into memory of this library? False for NULL. All three are the same. */
mi_decl_export bool mi_any_heap_contains(const void* p) mi_noexcept;
mi_decl_export bool mi_is_in_heap_region(const void* p) mi_noexcept;
mi_decl_export bool mi_check_owned(const void* p) mi_noexcept;
/* Are the standard names redirected at run time? Only Windows has that. */
mi_decl_export bool mi_is_redirected(void) mi_noexcept;
/* MI_MALLOC_VERSION of the library that runs. */
mi_decl_export int mi_version(void) mi_noexcept;

/* ---- Process and threads: all of it happens by itself ---- */

/* Gives free memory back to the OS; with `force` all of it, at once, that of ended threads too. */
mi_decl_export void mi_collect(bool force) mi_noexcept;
/* The same until this thread keeps at most so many free bytes. */
mi_decl_export void mi_collect_reduce(size_t target_thread_owned) mi_noexcept;
/* Starts and ends the library in this process and in this thread; again is nothing. */
mi_decl_export void mi_process_init(void) mi_noexcept;
mi_decl_export void mi_process_done(void) mi_noexcept;
mi_decl_export void mi_thread_init(void) mi_noexcept;
mi_decl_export void mi_thread_done(void) mi_noexcept;
/* Says that this thread belongs to a pool: what others leave behind is not worth taking over here. */
mi_decl_export void mi_thread_set_in_threadpool(void) mi_noexcept;

/* ---- Callbacks: each replaces the one before; NULL takes it away; `arg` is passed to it ---- */

mi_decl_export void mi_register_output(mi_output_fun* out, void* arg) mi_noexcept;
mi_decl_export void mi_register_error(mi_error_fun* fun, void* arg) mi_noexcept;
mi_decl_export void mi_register_deferred_free(mi_deferred_free_fun* deferred_free, void* arg) mi_noexcept;

/* ---- Statistics as text, to `out`, or where messages go if that is NULL ---- */

/* Of the process; `out` of the first is there for old programs and not used. */
mi_decl_export void mi_stats_print(void* out) mi_noexcept;
mi_decl_export void mi_stats_print_out(mi_output_fun* out, void* arg) mi_noexcept;
mi_decl_export void mi_thread_stats_print_out(mi_output_fun* out, void* arg) mi_noexcept;
mi_decl_export void mi_heap_stats_print_out(mi_heap_t* heap, mi_output_fun* out, void* arg) mi_noexcept;
mi_decl_export void mi_subproc_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun* out, void* arg) mi_noexcept;
/* Of a subprocess, and then of each of its heaps. */
mi_decl_export void mi_subproc_heap_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun* out, void* arg)
    mi_noexcept;
/* Adds this thread's figures, and those of a heap, to those of the subprocess. */
mi_decl_export void mi_stats_merge(void) mi_noexcept;
mi_decl_export void mi_heap_stats_merge_to_subproc(mi_heap_t* heap) mi_noexcept;
/* Begins to count from 0. */
mi_decl_export void mi_stats_reset(void) mi_noexcept;
/* Times in milliseconds, memory in bytes, counts of page faults; places that are NULL are passed over. */
mi_decl_export void mi_process_info(
    size_t* elapsed_msecs, size_t* user_msecs, size_t* system_msecs, size_t* current_rss, size_t* peak_rss,
    size_t* current_commit, size_t* peak_commit, size_t* page_faults) mi_noexcept;
mi_decl_export void mi_process_info_print(void) mi_noexcept;
mi_decl_export void mi_process_info_print_out(mi_output_fun* out, void* arg) mi_noexcept;

/* ---- Options: one that does not exist reads as 0 and cannot be set ---- */

mi_decl_export long mi_option_get(mi_option_t option) mi_noexcept;
mi_decl_export long mi_option_get_clamp(mi_option_t option, long min, long max) mi_noexcept;
/* In bytes, for options in KiB. */
mi_decl_export size_t mi_option_get_size(mi_option_t option) mi_noexcept;
mi_decl_export void mi_option_set(mi_option_t option, long value) mi_noexcept;
/* Sets it unless the environment or a call has. */
mi_decl_export void mi_option_set_default(mi_option_t option, long value) mi_noexcept;
/* The same for those that are on (not 0) or off. */
mi_decl_export bool mi_option_is_enabled(mi_option_t option) mi_noexcept;
mi_decl_export void mi_option_enable(mi_option_t option) mi_noexcept;
mi_decl_export void mi_option_disable(mi_option_t option) mi_noexcept;
mi_decl_export void mi_option_set_enabled(mi_option_t option, bool enable) mi_noexcept;
mi_decl_export void mi_option_set_enabled_default(mi_option_t option, bool enable) mi_noexcept;
/* The options in force, as text; `out` NULL: where messages go. */
mi_decl_export void mi_options_print(void) mi_noexcept;
mi_decl_export void mi_options_print_out(mi_output_fun* out, void* arg) mi_noexcept;

/* ---- Heaps: NULL stands for the main heap, which is what all functions without a heap allocate from ---- */

/* A new heap, which is NULL on a failure; its blocks come from anywhere, or only from one arena. */
mi_decl_result mi_heap_t* mi_heap_new(void) mi_noexcept;
mi_decl_result mi_heap_t* mi_heap_new_in_arena(mi_arena_id_t arena_id) mi_noexcept;
/* Ends a heap: its blocks live on in the main heap. Nothing for NULL and for the main heap. */
mi_decl_export void mi_heap_delete(mi_heap_t* heap) mi_noexcept;
/* Ends a heap and frees all its blocks; no thread may use one, or the heap, any more. Nothing for NULL and for the
   main heap. */
mi_decl_export void mi_heap_destroy(mi_heap_t* heap) mi_noexcept;
/* Gives the heap's free memory back; with `force` at once. */
mi_decl_export void mi_heap_collect(mi_heap_t* heap, bool force) mi_noexcept;
/* Prefers memory of one NUMA node for it, -1: any. */
mi_decl_export void mi_heap_set_numa_affinity(mi_heap_t* heap, int numa_node) mi_noexcept;
/* The main heap (of this thread's subprocess), and the heap of a block: NULL for what is no block. */
mi_decl_export mi_heap_t* mi_heap_main(void) mi_noexcept;
mi_decl_export mi_heap_t* mi_heap_of(const void* p) mi_noexcept;
/* Does `p` point into memory of this heap? */
mi_decl_export bool mi_heap_contains(const mi_heap_t* heap, const void* p) mi_noexcept;

/* Allocation in a heap, otherwise as without one. Reallocation takes blocks of any heap; what moves, moves to this. */
mi_decl_block void* mi_heap_malloc(mi_heap_t* heap, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_heap_malloc_small(mi_heap_t* heap, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_heap_zalloc(mi_heap_t* heap, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_heap_zalloc_small(mi_heap_t* heap, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_heap_calloc(mi_heap_t* heap, size_t count, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_block void* mi_heap_mallocn(mi_heap_t* heap, size_t count, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_result void* mi_heap_realloc(mi_heap_t* heap, void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(3);
mi_decl_result void* mi_heap_reallocn(mi_heap_t* heap, void* p, size_t count, size_t size)
    mi_noexcept mi_attr_alloc_size2(3, 4);
mi_decl_result void* mi_heap_reallocf(mi_heap_t* heap, void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(3);
mi_decl_result void* mi_heap_rezalloc(mi_heap_t* heap, void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(3);
mi_decl_result void* mi_heap_recalloc(mi_heap_t* heap, void* p, size_t newcount, size_t size)
    mi_noexcept mi_attr_alloc_size2(3, 4);
mi_decl_block char* mi_heap_strdup(mi_heap_t* heap, const char* s) mi_noexcept mi_attr_malloc;
mi_decl_block char* mi_heap_strndup(mi_heap_t* heap, const char* s, size_t n) mi_noexcept mi_attr_malloc;
mi_decl_result char* mi_heap_realpath(mi_heap_t* heap, const char* fname, char* resolved_name) mi_noexcept;
mi_decl_block void* mi_heap_alloc_new(mi_heap_t* heap, size_t size) mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_heap_alloc_new_n(mi_heap_t* heap, size_t count, size_t size)
    mi_attr_malloc mi_attr_alloc_size2(2, 3);

mi_decl_block void* mi_heap_malloc_aligned(mi_heap_t* heap, size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2) mi_attr_alloc_align(3);
mi_decl_block void* mi_heap_zalloc_aligned(mi_heap_t* heap, size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2) mi_attr_alloc_align(3);
mi_decl_block void* mi_heap_calloc_aligned(mi_heap_t* heap, size_t count, size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3) mi_attr_alloc_align(4);
mi_decl_block void* mi_heap_malloc_aligned_at(mi_heap_t* heap, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_heap_zalloc_aligned_at(mi_heap_t* heap, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_heap_calloc_aligned_at(
    mi_heap_t* heap, size_t count, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_result void* mi_heap_realloc_aligned(mi_heap_t* heap, void* p, size_t newsize, size_t alignment)
    mi_noexcept mi_attr_alloc_size(3) mi_attr_alloc_align(4);
mi_decl_result void* mi_heap_rezalloc_aligned(mi_heap_t* heap, void* p, size_t newsize, size_t alignment)
    mi_noexcept mi_attr_alloc_size(3) mi_attr_alloc_align(4);
mi_decl_result void* mi_heap_recalloc_aligned(
    mi_heap_t* heap, void* p, size_t newcount, size_t size, size_t alignment)
    mi_noexcept mi_attr_alloc_size2(3, 4) mi_attr_alloc_align(5);
mi_decl_result void* mi_heap_realloc_aligned_at(
    mi_heap_t* heap, void* p, size_t newsize, size_t alignment, size_t offset) mi_noexcept mi_attr_alloc_size(3);
mi_decl_result void* mi_heap_rezalloc_aligned_at(
    mi_heap_t* heap, void* p, size_t newsize, size_t alignment, size_t offset) mi_noexcept mi_attr_alloc_size(3);
mi_decl_result void* mi_heap_recalloc_aligned_at(
    mi_heap_t* heap, void* p, size_t newcount, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_alloc_size2(3, 4);

/* Visits the areas of a heap, and with `visit_blocks` the blocks in use; nobody may allocate or free in it meanwhile.
   The second visits only what ended threads left, and needs the option visit_abandoned. False if the visitor ended it,
   or is NULL. */
mi_decl_export bool mi_heap_visit_blocks(mi_heap_t* heap, bool visit_blocks, mi_block_visit_fun* visitor, void* arg)
    mi_noexcept;
mi_decl_export bool mi_heap_visit_abandoned_blocks(
    mi_heap_t* heap, bool visit_blocks, mi_block_visit_fun* visitor, void* arg) mi_noexcept;
/* Is the page of block `p` of this heap used to less than `perc_threshold` percent, so that moving the block elsewhere
   helps to free it? Unsafe: `p` must be a block, and one that no other thread frees. */
mi_decl_export bool mi_unsafe_heap_page_is_under_utilized(mi_heap_t* heap, void* p, size_t perc_threshold) mi_noexcept;

/* ---- Theaps: for this thread only, and thus a little faster; never NULL unless it says so ---- */

/* This thread's part of a heap (NULL: the main one), and the one that functions without a heap use in this thread. */
mi_decl_export mi_theap_t* mi_heap_theap(mi_heap_t* heap) mi_noexcept;
mi_decl_export mi_theap_t* mi_theap_get_default(void) mi_noexcept;
/* Makes functions without a heap use another in this thread; returns the one before. */
mi_decl_export mi_theap_t* mi_theap_set_default(mi_theap_t* theap) mi_noexcept;
/* As the functions of the heap; to collect NULL is nothing. */
mi_decl_export void mi_theap_collect(mi_theap_t* theap, bool force) mi_noexcept;
mi_decl_export bool mi_theap_visit_blocks(
    const mi_theap_t* theap, bool visit_blocks, mi_block_visit_fun* visitor, void* arg) mi_noexcept;
mi_decl_block void* mi_theap_malloc(mi_theap_t* theap, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_theap_malloc_small(mi_theap_t* theap, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_theap_zalloc(mi_theap_t* theap, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_theap_zalloc_small(mi_theap_t* theap, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_block void* mi_theap_calloc(mi_theap_t* theap, size_t count, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_block void* mi_theap_malloc_aligned(mi_theap_t* theap, size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2) mi_attr_alloc_align(3);
mi_decl_result void* mi_theap_realloc(mi_theap_t* theap, void* p, size_t newsize) mi_noexcept mi_attr_alloc_size(3);
/* Guard pages behind one in `sample_rate` blocks (0: none) of sizes from `min` to `max`; `seed` picks them (0: any). */
mi_decl_export void mi_theap_guarded_set_sample_rate(mi_theap_t* theap, size_t sample_rate, size_t seed) mi_noexcept;
mi_decl_export void mi_theap_guarded_set_size_bound(mi_theap_t* theap, size_t min, size_t max) mi_noexcept;

/* ---- Subprocesses: one whose id is NULL does not exist, and nothing happens ---- */

/* That of the process, that of this thread, and a new one (its id is NULL on a failure). */
mi_decl_export mi_subproc_id_t mi_subproc_main(void) mi_noexcept;
mi_decl_export mi_subproc_id_t mi_subproc_current(void) mi_noexcept;
mi_decl_result mi_subproc_id_t mi_subproc_new(void) mi_noexcept;
/* Ends one with all its memory; no thread may be in it. Nothing for the main one. */
mi_decl_export void mi_subproc_destroy(mi_subproc_id_t subproc) mi_noexcept;
/* Puts this thread into one; it must not have allocated yet. */
mi_decl_export void mi_subproc_add_current_thread(mi_subproc_id_t subproc) mi_noexcept;
/* Visits its heaps. False if the visitor ended it, or is NULL. */
mi_decl_export bool mi_subproc_visit_heaps(mi_subproc_id_t subproc, mi_heap_visit_fun* visitor, void* arg) mi_noexcept;

/* ---- Arenas: `exclusive` ones serve only heaps made for them; an id is stored unless that place is NULL ---- */

/* Reserves `size` bytes of the OS: committed at once or as they are used, in large OS pages if those are allowed.
   Returns 0 or ENOMEM. */
mi_decl_export int mi_reserve_os_memory(size_t size, bool commit, bool allow_large) mi_noexcept;
mi_decl_export int mi_reserve_os_memory_ex(
    size_t size, bool commit, bool allow_large, bool exclusive, mi_arena_id_t* arena_id) mi_noexcept;
/* Reserves OS pages of 1 GiB: spread over so many NUMA nodes (0: all), or at one node (-1: any). It stops after so many
   milliseconds (0: no limit). Returns 0, or ENOMEM if fewer were had. */
mi_decl_export int mi_reserve_huge_os_pages_interleave(size_t pages, size_t numa_nodes, size_t timeout_msecs)
    mi_noexcept;
mi_decl_export int mi_reserve_huge_os_pages_at(size_t pages, int numa_node, size_t timeout_msecs) mi_noexcept;
mi_decl_export int mi_reserve_huge_os_pages_at_ex(
    size_t pages, int numa_node, size_t timeout_msecs, bool exclusive, mi_arena_id_t* arena_id) mi_noexcept;
/* The older form: a limit in seconds, and the number that was had (NULL: not told). */
mi_decl_export int mi_reserve_huge_os_pages(size_t pages, double max_secs, size_t* pages_reserved) mi_noexcept;
/* Takes memory of the caller's, at least mi_arena_min_size bytes at mi_arena_min_alignment, which must stay. Is it
   committed, may it never be decommitted (pinned), is it zeroed; its NUMA node (-1: any). False if it is not taken. */
mi_decl_export bool mi_manage_os_memory(
    void* start, size_t size, bool is_committed, bool is_pinned, bool is_zero, int numa_node) mi_noexcept;
mi_decl_export bool mi_manage_os_memory_ex(
    void* start, size_t size, bool is_committed, bool is_pinned, bool is_zero, int numa_node, bool exclusive,
    mi_arena_id_t* arena_id) mi_noexcept;
/* The same, with a function that commits and decommits parts of it. */
mi_decl_export bool mi_manage_memory(
    void* start, size_t size, bool is_committed, bool is_pinned, bool is_zero, int numa_node, bool exclusive,
    mi_commit_fun_t* commit_fun, void* commit_fun_arg, mi_arena_id_t* arena_id) mi_noexcept;
mi_decl_export size_t mi_arena_min_alignment(void) mi_noexcept;
mi_decl_export size_t mi_arena_min_size(void) mi_noexcept;
/* Where an arena begins and, unless `size` is NULL, its bytes; NULL for no arena. Is `p` in it? */
mi_decl_export void* mi_arena_area(mi_arena_id_t arena_id, size_t* size) mi_noexcept;
mi_decl_export bool mi_arena_contains(mi_arena_id_t arena_id, const void* p) mi_noexcept;
/* Prints what the arenas' slices are used for, to where messages go. Both are the same. */
mi_decl_export void mi_arenas_print(void) mi_noexcept;
mi_decl_export void mi_debug_show_arenas(void) mi_noexcept;

#ifdef __cplusplus
}
#endif

/* ---- Allocation by type: `tp` is the type, `hp` a heap, `n` a count ---- */

#define mi_malloc_tp(tp) ((tp*)mi_malloc(sizeof(tp)))
#define mi_zalloc_tp(tp) ((tp*)mi_zalloc(sizeof(tp)))
#define mi_calloc_tp(tp, n) ((tp*)mi_calloc(n, sizeof(tp)))
#define mi_mallocn_tp(tp, n) ((tp*)mi_mallocn(n, sizeof(tp)))
#define mi_reallocn_tp(tp, p, n) ((tp*)mi_reallocn(p, n, sizeof(tp)))
#define mi_recalloc_tp(tp, p, n) ((tp*)mi_recalloc(p, n, sizeof(tp)))
#define mi_heap_malloc_tp(tp, hp) ((tp*)mi_heap_malloc(hp, sizeof(tp)))
#define mi_heap_zalloc_tp(tp, hp) ((tp*)mi_heap_zalloc(hp, sizeof(tp)))
#define mi_heap_calloc_tp(tp, hp, n) ((tp*)mi_heap_calloc(hp, n, sizeof(tp)))
#define mi_heap_mallocn_tp(tp, hp, n) ((tp*)mi_heap_mallocn(hp, n, sizeof(tp)))
#define mi_heap_reallocn_tp(tp, hp, p, n) ((tp*)mi_heap_reallocn(hp, p, n, sizeof(tp)))
#define mi_heap_recalloc_tp(tp, hp, p, n) ((tp*)mi_heap_recalloc(hp, p, n, sizeof(tp)))

#ifdef __cplusplus
#include "mimalloc-stl.h"
#endif

#endif
