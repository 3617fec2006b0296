// build: link
// memcheck: no
// tests: mi_heap_destroy
// Heaps with full pages, huge blocks, aligned blocks and pages of ended threads are destroyed by one thread while 31
// others go on in theirs; no other heap loses a byte, and memory does not add up.
#include "conf.h"

enum { THREADS = 32, ROUNDS = 10 };
static void* fill_and_end(void* arg) {
  mi_heap_t* heap = arg;
  for (int i = 0; i < 300; i++) CHECK(mi_heap_malloc(heap, (size_t)i * 7 + 1) != NULL);
  CHECK(mi_heap_malloc(heap, 3 << 20) != NULL);
  return NULL;
}
static void* work(void* arg) {
  unsigned me = (unsigned)(intptr_t)arg;
  char* mine[50];
  for (int round = 0; round < ROUNDS; round++) {
    mi_heap_t* heap = mi_heap_new();
    CHECK(heap != NULL && live(heap) == 0);
    for (int i = 0; i < 50; i++) fill(mine[i] = mi_malloc((size_t)i * 100 + 1), (size_t)i * 100 + 1, me);
    // Full pages.
    for (int i = 0; i < 3000; i++) *(int*)mi_heap_malloc(heap, 64) = i;
    char* huge = mi_heap_malloc(heap, 18 << 20);
    huge[0] = huge[(18 << 20) - 1] = 1;
    CHECK(mi_heap_malloc_aligned(heap, 100, 1 << 16) != NULL && mi_heap_zalloc_aligned(heap, 300000, 4096) != NULL);
    pthread_t thread;
    if (round % 3 == 0) {
      CHECK(pthread_create(&thread, NULL, fill_and_end, heap) == 0);
      CHECK(pthread_join(thread, NULL) == 0);
      CHECK(live(heap) == 3000 + 3 + 301);
    }
    mi_heap_destroy(heap);
    for (int i = 0; i < 50; i++) {
      CHECK(filled(mine[i], (size_t)i * 100 + 1, me));
      mi_free(mine[i]);
    }
  }
  return NULL;
}
int main(void) {
  crew(THREADS, work);
  mi_collect(true);
  long first = rss_kib();
  for (int i = 0; i < 3; i++) crew(THREADS, work);
  mi_collect(true);
  CHECK(rss_kib() < first + 200000);
  return 0;
}
