// build: link
// tests: mi_stats_reset
// After a reset the statistics begin anew, and what is in use then goes on to work and to be freed.
#include "conf.h"

static mi_stats_t stats;
int main(void) {
  void* p[100];
  for (int i = 0; i < 100; i++) p[i] = mi_malloc(100000);
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats) && stats.mmap_calls.total > 0);
  int64_t calls = stats.mmap_calls.total;
  mi_stats_reset();
  CHECK(mi_stats_get(&stats) && stats.mmap_calls.total <= calls);
  for (int i = 0; i < 100; i++) mi_free(p[i]);
  mi_stats_reset();
  CHECK(mi_stats_get(&stats));
  mi_free(mi_malloc(10));
  return 0;
}
