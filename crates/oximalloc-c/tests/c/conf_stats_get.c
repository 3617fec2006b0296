// build: link
// tests: mi_stats_get
// A struct whose size and version are right is filled; another one is refused and left alone, as is none.
#include "conf.h"

static mi_stats_t stats, before;
static void refused(size_t size, size_t version) {
  memset(&stats, 0x5a, sizeof stats);
  stats.size = size;
  stats.version = version;
  before = stats;
  CHECK(!mi_stats_get(&stats) && memcmp(&stats, &before, sizeof stats) == 0);
}
int main(void) {
  void* p = mi_malloc(40 << 20);
  CHECK(p != NULL);
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats) && stats.size == sizeof stats && stats.version == MI_STAT_VERSION);
  CHECK(stats.reserved.current >= 40 << 20 && stats.committed.current > 0 && stats.pages.current > 0);
  CHECK(stats.committed.peak >= stats.committed.current && stats.committed.total >= 0);
  CHECK(stats.threads.current >= 1 && stats.heaps.current >= 1 && stats.theaps.current >= 0);
  CHECK(stats.mmap_calls.total > 0);
  refused(sizeof stats - 8, MI_STAT_VERSION);
  refused(sizeof stats + 8, MI_STAT_VERSION);
  refused(0, MI_STAT_VERSION);
  refused(sizeof stats, 0);
  refused(sizeof stats, MI_STAT_VERSION - 1);
  refused(sizeof stats, MI_STAT_VERSION + 1);
  CHECK(!mi_stats_get(NULL));
  mi_free(p);
  return 0;
}
