// build: link
// env: MIMALLOC_PURGE_DELAY=200
// What one thread frees the next takes, whoever's it was; what nobody takes goes back to its pages once purge_delay has
// passed and somebody comes by, or with a forced collect.
#include "conf.h"
#include <unistd.h>

enum { BLOCKS = 8000, SIZE = 200 };
static void* blocks[BLOCKS];

static int64_t pages(void) {
  static mi_stats_t stats;
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats));
  return stats.pages.current;
}

static int by_address(const void* a, const void* b) {
  uintptr_t x = *(const uintptr_t*)a, y = *(const uintptr_t*)b;
  return (x > y) - (x < y);
}

// In an order that spreads any row of them over all pages.
static void* free_all(void* arg) {
  for (int i = 0; i < BLOCKS; i++) mi_free(blocks[i * 1237L % BLOCKS]);
  return arg;
}

static void* take_again(void* arg) {
  void* again[64];
  for (int i = 0; i < 64; i++) {
    again[i] = mi_malloc(SIZE);
    CHECK(bsearch(&again[i], blocks, BLOCKS, sizeof *blocks, by_address) != NULL);
  }
  for (int i = 0; i < 64; i++) mi_free(again[i]);
  return arg;
}

static void allocate(void) {
  for (int i = 0; i < BLOCKS; i++) memset(blocks[i] = mi_malloc(SIZE), 1, SIZE);
}

int main(void) {
  mi_free(mi_malloc(10));
  mi_collect(true);
  int64_t before = pages();
  allocate();
  CHECK(pages() >= before + BLOCKS * SIZE / 65536);
  qsort(blocks, BLOCKS, sizeof *blocks, by_address);
  crew(1, free_all);
  CHECK(pages() > before + 4);  // some are kept
  crew(1, take_again);
  usleep(300 * 1000);
  for (int round = 0; round < 2; round++) {
    // Slow paths, which come by: what was there all the time goes, and the next time what has come meanwhile.
    for (int i = 0; i < 200; i++) mi_free(mi_malloc(100 * 1024));
    usleep(300 * 1000);
  }
  for (int i = 0; i < 200; i++) mi_free(mi_malloc(100 * 1024));
  CHECK(pages() <= before + 4);

  allocate();
  crew(1, free_all);
  mi_collect(true);
  CHECK(pages() <= before + 1);
  return 0;
}
