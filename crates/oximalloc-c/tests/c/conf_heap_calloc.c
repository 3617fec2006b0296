// build: link
// tests: mi_heap_calloc
// Zeroed blocks in a heap, also from memory that was used before; a product that is too large is NULL.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  EACH_SIZE(size) {
    soil_heap(heap, 2 * size);
    char* p = mi_heap_calloc(heap, 2, size);
    CHECK(p != NULL && all_bytes(p, 2 * size, 0));
    belongs(heap, p, 2 * size);
    soil(size);
    char* q = mi_heap_calloc(heap, size, 1);
    CHECK(q != NULL && all_bytes(q, size, 0));
    belongs(heap, q, size);
    mi_free(p);
    mi_free(q);
  }
  CHECK(live(heap) == 0);
  CHECK(mi_heap_calloc(heap, OVERFLOWING, 16) == NULL && mi_heap_calloc(heap, 16, OVERFLOWING) == NULL);
  CHECK(mi_heap_calloc(heap, 1, TOO_MUCH) == NULL);
  void* p = mi_heap_calloc(heap, 0, 8);
  CHECK(p != NULL && mi_heap_of(p) == heap && live(heap) == 1);
  mi_heap_delete(heap);
  mi_free(p);
  return 0;
}
