// build: link
// tests: mi_stats_get
// Threads and heaps are counted: those that live, and the most that did at once.
#include "conf.h"

static pthread_barrier_t there;
static int64_t threads_then;
static mi_stats_t get(void) {
  static __thread mi_stats_t stats;
  stats.size = sizeof stats;
  stats.version = MI_STAT_VERSION;
  CHECK(mi_stats_get(&stats));
  return stats;
}
static void* work(void* arg) {
  mi_free(mi_malloc(10));
  pthread_barrier_wait(&there);
  if (arg == NULL) threads_then = get().threads.current;
  pthread_barrier_wait(&there);
  return NULL;
}
int main(void) {
  CHECK(pthread_barrier_init(&there, NULL, 8) == 0);
  int64_t threads = get().threads.current, heaps = get().heaps.current;
  crew(8, work);
  CHECK(threads_then == threads + 8);
  CHECK(get().threads.current == threads && get().threads.peak >= threads + 8);
  mi_heap_t* made[10];
  for (int i = 0; i < 10; i++) made[i] = mi_heap_new();
  CHECK(get().heaps.current == heaps + 10);
  for (int i = 0; i < 10; i++) {
    if (i % 2 == 0) mi_heap_delete(made[i]); else mi_heap_destroy(made[i]);
  }
  CHECK(get().heaps.current == heaps && get().heaps.peak >= heaps + 10);
  return 0;
}
