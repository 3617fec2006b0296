// secure: 0
// build: link
// mi_stats_get: size and version are checked, and the struct is left alone if they are others; blocks are counted in the
// heap whose page they are of, whoever frees them; heaps add up.
#include "stats.h"

static void sizes(void) {
  CHECK(sizeof(mi_stats_t) == 4368);
  mi_stats_t stats = empty_stats(), before;
  for (int i = 0; i < 4; i++) {
    memset(&stats, 0x5A, sizeof stats);
    stats.size = sizeof stats + (i == 0 ? 8 : i == 1 ? (size_t)-8 : 0);
    stats.version = i == 2 ? 4 : i == 3 ? 6 : MI_STAT_VERSION;
    before = stats;
    CHECK(!mi_stats_get(&stats) && !mi_heap_stats_get(mi_heap_main(), &stats));
    CHECK(!mi_subproc_stats_get(mi_subproc_main(), &stats) && !mi_subproc_stats_get_exclusive(mi_subproc_main(), &stats));
    CHECK(mi_stats_as_json(&stats, 0, NULL) == NULL);
    CHECK(memcmp(&stats, &before, sizeof stats) == 0);
  }
  stats = before = empty_stats();
  CHECK(!mi_stats_get(NULL) && !mi_heap_stats_get(mi_heap_main(), NULL) && !mi_heap_stats_get(NULL, &stats));
  CHECK(!mi_heap_stats_get((mi_heap_t*)&stats, &stats) && mi_heap_stats_get_json(NULL, 0, NULL) == NULL);
  mi_subproc_id_t none;
  memset(&none, 0, sizeof none);
  CHECK(!mi_subproc_stats_get(none, &stats) && mi_subproc_stats_get_json(none, 0, NULL) == NULL);
  CHECK(memcmp(&stats, &before, sizeof stats) == 0);
  CHECK(mi_stats_get(&stats) && stats.size == sizeof stats && stats.version == MI_STAT_VERSION);
}

static size_t row_of(size_t size) {
  for (size_t bin = 0; bin < MI_BIN_HUGE; bin++)
    if (mi_stats_get_bin_size(bin) >= size) return bin;
  return MI_BIN_HUGE;
}

static void bins(void) {
  CHECK(mi_stats_get_bin_size(0) == 8 && mi_stats_get_bin_size(1) == 8 && mi_stats_get_bin_size(8) == 64);
  CHECK(mi_stats_get_bin_size(9) == 80 && mi_stats_get_bin_size(13) == 160 && mi_stats_get_bin_size(48) == 65536);
  CHECK(mi_stats_get_bin_size(72) == 4 << 20 && mi_stats_get_bin_size(73) == (512 << 10) + 8);
  CHECK(mi_stats_get_bin_size(74) == 0 && mi_stats_get_bin_size(SIZE_MAX) == 0);
  for (size_t bin = 2; bin < MI_BIN_HUGE; bin++) CHECK(mi_stats_get_bin_size(bin) > mi_stats_get_bin_size(bin - 1));
}

enum { COUNT = 3000 };
static void* blocks[COUNT];

static void* free_all(void* arg) {
  size_t n = (size_t)arg;
  for (size_t i = 0; i < n; i++) mi_free(blocks[i]);
  return NULL;
}

static void in_thread(size_t n) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, free_all, (void*)n) == 0 && pthread_join(thread, NULL) == 0);
}

static void one_heap(size_t size) {
  mi_heap_t* heap = mi_heap_new();
  mi_stats_t all = stats_of(NULL);
  size_t usable = 0, row = row_of(size);
  for (int i = 0; i < COUNT; i++) {
    blocks[i] = mi_heap_malloc(heap, size);
    CHECK(blocks[i] != NULL);
    usable += mi_usable_size(blocks[i]);
  }
  mi_stats_t full = stats_of(heap);
  check_order(&full);
  bool huge = size > 65536;
  if (!huge) row = row_of(mi_usable_size(blocks[0]));
  CHECK(blocks_in_use(&full) == COUNT && full.malloc_bins[huge ? MI_BIN_HUGE : row].current == COUNT);
  CHECK((size_t)(huge ? full.malloc_huge.current : full.malloc_normal.current) == usable);
  CHECK((size_t)full.malloc_requested.current == usable);
  CHECK((huge ? full.malloc_huge_count.total : full.malloc_normal_count.total) >= COUNT);
  CHECK(full.page_bins[huge ? MI_BIN_HUGE : row].current == full.pages.current && full.pages.current > 0);
  CHECK((size_t)full.page_committed.current >= usable && full.theaps.current == 1);
  CHECK(full.committed.current == 0 && full.reserved.current == 0 && full.threads.current == 0);
  mi_stats_t more = stats_of(NULL);
  CHECK(more.malloc_requested.current - all.malloc_requested.current == (int64_t)usable);
  heaps_add_up(mi_subproc_main());

  // Freed by another thread, but counted here.
  in_thread(COUNT / 2);
  mi_stats_t half = stats_of(heap);
  CHECK(blocks_in_use(&half) == COUNT - COUNT / 2);
  CHECK((huge ? half.malloc_huge.peak : half.malloc_normal.peak) >= (int64_t)usable);
  heaps_add_up(mi_subproc_main());
  for (int i = COUNT / 2; i < COUNT; i++) mi_free(blocks[i]);
  mi_stats_t none = stats_of(heap);
  CHECK(blocks_in_use(&none) == 0 && none.malloc_normal.current == 0 && none.malloc_huge.current == 0);
  mi_heap_destroy(heap);
  heaps_add_up(mi_subproc_main());
  mi_stats_t after = stats_of(NULL);
  CHECK(after.malloc_requested.current == all.malloc_requested.current);
  CHECK(after.malloc_requested.total >= all.malloc_requested.total + (int64_t)usable);
  CHECK(after.heaps.current == 1 && !mi_heap_stats_get(heap, &after));
}

int main(void) {
  sizes();
  bins();
  // The C library keeps a block for the next thread.
  in_thread(0);
  one_heap(24);
  one_heap(144);
  one_heap(1000);
  one_heap(20000);
  one_heap(100000);
  return 0;
}
