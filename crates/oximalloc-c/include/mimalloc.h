/* mimalloc.h: the C interface of oximalloc, which follows that of mimalloc v3.4.

   Link with libmimalloc.so or libmimalloc.a; the standard names (malloc, free, operator new, ...) are then served by
   the same library, as they are when it is preloaded into a program that knows nothing of it. */
#pragma once
#ifndef MIMALLOC_H
#define MIMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

/* Major * 10000 + minor * 100 + patch; mi_version() returns it. */
#define MI_MALLOC_VERSION 30403
/* The largest size of the `small` functions. */
#define MI_SMALL_SIZE_MAX (128 * sizeof(void*))

#if defined(__GNUC__)
#define mi_attr_malloc __attribute__((malloc, warn_unused_result))
#define mi_attr_warn __attribute__((warn_unused_result))
#define mi_attr_alloc_size(s) __attribute__((alloc_size(s)))
#define mi_attr_alloc_size2(c, s) __attribute__((alloc_size(c, s)))
#define mi_attr_alloc_align(a) __attribute__((alloc_align(a)))
#else
#define mi_attr_malloc
#define mi_attr_warn
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

/* Gets a message, or a part of one. */
typedef void(mi_output_fun)(const char* msg, void* arg);
/* Gets the code of an error. */
typedef void(mi_error_fun)(int err, void* arg);
/* Called now and then by allocations, with a number that counts up; `force` when all should be freed now. */
typedef void(mi_deferred_free_fun)(bool force, unsigned long long heartbeat, void* arg);

/* The options. Each is also read from the environment: MIMALLOC_ and the name in upper case. */
typedef enum mi_option_e {
  mi_option_show_errors = 0, /* print errors and warnings (on in debug and secure modes) (bool, default 0) */
  mi_option_show_stats, /* print statistics when the program ends (bool, default 0) */
  /* print what the allocator does; also lists the options in force at the start (level, default 0) */
  mi_option_verbose,
  mi_option_deprecated_eager_commit, /* accepted, no effect */
  /* commit an arena when it is reserved: never, always, or only where the OS overcommits (0/1/2, default 2) */
  mi_option_arena_eager_commit,
  mi_option_purge_decommits, /* a purge decommits; 0: it only resets (bool, default 1) */
  mi_option_allow_large_os_pages, /* use OS pages of 2 MiB that an administrator set aside: never, for arenas, also for mappings of their own (0/1/2, default 0) */
  mi_option_reserve_huge_os_pages, /* reserve N huge OS pages of 1 GiB at the start, spread over the NUMA nodes (count, default 0) */
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
  mi_option_destroy_on_exit, /* give all memory back at process end (bool, default 0) */
  mi_option_arena_reserve, /* size of an arena reservation (1 GiB on 64-bit) (KiB, default 1048576) */
  mi_option_arena_purge_mult, /* multiplies purge_delay for arena memory (factor, default 1) */
  mi_option_deprecated_purge_extend_delay, /* accepted, no effect */
  /* allocate from the OS directly, arenas only where asked for by id (bool, default 0) */
  mi_option_disallow_arena_alloc,
  mi_option_retry_on_oom, /* keep retrying an OS allocation this long on Windows; no effect elsewhere (ms, default 400) */
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
  mi_option_allow_thp, /* transparent huge pages: off for the process, allowed, preferred (0/1/2, default 1) */
  /* smallest piece that is purged; 0: chosen (64, or 2048 with allow_thp=2) (KiB, default 0) */
  mi_option_minimal_purge_size,
  mi_option_arena_max_object_size, /* largest object placed in an arena (KiB, default 2097152) */
  mi_option_arena_is_numa_local, /* take memory from arenas of the NUMA node that a thread runs on first; new arenas are for that node (bool, default 0) */
  _mi_option_last,
  mi_option_large_os_pages = mi_option_allow_large_os_pages, /* the older name */
  mi_option_eager_region_commit = mi_option_arena_eager_commit, /* the older name */
  mi_option_reset_decommits = mi_option_purge_decommits, /* the older name */
  mi_option_reset_delay = mi_option_purge_delay, /* the older name */
  mi_option_limit_os_alloc = mi_option_disallow_os_alloc, /* the older name */
  mi_option_abandoned_reclaim_on_free = mi_option_page_reclaim_on_free /* the older name */
} mi_option_t;

/* Blocks. A block of `size` bytes, aligned to 16 (to 8 if it is smaller). NULL with errno ENOMEM if it cannot be had.
   The `small` functions take at most MI_SMALL_SIZE_MAX bytes; `z` and `c` give zeroed memory; `n` takes a number of
   elements. */
void* mi_malloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_malloc_small(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_zalloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_zalloc_small(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_calloc(size_t count, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
void* mi_mallocn(size_t count, size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);

/* Reallocation. A failed reallocation gives NULL and keeps the block; `f` frees it. NULL is allocated, and size 0 is
   a minimal block.
   `rezalloc` and `recalloc` keep zeroed blocks zeroed. `expand` never moves: NULL if the size does not fit in place.
   */
void* mi_realloc(void* p, size_t newsize) mi_noexcept mi_attr_warn mi_attr_alloc_size(2);
void* mi_reallocn(void* p, size_t count, size_t size) mi_noexcept mi_attr_warn mi_attr_alloc_size2(2, 3);
void* mi_reallocf(void* p, size_t newsize) mi_noexcept mi_attr_warn mi_attr_alloc_size(2);
void* mi_rezalloc(void* p, size_t newsize) mi_noexcept mi_attr_warn mi_attr_alloc_size(2);
void* mi_recalloc(void* p, size_t newcount, size_t size) mi_noexcept mi_attr_warn mi_attr_alloc_size2(2, 3);
void* mi_expand(void* p, size_t newsize) mi_noexcept mi_attr_warn mi_attr_alloc_size(2);
void* mi__expand(void* p, size_t newsize) mi_noexcept mi_attr_warn mi_attr_alloc_size(2);

/* Freeing. NULL is allowed; a pointer that is not from here is reported and left alone. `cfree` does not even report
   it.
   errno never changes. */
void mi_free(void* p) mi_noexcept;
void mi_free_small(void* p) mi_noexcept;
void mi_free_size(void* p, size_t size) mi_noexcept;
void mi_free_size_aligned(void* p, size_t size, size_t alignment) mi_noexcept;
void mi_free_aligned(void* p, size_t alignment) mi_noexcept;
void mi_cfree(void* p) mi_noexcept;

/* Alignment. To any power of two, `at`: such that `p + offset` is aligned. Otherwise NULL with errno EINVAL. */
void* mi_malloc_aligned(size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
void* mi_malloc_aligned_at(size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_zalloc_aligned(size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
void* mi_zalloc_aligned_at(size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_calloc_aligned(size_t count, size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2) mi_attr_alloc_align(3);
void* mi_calloc_aligned_at(size_t count, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
void* mi_realloc_aligned(void* p, size_t newsize, size_t alignment)
    mi_noexcept mi_attr_warn mi_attr_alloc_size(2) mi_attr_alloc_align(3);
void* mi_realloc_aligned_at(void* p, size_t newsize, size_t alignment, size_t offset)
    mi_noexcept mi_attr_warn mi_attr_alloc_size(2);
void* mi_rezalloc_aligned(void* p, size_t newsize, size_t alignment)
    mi_noexcept mi_attr_warn mi_attr_alloc_size(2) mi_attr_alloc_align(3);
void* mi_rezalloc_aligned_at(void* p, size_t newsize, size_t alignment, size_t offset)
    mi_noexcept mi_attr_warn mi_attr_alloc_size(2);
void* mi_recalloc_aligned(void* p, size_t newcount, size_t size, size_t alignment)
    mi_noexcept mi_attr_warn mi_attr_alloc_size2(2, 3) mi_attr_alloc_align(4);
void* mi_recalloc_aligned_at(void* p, size_t newcount, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_warn mi_attr_alloc_size2(2, 3);
void* mi_aligned_recalloc(void* p, size_t newcount, size_t size, size_t alignment)
    mi_noexcept mi_attr_warn mi_attr_alloc_size2(2, 3) mi_attr_alloc_align(4);
void* mi_aligned_offset_recalloc(void* p, size_t newcount, size_t size, size_t alignment, size_t offset)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);

/* Blocks with their usable size. As the functions without `u`; they also store the usable size where it is asked for
   (the places may be NULL). */
void* mi_umalloc(size_t size, size_t* block_size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_umalloc_small(size_t size, size_t* block_size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_uzalloc_small(size_t size, size_t* block_size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_ucalloc(size_t count, size_t size, size_t* block_size) mi_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
void* mi_umalloc_aligned(size_t size, size_t alignment, size_t* block_size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
void* mi_uzalloc_aligned(size_t size, size_t alignment, size_t* block_size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
void* mi_urealloc(void* p, size_t newsize, size_t* block_size_pre, size_t* block_size_post)
    mi_noexcept mi_attr_warn mi_attr_alloc_size(2);
void mi_ufree(void* p, size_t* block_size) mi_noexcept;

/* Standard functions. As POSIX, glibc and the BSDs define them. */
int mi_posix_memalign(void** p, size_t alignment, size_t size) mi_noexcept;
void* mi_memalign(size_t alignment, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2) mi_attr_alloc_align(1);
void* mi_aligned_alloc(size_t alignment, size_t size)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(2) mi_attr_alloc_align(1);
void* mi_valloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_pvalloc(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_reallocarray(void* p, size_t count, size_t size) mi_noexcept mi_attr_warn mi_attr_alloc_size2(2, 3);
int mi_reallocarr(void* ptrp, size_t count, size_t size) mi_noexcept;

/* Strings. Copies in new blocks. `dupenv_s` returns 0, EINVAL or ENOMEM; its wide form always EINVAL here. */
char* mi_strdup(const char* s) mi_noexcept mi_attr_malloc;
char* mi_strndup(const char* s, size_t n) mi_noexcept mi_attr_malloc;
unsigned char* mi_mbsdup(const unsigned char* s) mi_noexcept mi_attr_malloc;
wchar_t* mi_wcsdup(const wchar_t* s) mi_noexcept mi_attr_malloc;
char* mi_realpath(const char* fname, char* resolved_name) mi_noexcept mi_attr_warn;
int mi_dupenv_s(char** buf, size_t* size, const char* name) mi_noexcept;
int mi_wdupenv_s(wchar_t** buf, size_t* size, const wchar_t* name) mi_noexcept;

/* operator new. On failure they call the new-handler as C++ does, and throw std::bad_alloc; the nothrow forms give
   NULL. */
void* mi_new(size_t size) mi_attr_malloc mi_attr_alloc_size(1);
void* mi_new_aligned(size_t size, size_t alignment) mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
void* mi_new_n(size_t count, size_t size) mi_attr_malloc mi_attr_alloc_size2(1, 2);
void* mi_new_realloc(void* p, size_t newsize) mi_attr_warn mi_attr_alloc_size(2);
void* mi_new_reallocn(void* p, size_t newcount, size_t size) mi_attr_warn mi_attr_alloc_size2(2, 3);
void* mi_new_nothrow(size_t size) mi_noexcept mi_attr_malloc mi_attr_alloc_size(1);
void* mi_new_aligned_nothrow(size_t size, size_t alignment)
    mi_noexcept mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);

/* Questions. The usable size is 0 for NULL and for a pointer that is not from here. The good size is what a block of
   `size` has. */
size_t mi_usable_size(const void* p) mi_noexcept;
size_t mi_malloc_usable_size(const void *p) mi_noexcept;
size_t mi_malloc_size(const void* p) mi_noexcept;
size_t mi_good_size(size_t size) mi_noexcept;
size_t mi_malloc_good_size(size_t size) mi_noexcept;
bool mi_is_in_heap_region(const void* p) mi_noexcept;
bool mi_check_owned(const void* p) mi_noexcept;
bool mi_is_redirected(void) mi_noexcept;
int mi_version(void) mi_noexcept;

/* Process and threads. All of it happens by itself; `collect` gives free memory back, with `force` also that of other
   threads, and at once. */
void mi_collect(bool force) mi_noexcept;
void mi_process_init(void) mi_noexcept;
void mi_process_done(void) mi_noexcept;
void mi_thread_init(void) mi_noexcept;
void mi_thread_done(void) mi_noexcept;
void mi_thread_set_in_threadpool(void) mi_noexcept;

/* Callbacks. NULL takes a callback away. Codes of errors: EAGAIN double free, EFAULT corrupt memory, ENOMEM,
   EOVERFLOW, EINVAL. */
void mi_register_output(mi_output_fun* out, void* arg) mi_noexcept;
void mi_register_error(mi_error_fun* fun, void* arg) mi_noexcept;
void mi_register_deferred_free(mi_deferred_free_fun* deferred_free, void* arg) mi_noexcept;

/* Statistics. As text, to stderr or through a callback. Times are in milliseconds, memory in bytes; the places may be
   NULL. */
void mi_stats_print(void* out) mi_noexcept;
void mi_stats_print_out(mi_output_fun* out, void* arg) mi_noexcept;
void mi_thread_stats_print_out(mi_output_fun* out, void* arg) mi_noexcept;
void mi_stats_merge(void) mi_noexcept;
void mi_stats_reset(void) mi_noexcept;
void mi_process_info_print(void) mi_noexcept;
void mi_process_info_print_out(mi_output_fun* out, void* arg) mi_noexcept;
void mi_process_info(
    size_t* elapsed_msecs, size_t* user_msecs, size_t* system_msecs, size_t* current_rss, size_t* peak_rss, size_t*
    current_commit, size_t* peak_commit, size_t* page_faults) mi_noexcept;

/* Options. An unknown option is 0 and cannot be set. `default` sets it unless the environment or a call has.
   `get_size` is in bytes for options in KiB. */
bool mi_option_is_enabled(mi_option_t option) mi_noexcept;
void mi_option_enable(mi_option_t option) mi_noexcept;
void mi_option_disable(mi_option_t option) mi_noexcept;
void mi_option_set_enabled(mi_option_t option, bool enable) mi_noexcept;
void mi_option_set_enabled_default(mi_option_t option, bool enable) mi_noexcept;
long mi_option_get(mi_option_t option) mi_noexcept;
long mi_option_get_clamp(mi_option_t option, long min, long max) mi_noexcept;
size_t mi_option_get_size(mi_option_t option) mi_noexcept;
void mi_option_set(mi_option_t option, long value) mi_noexcept;
void mi_option_set_default(mi_option_t option, long value) mi_noexcept;
void mi_options_print(void) mi_noexcept;
void mi_options_print_out(mi_output_fun* out, void* arg) mi_noexcept;

#ifdef __cplusplus
}
#endif

/* Allocation by type. */
#define mi_malloc_tp(tp) ((tp*)mi_malloc(sizeof(tp)))
#define mi_zalloc_tp(tp) ((tp*)mi_zalloc(sizeof(tp)))
#define mi_calloc_tp(tp, n) ((tp*)mi_calloc(n, sizeof(tp)))
#define mi_mallocn_tp(tp, n) ((tp*)mi_mallocn(n, sizeof(tp)))
#define mi_reallocn_tp(tp, p, n) ((tp*)mi_reallocn(p, n, sizeof(tp)))
#define mi_recalloc_tp(tp, p, n) ((tp*)mi_recalloc(p, n, sizeof(tp)))

#endif
