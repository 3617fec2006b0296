// build: link
// tests: mi_heap_zalloc mi_heap_zalloc_small
// Zeroed blocks in a heap.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  EACH_SIZE(size) {
    soil_heap(heap, size);
    char* p = mi_heap_zalloc(heap, size);
    CHECK(p != NULL && all_bytes(p, size, 0));
    belongs(heap, p, size);
    mi_free(p);
  }
  for (size_t size = 0; size <= MI_SMALL_SIZE_MAX; size += 8) {
    soil_heap(heap, size);
    char* p = mi_heap_zalloc_small(heap, size);
    CHECK(p != NULL && all_bytes(p, size, 0));
    belongs(heap, p, size);
    mi_free(p);
  }
  CHECK(mi_heap_zalloc(heap, TOO_MUCH) == NULL && live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
