// secure: 0
// build: link
// env: MIMALLOC_PURGE_DELAY=200
// What one thread frees the next takes, whoever's it was; what nobody takes goes back to its pages once purge_delay has
// passed and somebody comes by, or with a forced collect. Who only frees does not keep pages for a few blocks of each.
#include "conf.h"
#include <unistd.h>

enum { BLOCKS = 60000, SOME = 200, SIZE = 200, PAGES = BLOCKS / (65536 / 208) };
static void* blocks[BLOCKS];

// When a thread that frees began. A purge_delay later, which a busy machine may need for a step, its blocks may be gone.
static double since;
static bool late(void) { return seconds() - since > 0.15; }

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
static void free_from(int from, int to) {
  for (int i = from; i < to; i++) mi_free(blocks[i * 1237L % BLOCKS]);
}

static void* free_some(void* arg) {
  since = seconds();
  free_from(0, SOME);
  return arg;
}

static void* free_all(void* arg) {
  free_from(0, BLOCKS);
  return arg;
}

// All blocks but those that were freed are in use.
static void* take_again(void* arg) {
  void* again[64];
  for (int i = 0; i < 64; i++) {
    again[i] = mi_malloc(SIZE);
    bool freed = bsearch(&again[i], blocks, BLOCKS, sizeof *blocks, by_address) != NULL;
    CHECK(freed || late());
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
  CHECK(pages() >= before + PAGES);
  qsort(blocks, BLOCKS, sizeof *blocks, by_address);
  crew(1, free_some);
  crew(1, take_again);
  free_from(SOME, BLOCKS);
  CHECK(pages() <= before + PAGES / 2);

  allocate();
  qsort(blocks, BLOCKS, sizeof *blocks, by_address);
  free_from(SOME, BLOCKS);
  // Until the stack runs empty: somebody wants such blocks.
  static void* others[2 * SOME];
  for (int i = 0; i < 2 * SOME; i++) others[i] = mi_malloc(SIZE);
  crew(1, free_some);
  // The depot and a stack keep them.
  int64_t kept = pages();
  CHECK(kept > before + PAGES / 2 || late());
  usleep(300 * 1000);
  for (int round = 0; round < 2; round++) {
    // Slow paths, which come by: what was there all the time goes, and the next time what has come meanwhile.
    for (int i = 0; i < 200; i++) mi_free(mi_malloc(100 * 1024));
    usleep(300 * 1000);
  }
  for (int i = 0; i < 200; i++) mi_free(mi_malloc(100 * 1024));
  CHECK(pages() <= before + PAGES / 4);
  for (int i = 0; i < 2 * SOME; i++) mi_free(others[i]);

  allocate();
  crew(1, free_all);
  mi_collect(true);
  CHECK(pages() <= before + 1);
  return 0;
}
