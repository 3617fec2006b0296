// What the tests of the statistics share: the struct, and sums over heaps.
#ifndef STATS_H
#define STATS_H
#include <mimalloc.h>
#include "check.h"
#if __has_include(<mimalloc-stats.h>)
#include <mimalloc-stats.h>
#else
typedef struct mi_heap_s mi_heap_t;
typedef struct mi_subproc_id_s {
  void* _mi_subproc_id;
} mi_subproc_id_t;
typedef bool(mi_heap_visit_fun)(mi_heap_t* heap, void* arg);
typedef struct mi_stat_count_s {
  int64_t total, peak, current;
} mi_stat_count_t;
typedef struct mi_stat_counter_s {
  int64_t total;
} mi_stat_counter_t;
#define MI_STAT_VERSION 5
#define MI_BIN_HUGE 73
typedef struct mi_stats_s {
  size_t size, version;
  mi_stat_count_t pages, reserved, committed;
  mi_stat_counter_t reset, purged;
  mi_stat_count_t page_committed, pages_abandoned, threads, malloc_normal, malloc_huge, malloc_requested;
  mi_stat_counter_t mmap_calls, commit_calls, reset_calls, purge_calls, arena_count, malloc_normal_count,
      malloc_huge_count, malloc_guarded_count, arena_rollback_count, arena_purges, pages_extended, pages_retire,
      page_searches, page_searches_count;
  mi_stat_count_t segments, segments_abandoned, segments_cache, _segments_reserved, heaps, theaps;
  mi_stat_counter_t pages_reclaim_on_alloc, pages_reclaim_on_free, pages_reabandon_full, pages_unabandon_busy_wait,
      heaps_delete_wait;
  mi_stat_count_t _stat_reserved[4];
  mi_stat_counter_t _stat_counter_reserved[4];
  mi_stat_count_t malloc_bins[MI_BIN_HUGE + 1], page_bins[MI_BIN_HUGE + 1], chunk_bins[6];
} mi_stats_t;
bool mi_stats_get(mi_stats_t* stats);
bool mi_heap_stats_get(mi_heap_t* heap, mi_stats_t* stats);
bool mi_subproc_stats_get(mi_subproc_id_t subproc_id, mi_stats_t* stats);
bool mi_subproc_stats_get_exclusive(mi_subproc_id_t subproc_id, mi_stats_t* stats);
char* mi_stats_as_json(mi_stats_t* stats, size_t buf_size, char* buf);
char* mi_stats_get_json(size_t buf_size, char* buf);
char* mi_heap_stats_get_json(mi_heap_t* heap, size_t buf_size, char* buf);
char* mi_subproc_stats_get_json(mi_subproc_id_t subproc_id, size_t buf_size, char* buf);
size_t mi_stats_get_bin_size(size_t bin);
void mi_heap_stats_print_out(mi_heap_t* heap, mi_output_fun* out, void* arg);
void mi_heap_stats_merge_to_subproc(mi_heap_t* heap);
void mi_subproc_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun* out, void* arg);
void mi_subproc_heap_stats_print_out(mi_subproc_id_t subproc_id, mi_output_fun* out, void* arg);
mi_heap_t* mi_heap_new(void);
mi_heap_t* mi_heap_main(void);
void mi_heap_delete(mi_heap_t* heap);
void mi_heap_destroy(mi_heap_t* heap);
void* mi_heap_malloc(mi_heap_t* heap, size_t size);
mi_subproc_id_t mi_subproc_main(void);
mi_subproc_id_t mi_subproc_current(void);
mi_subproc_id_t mi_subproc_new(void);
void mi_subproc_destroy(mi_subproc_id_t subproc);
void mi_subproc_add_current_thread(mi_subproc_id_t subproc);
bool mi_subproc_visit_heaps(mi_subproc_id_t subproc, mi_heap_visit_fun* visitor, void* arg);
#endif

static inline mi_stats_t empty_stats(void) {
  mi_stats_t stats;
  memset(&stats, 0, sizeof stats);
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  return stats;
}

static inline mi_stats_t stats_of(mi_heap_t* heap) {
  mi_stats_t stats = empty_stats();
  CHECK(heap == NULL ? mi_stats_get(&stats) : mi_heap_stats_get(heap, &stats));
  return stats;
}

// All counts of a struct, by what they begin with and how many follow each other.
static inline void ordered(const mi_stat_count_t* count, size_t n) {
  for (size_t i = 0; i < n; i++)
    CHECK(0 <= count[i].current && count[i].current <= count[i].peak && count[i].peak <= count[i].total);
}
static inline void check_order(const mi_stats_t* stats) {
  ordered(&stats->pages, 3);
  ordered(&stats->page_committed, 6);
  ordered(&stats->segments, 6);
  ordered(stats->malloc_bins, MI_BIN_HUGE + 1);
  ordered(stats->page_bins, MI_BIN_HUGE + 1);
  ordered(stats->chunk_bins, 6);
  const mi_stat_counter_t* counters = &stats->mmap_calls;
  for (size_t i = 0; i < 14; i++) CHECK(counters[i].total >= 0);
}

static inline int64_t blocks_in_use(const mi_stats_t* stats) {
  int64_t sum = 0;
  for (size_t bin = 0; bin <= MI_BIN_HUGE; bin++) sum += stats->malloc_bins[bin].current;
  return sum;
}

// What is in use in all heaps of a subprocess, against the subprocess's own figures.
static inline bool add_heap(mi_heap_t* heap, void* arg) {
  mi_stats_t one = stats_of(heap);
  mi_stats_t* sum = (mi_stats_t*)arg;
  check_order(&one);
  for (size_t bin = 0; bin <= MI_BIN_HUGE; bin++) {
    sum->malloc_bins[bin].current += one.malloc_bins[bin].current;
    sum->page_bins[bin].current += one.page_bins[bin].current;
  }
  sum->pages.current += one.pages.current;
  sum->page_committed.current += one.page_committed.current;
  sum->malloc_normal.current += one.malloc_normal.current;
  sum->malloc_huge.current += one.malloc_huge.current;
  sum->theaps.current += one.theaps.current;
  sum->heaps.current++;
  return true;
}
static inline void heaps_add_up(mi_subproc_id_t subproc) {
  mi_stats_t sum = empty_stats(), all = empty_stats();
  CHECK(mi_subproc_visit_heaps(subproc, add_heap, &sum));
  CHECK(mi_subproc_stats_get(subproc, &all));
  check_order(&all);
  for (size_t bin = 0; bin <= MI_BIN_HUGE; bin++) {
    CHECK(sum.malloc_bins[bin].current == all.malloc_bins[bin].current);
    CHECK(sum.page_bins[bin].current == all.page_bins[bin].current);
  }
  CHECK(sum.pages.current == all.pages.current && sum.page_committed.current == all.page_committed.current);
  CHECK(sum.malloc_normal.current == all.malloc_normal.current && sum.malloc_huge.current == all.malloc_huge.current);
  CHECK(sum.theaps.current == all.theaps.current && sum.heaps.current == all.heaps.current);
}
#endif
