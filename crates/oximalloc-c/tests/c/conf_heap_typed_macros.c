// build: link
// tests: mi_heap_new mi_heap_delete
// Allocation by type in a heap.
#include "conf.h"

typedef struct { double x, y, z; } point_t;

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  point_t* one = mi_heap_malloc_tp(point_t, heap);
  belongs(heap, one, sizeof(point_t));
  mi_free(one);
  one = mi_heap_zalloc_tp(point_t, heap);
  CHECK(one != NULL && all_bytes(one, sizeof(point_t), 0));
  mi_free(one);
  point_t* many = mi_heap_mallocn_tp(point_t, heap, 10);
  belongs(heap, many, 10 * sizeof(point_t));
  many = mi_heap_reallocn_tp(point_t, heap, many, 100);
  belongs(heap, many, 100 * sizeof(point_t));
  mi_free(many);
  many = mi_heap_calloc_tp(point_t, heap, 10);
  many = mi_heap_recalloc_tp(point_t, heap, many, 1000);
  CHECK(many != NULL && all_bytes(many, 1000 * sizeof(point_t), 0));
  mi_free(many);
  mi_heap_delete(heap);
  return 0;
}
