// build: link
// tests: mi_stats_merge
// Merging a thread's figures into the whole loses nothing, however often. (The reference library does not have this
// function.)
#include "conf.h"

static mi_stats_t stats;
static void* work(void* arg) {
  (void)arg;
  for (int i = 0; i < 1000; i++) {
    mi_free(mi_malloc((size_t)i * 10));
    mi_stats_merge();
  }
  return NULL;
}
int main(void) {
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats));
  int64_t threads = stats.threads.current;
  crew(8, work);
  mi_stats_merge();
  mi_stats_merge();
  CHECK(mi_stats_get(&stats) && stats.threads.current == threads && stats.pages.current >= 0);
  return 0;
}
