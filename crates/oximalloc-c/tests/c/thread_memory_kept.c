// secure: 0
// build: link
// env: MIMALLOC_PURGE_DELAY=200
// What ended threads leave is kept for the next threads, without more of it for each, and goes when somebody collects with
// force, or comes by once purge_delay has passed.
#include "conf.h"
#include <unistd.h>

enum { ROUNDS = 50, THREADS = 4, BLOCKS = 500 };
static pthread_barrier_t there;

static int64_t pages(void) {
  static mi_stats_t stats;
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats));
  return stats.pages.current;
}

// Pages while the threads of a round have all their blocks.
static int64_t full;

static void* work(void* arg) {
  void* blocks[BLOCKS];
  for (int i = 0; i < BLOCKS; i++) memset(blocks[i] = mi_malloc(16 + i % 40 * 16), 1, 16);
  if (pthread_barrier_wait(&there) == PTHREAD_BARRIER_SERIAL_THREAD && full == 0) full = pages();
  pthread_barrier_wait(&there);
  for (int i = 0; i < BLOCKS; i++) mi_free(blocks[i]);
  return arg;
}

int main(void) {
  CHECK(pthread_barrier_init(&there, NULL, THREADS) == 0);
  mi_free(mi_malloc(10));
  mi_collect(true);
  int64_t before = pages();
  for (int i = 0; i < ROUNDS; i++) crew(THREADS, work);
  // Threads of a round may end in any order, so that one has another's pages in the next.
  CHECK(pages() <= 2 * full);
  mi_collect(true);
  CHECK(pages() <= before + 1);

  crew(THREADS, work);
  usleep(300 * 1000);
  // Slow paths, which come by.
  for (int i = 0; i < 200; i++) mi_free(mi_malloc(100 * 1024));
  CHECK(pages() <= before + 4);
  return 0;
}
