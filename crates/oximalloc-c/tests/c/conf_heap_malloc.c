// build: link
// tests: mi_heap_malloc mi_heap_mallocn mi_heap_malloc_small
// Plain blocks in a heap of their own, of every kind; what cannot be is NULL.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  EACH_SIZE(size) {
    char *p = mi_heap_malloc(heap, size), *q = mi_heap_malloc(heap, size), *other = mi_malloc(size);
    belongs(heap, p, size);
    belongs(heap, q, size);
    CHECK(aligned_to(p, size >= 16 ? 16 : 8) && p != q && mi_heap_of(other) == mi_heap_main());
    char* many = mi_heap_mallocn(heap, size, 3);
    belongs(heap, many, size * 3);
    CHECK(live(heap) == 3);
    mi_free(p);
    mi_free(other);
    mi_free(many);
    CHECK(filled(q, size, 3));
    mi_free(q);
    CHECK(live(heap) == 0);
  }
  for (size_t size = 0; size <= MI_SMALL_SIZE_MAX; size += 8) {
    void* p = mi_heap_malloc_small(heap, size);
    belongs(heap, p, size);
    if (size % 16 == 0) mi_free(p); else mi_free_small(p);
  }
  void *a = mi_heap_malloc(heap, 0), *b = mi_heap_malloc(heap, 0), *c = mi_heap_mallocn(heap, 0, 8);
  CHECK(a != NULL && b != NULL && c != NULL && a != b && b != c && mi_heap_of(a) == heap);
  CHECK(mi_heap_malloc(heap, TOO_MUCH) == NULL && mi_heap_malloc(heap, opaque_size(SIZE_MAX)) == NULL);
  CHECK(mi_heap_mallocn(heap, OVERFLOWING, 16) == NULL && mi_heap_mallocn(heap, 16, OVERFLOWING) == NULL);
  CHECK(live(heap) == 3);
  mi_heap_destroy(heap);
  return 0;
}
