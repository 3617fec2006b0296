// build: link
// tests: mi_heap_delete mi_heap_of mi_heap_main mi_realloc
// The blocks of a deleted heap stay valid, belong to the main heap then, and are freed and reallocated as usual.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  char* p[15][3];
  EACH_SIZE(size) {
    p[i_][0] = mi_heap_malloc(heap, size);
    p[i_][1] = mi_heap_zalloc_aligned(heap, size, 256);
    p[i_][2] = mi_heap_calloc(heap, 1, size);
    for (int k = 0; k < 3; k++) fill(p[i_][k], size, (unsigned)k);
  }
  CHECK(live(heap) == 45);
  mi_heap_delete(heap);
  EACH_SIZE(size) {
    for (int k = 0; k < 3; k++) {
      CHECK(filled(p[i_][k], size, (unsigned)k) && mi_heap_of(p[i_][k]) == mi_heap_main());
      CHECK(mi_usable_size(p[i_][k]) >= size && mi_any_heap_contains(p[i_][k]));
      CHECK(mi_heap_contains(mi_heap_main(), p[i_][k]) && look(mi_heap_main(), p[i_][k]).found == 1);
    }
    mi_free(p[i_][0]);
    p[i_][1] = mi_realloc(p[i_][1], size * 2);
    CHECK(p[i_][1] != NULL && filled(p[i_][1], size, 1));
    mi_free(p[i_][1]);
  }
  // The rest from a thread that never saw the heap: here the same, later.
  EACH_SIZE(size) {
    CHECK(filled(p[i_][2], size, 2));
    mi_free(p[i_][2]);
  }
  return 0;
}
