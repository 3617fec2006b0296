// build: link
// memcheck: no
// tests: mi_heap_new mi_heap_destroy mi_heap_delete mi_heap_theap
// 32 threads make and end heaps as fast as they can, so that addresses come back at once and in other threads: each
// new heap is empty everywhere, and its blocks are its own.
#include "conf.h"

enum { THREADS = 32, ROUNDS = 150 };
static void* work(void* arg) {
  unsigned me = (unsigned)(intptr_t)arg;
  for (int round = 0; round < ROUNDS; round++) {
    mi_heap_t* heap = mi_heap_new();
    CHECK(heap != NULL && live(heap) == 0);
    char* p[10];
    for (int i = 0; i < 10; i++) {
      fill(p[i] = mi_heap_malloc(heap, (size_t)i * 90 + 1), (size_t)i * 90 + 1, me + (unsigned)i);
      CHECK(mi_heap_of(p[i]) == heap);
    }
    CHECK(live(heap) == 10 && mi_heap_theap(heap) == mi_heap_theap(heap));
    for (int i = 0; i < 10; i++) CHECK(filled(p[i], (size_t)i * 90 + 1, me + (unsigned)i));
    if (round % 3 == 0) {
      mi_heap_delete(heap);
      for (int i = 0; i < 10; i++) {
        CHECK(filled(p[i], (size_t)i * 90 + 1, me + (unsigned)i) && mi_heap_of(p[i]) == mi_heap_main());
        mi_free(p[i]);
      }
    } else mi_heap_destroy(heap);
  }
  return NULL;
}
int main(void) {
  crew(THREADS, work);
  return 0;
}
