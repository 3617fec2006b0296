// build: link
// memcheck: no
// tests: mi_stats_get mi_stats_get_json mi_heap_stats_get mi_collect mi_heap_collect
// Figures are asked for and memory is collected by some threads while others work, make heaps and end: figures stay
// sensible, nothing is lost.
#include "conf.h"

enum { THREADS = 32 };
static mi_heap_t* shared;
static void* work(void* arg) {
  int me = (int)(intptr_t)arg;
  static __thread mi_stats_t stats;
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  for (int round = 0; round < 40; round++) {
    if (me % 4 == 0) {
      CHECK(mi_stats_get(&stats) && stats.threads.current > 0 && stats.threads.current <= 100);
      CHECK(mi_heap_stats_get(shared, &stats));
      char* json = mi_stats_get_json(0, NULL);
      CHECK(json != NULL && json[0] == '{');
      mi_free(json);
      mi_heap_collect(shared, round % 2 == 0);
      if (round % 10 == 0) mi_collect(true);
      continue;
    }
    mi_heap_t* own = mi_heap_new();
    char *p[60], *q[60];
    for (int i = 0; i < 60; i++) {
      fill(p[i] = mi_heap_malloc(shared, (size_t)i * 40 + 1), (size_t)i * 40 + 1, (unsigned)me);
      fill(q[i] = mi_heap_malloc(own, (size_t)i * 40 + 1), (size_t)i * 40 + 1, (unsigned)me);
    }
    for (int i = 0; i < 60; i++) {
      CHECK(filled(p[i], (size_t)i * 40 + 1, (unsigned)me) && filled(q[i], (size_t)i * 40 + 1, (unsigned)me));
      mi_free(p[i]);
    }
    if (round % 2 == 0) mi_heap_destroy(own); else mi_heap_delete(own);
    if (round % 2 != 0) for (int i = 0; i < 60; i++) mi_free(q[i]);
  }
  return NULL;
}
int main(void) {
  shared = mi_heap_new();
  crew(THREADS, work);
  CHECK(live(shared) == 0);
  mi_heap_delete(shared);
  return 0;
}
