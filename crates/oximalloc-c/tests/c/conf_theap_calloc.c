// build: link
// tests: mi_theap_calloc mi_theap_zalloc mi_theap_zalloc_small
// Zeroed blocks of a thread-local heap.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  mi_theap_t* theap = mi_heap_theap(heap);
  EACH_SIZE(size) {
    soil_heap(heap, size);
    char* p = mi_theap_zalloc(theap, size);
    CHECK(p != NULL && all_bytes(p, size, 0));
    belongs(heap, p, size);
    soil_heap(heap, 2 * size);
    char* q = mi_theap_calloc(theap, 2, size);
    CHECK(q != NULL && all_bytes(q, 2 * size, 0));
    belongs(heap, q, 2 * size);
    mi_free(p);
    mi_free(q);
    if (size > MI_SMALL_SIZE_MAX) continue;
    soil_heap(heap, size);
    p = mi_theap_zalloc_small(theap, size);
    CHECK(p != NULL && all_bytes(p, size, 0));
    belongs(heap, p, size);
    mi_free(p);
  }
  CHECK(mi_theap_calloc(theap, OVERFLOWING, 16) == NULL && mi_theap_calloc(theap, 16, OVERFLOWING) == NULL);
  CHECK(mi_theap_zalloc(theap, TOO_MUCH) == NULL && live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
