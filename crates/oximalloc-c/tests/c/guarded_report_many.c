// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// Records are used again: many more blocks are allocated and freed than there are records, of all sizes, also from
// heaps that end, and those that wait are bounded.
#include "guarded.h"

__attribute__((weak)) void* mi_heap_new(void);
__attribute__((weak)) void* mi_heap_malloc(void*, size_t);
__attribute__((weak)) void mi_heap_destroy(void*);

int main(void) {
  void* p[64];
  for (int round = 0; round < 600; round++) {
    for (size_t i = 0; i < 64; i++) {
      CHECK((p[i] = malloc(i * (size_t)round % 100000)) != NULL);
      memset(p[i], 1, i * (size_t)round % 100000);
    }
    for (size_t i = 0; i < 64; i++) free(p[i]);
    if (round % 10 == 0 && mi_heap_new) {
      void* heap = mi_heap_new();
      for (size_t i = 0; i < 64; i++) CHECK(mi_heap_malloc(heap, i * 10) != NULL);
      mi_heap_destroy(heap);
    }
  }
  CHECK(is_guarded(malloc(opaque_size(100))));
  long before = rss_kib();
  for (size_t i = 0; i < 500; i++) free(memset(malloc(1 << 20), 1, 1 << 20));
  CHECK(rss_kib() - before < 20 << 10);
  return 0;
}
