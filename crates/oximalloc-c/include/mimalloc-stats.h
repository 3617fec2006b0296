/* mimalloc-stats.h: the figures of mimalloc.h as a struct and as JSON.

   Memory is in bytes, everything else is counted. A figure is as exact as the moment allows: threads that run count on
   while it is read. */
#pragma once
#ifndef MIMALLOC_STATS_H
#define MIMALLOC_STATS_H

#include <mimalloc.h>

/* The layout below. */
#define MI_STAT_VERSION 5
/* The last size class, which is that of the largest blocks; their number is one more. */
#define MI_BIN_HUGE 73
/* The number of kinds of slices in arenas. */
#define MI_CBIN_COUNT 6

/* What rises and falls: the sum of all rises, the highest, and where it is now. */
typedef struct mi_stat_count_s {
  int64_t total;
  int64_t peak;
  int64_t current;
} mi_stat_count_t;

/* What only rises. */
typedef struct mi_stat_counter_s {
  int64_t total;
} mi_stat_counter_t;

/* The figures of a process, a subprocess or a heap. */
typedef struct mi_stats_s {
  size_t size;    /* of this struct; the caller sets it */
  size_t version; /* MI_STAT_VERSION; the caller sets it */

  mi_stat_count_t pages;             /* runs of blocks of one size */
  mi_stat_count_t reserved;          /* address space */
  mi_stat_count_t committed;         /* memory that the OS counts for us */
  mi_stat_counter_t reset;           /* memory whose contents the OS may drop */
  mi_stat_counter_t purged;          /* memory given back */
  mi_stat_count_t page_committed;    /* memory of pages */
  mi_stat_count_t pages_abandoned;   /* pages without a thread */
  mi_stat_count_t threads;           /* threads that allocate */
  mi_stat_count_t malloc_normal;     /* blocks that share a page, in bytes */
  mi_stat_count_t malloc_huge;       /* blocks with a page of their own, in bytes */
  mi_stat_count_t malloc_requested;  /* what was asked for, in bytes */

  mi_stat_counter_t mmap_calls;      /* calls of the OS */
  mi_stat_counter_t commit_calls;
  mi_stat_counter_t reset_calls;
  mi_stat_counter_t purge_calls;
  mi_stat_counter_t arena_count;     /* arenas made */
  mi_stat_counter_t malloc_normal_count; /* blocks */
  mi_stat_counter_t malloc_huge_count;
  mi_stat_counter_t malloc_guarded_count; /* blocks with a guard page */

  mi_stat_counter_t arena_rollback_count; /* claims in arenas that were undone */
  mi_stat_counter_t arena_purges;    /* purges of arenas */
  mi_stat_counter_t pages_extended;  /* times that more of a page was carved into blocks */
  mi_stat_counter_t pages_retire;    /* pages that became empty */
  mi_stat_counter_t page_searches;   /* pages looked at in searches for one with room */
  mi_stat_counter_t page_searches_count; /* those searches */
  mi_stat_count_t segments;          /* always 0, as the next three */
  mi_stat_count_t segments_abandoned;
  mi_stat_count_t segments_cache;
  mi_stat_count_t _segments_reserved;
  mi_stat_count_t heaps;             /* heaps */
  mi_stat_count_t theaps;            /* threads' parts of heaps */
  mi_stat_counter_t pages_reclaim_on_alloc; /* abandoned pages taken over by an allocation */
  mi_stat_counter_t pages_reclaim_on_free;  /* and by a free */
  mi_stat_counter_t pages_reabandon_full;   /* pages abandoned because they are full */
  mi_stat_counter_t pages_unabandon_busy_wait; /* waits for another thread to let a page go */
  mi_stat_counter_t heaps_delete_wait;      /* waits for other threads when a heap ends */

  mi_stat_count_t _stat_reserved[4];
  mi_stat_counter_t _stat_counter_reserved[4];

  mi_stat_count_t malloc_bins[MI_BIN_HUGE + 1]; /* blocks by size class */
  mi_stat_count_t page_bins[MI_BIN_HUGE + 1];   /* pages by size class */
  mi_stat_count_t chunk_bins[MI_CBIN_COUNT];    /* chunks of arenas by what they hold */
} mi_stats_t;

/* Declares a struct that is ready for the functions below: `mi_stats_t_decl(stats);` */
#ifdef __cplusplus
#define mi_stats_t_decl(name) \
  mi_stats_t name = mi_stats_t(); \
  name.size = sizeof(mi_stats_t); \
  name.version = MI_STAT_VERSION
#else
#define mi_stats_t_decl(name) mi_stats_t name = {.size = sizeof(mi_stats_t), .version = MI_STAT_VERSION}
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The figures of the calling thread's subprocess, all its heaps together: of the process, in a program that makes no other.
   False, and nothing written, for NULL and for a struct of another size or version. */
mi_decl_export bool mi_stats_get(mi_stats_t* stats) mi_noexcept;
/* Those of a heap; false for NULL. */
mi_decl_export bool mi_heap_stats_get(mi_heap_t* heap, mi_stats_t* stats) mi_noexcept;
/* Those of a subprocess with all its heaps, and without them; false if it does not exist. */
mi_decl_export bool mi_subproc_stats_get(mi_subproc_id_t subproc_id, mi_stats_t* stats) mi_noexcept;
mi_decl_export bool mi_subproc_stats_get_exclusive(mi_subproc_id_t subproc_id, mi_stats_t* stats) mi_noexcept;

/* The figures as JSON: in `buf`, cut to `buf_size` bytes with a zero at the end, or in a new block (to be freed with
   mi_free) if `buf` is NULL. NULL on a failure. */
mi_decl_export char* mi_stats_as_json(mi_stats_t* stats, size_t buf_size, char* buf) mi_noexcept;
mi_decl_export char* mi_stats_get_json(size_t buf_size, char* buf) mi_noexcept;
mi_decl_export char* mi_heap_stats_get_json(mi_heap_t* heap, size_t buf_size, char* buf) mi_noexcept;
mi_decl_export char* mi_subproc_stats_get_json(mi_subproc_id_t subproc_id, size_t buf_size, char* buf) mi_noexcept;

/* The largest block of a size class (an index of malloc_bins), in bytes; 0 if there is no such class. */
mi_decl_export size_t mi_stats_get_bin_size(size_t bin) mi_noexcept;

#ifdef __cplusplus
}
#endif

#endif
