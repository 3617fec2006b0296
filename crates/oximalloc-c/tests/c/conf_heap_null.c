// build: link
// tests: mi_heap_delete mi_heap_destroy mi_heap_collect mi_heap_contains mi_heap_main mi_heap_visit_blocks
// NULL and the main heap are no heaps to delete or destroy: nothing happens. No heap contains NULL.
#include "conf.h"

int main(void) {
  char* p = mi_malloc(100);
  fill(p, 100, 1);
  mi_heap_delete(NULL);
  mi_heap_destroy(NULL);
  mi_heap_collect(NULL, false);
  mi_heap_collect(NULL, true);
  mi_heap_delete(mi_heap_main());
  mi_heap_destroy(mi_heap_main());
  CHECK(filled(p, 100, 1) && mi_heap_of(p) == mi_heap_main());
  CHECK(!mi_heap_contains(mi_heap_main(), NULL));
  CHECK(!mi_heap_visit_blocks(mi_heap_main(), true, NULL, NULL));
  mi_free(p);
  p = mi_heap_malloc(mi_heap_main(), 100);
  CHECK(p != NULL);
  mi_free(p);
  return 0;
}
