// build: link
// tests: mi_theap_realloc
// Reallocation in a thread-local heap; a block from elsewhere moves over.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  mi_theap_t* theap = mi_heap_theap(heap);
  char* p = mi_theap_realloc(theap, NULL, 10);
  fill(p, 10, 1);
  for (size_t size = 20; size < 30 << 20; size *= 3) {
    p = mi_theap_realloc(theap, p, size);
    CHECK(p != NULL && filled(p, 10, 1) && mi_heap_of(p) == heap && live(heap) == 1);
    fill(p, size, 1);
  }
  CHECK(mi_theap_realloc(theap, p, TOO_MUCH) == NULL && filled(p, 10, 1));
  p = mi_theap_realloc(theap, p, 0);
  CHECK(p != NULL && live(heap) == 1);
  mi_free(p);
  p = mi_malloc(100);
  fill(p, 100, 1);
  p = mi_theap_realloc(theap, p, 100000);
  CHECK(p != NULL && filled(p, 100, 1) && mi_heap_of(p) == heap);
  mi_free(p);
  mi_heap_delete(heap);
  return 0;
}
