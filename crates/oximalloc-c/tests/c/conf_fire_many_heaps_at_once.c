// build: link
// memcheck: no
// tests: mi_heap_new mi_heap_destroy mi_subproc_visit_heaps
// A thousand heaps that live at once, used by 32 threads, and are then gone; a second time memory does not grow.
#include "conf.h"

enum { HEAPS = 1000, THREADS = 32 };
static mi_heap_t* heaps[HEAPS];
static void* work(void* arg) {
  for (int i = (int)(intptr_t)arg; i < HEAPS; i += THREADS) {
    CHECK((heaps[i] = mi_heap_new()) != NULL);
    belongs(heaps[i], mi_heap_malloc(heaps[i], 100), 100);
  }
  return NULL;
}
static void* again(void* arg) {
  for (int i = (int)(intptr_t)arg + 7; i < HEAPS; i += THREADS) belongs(heaps[i], mi_heap_malloc(heaps[i], 50), 50);
  return NULL;
}
static bool count(mi_heap_t* heap, void* arg) {
  CHECK(heap != NULL);
  ++*(int*)arg;
  return true;
}
int main(void) {
  long first = 0;
  for (int round = 0; round < 3; round++) {
    int before = 0, now = 0;
    CHECK(mi_subproc_visit_heaps(mi_subproc_main(), count, &before));
    crew(THREADS, work);
    CHECK(mi_subproc_visit_heaps(mi_subproc_main(), count, &now) && now == before + HEAPS);
    crew(THREADS, again);
    for (int i = 0; i < HEAPS; i++) CHECK(live(heaps[i]) == (i < 7 ? 1 : 2));
    for (int i = 0; i < HEAPS; i++) mi_heap_destroy(heaps[i * 7 % HEAPS]);
    now = 0;
    CHECK(mi_subproc_visit_heaps(mi_subproc_main(), count, &now) && now == before);
    if (round == 0) first = rss_kib();
  }
  CHECK(rss_kib() < first + 400000);
  return 0;
}
