// build: link
// tests: mi_heap_destroy
// All blocks of the heap go with it: 40 GiB in all come by without one being freed by itself.
#include "conf.h"

int main(void) {
  for (int round = 0; round < 400; round++) {
    mi_heap_t* heap = mi_heap_new();
    CHECK(heap != NULL);
    for (int i = 0; i < 1000; i++) CHECK(mi_heap_malloc(heap, (size_t)(i % 100) * 8) != NULL);
    for (int i = 0; i < 10; i++) {
      char* p = mi_heap_malloc(heap, 10 << 20);
      CHECK(p != NULL);
      p[0] = p[5 << 20] = 1;
      CHECK(mi_heap_malloc_aligned(heap, 5000, 1 << 16) != NULL);
      CHECK(mi_heap_zalloc(heap, 50000) != NULL);
    }
    mi_heap_destroy(heap);
  }
  // Some blocks were freed before, some by nobody, in an empty heap too.
  mi_heap_destroy(mi_heap_new());
  mi_heap_t* heap = mi_heap_new();
  for (int i = 0; i < 1000; i++) {
    void* p = mi_heap_malloc(heap, 64);
    CHECK(p != NULL);
    if (i % 2 == 0) mi_free(p);
  }
  CHECK(live(heap) == 500);
  mi_heap_destroy(heap);
  return 0;
}
