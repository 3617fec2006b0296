// build: link
// tests: mi_heap_alloc_new mi_heap_alloc_new_n
// C++'s new in a heap.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  EACH_SIZE(size) {
    void *p = mi_heap_alloc_new(heap, size), *q = mi_heap_alloc_new_n(heap, 3, size);
    belongs(heap, p, size);
    belongs(heap, q, 3 * size);
    mi_free(p);
    mi_free(q);
  }
  void *a = mi_heap_alloc_new(heap, 0), *b = mi_heap_alloc_new_n(heap, 0, 8);
  CHECK(a != NULL && b != NULL && a != b && live(heap) == 2);
  mi_heap_destroy(heap);
  return 0;
}
