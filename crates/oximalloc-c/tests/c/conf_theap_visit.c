// build: link
// tests: mi_theap_visit_blocks
// A visit of a thread-local heap sees the blocks of this thread alone. (Of those in pages that are not full: full
// ones and huge blocks need not be tied to a thread.)
#include "conf.h"

static mi_heap_t* heap;
static pthread_barrier_t step;
static void* work(void* arg) {
  (void)arg;
  void* p[70];
  for (int i = 0; i < 70; i++) p[i] = mi_heap_malloc(heap, 500);
  seen_t seen = {.wanted = p[3]};
  CHECK(mi_theap_visit_blocks(mi_heap_theap(heap), true, see, &seen) && seen.blocks == 70 && seen.found == 1);
  pthread_barrier_wait(&step);
  pthread_barrier_wait(&step);
  for (int i = 0; i < 70; i++) mi_free(p[i]);
  return NULL;
}
static bool stop(const mi_heap_t* h, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  (void)h, (void)area, (void)block, (void)size;
  return ++*(int*)arg < 5;
}
int main(void) {
  CHECK(pthread_barrier_init(&step, NULL, 2) == 0);
  heap = mi_heap_new();
  void* p[50];
  for (int i = 0; i < 50; i++) p[i] = mi_heap_malloc(heap, 100);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
  pthread_barrier_wait(&step);
  seen_t seen = {.wanted = p[49]};
  CHECK(mi_theap_visit_blocks(mi_heap_theap(heap), true, see, &seen));
  CHECK(seen.blocks == 50 && seen.used == 50 && seen.found == 1 && seen.areas >= 1);
  seen_t areas = {0};
  CHECK(mi_theap_visit_blocks(mi_heap_theap(heap), false, see, &areas));
  CHECK(areas.blocks == 0 && areas.used == 50 && areas.areas == seen.areas);
  int calls = 0;
  CHECK(!mi_theap_visit_blocks(mi_heap_theap(heap), true, stop, &calls) && calls == 5);
  pthread_barrier_wait(&step);
  CHECK(pthread_join(thread, NULL) == 0);
  mi_heap_destroy(heap);
  return 0;
}
