// build: link
// tests: mi_arena_area mi_arena_contains mi_heap_new_in_arena
// No arena has no place and contains nothing; a heap in none is an ordinary one.
#include "conf.h"

int main(void) {
  size_t size = 77;
  CHECK(mi_arena_area(NULL, &size) == NULL && size == 0 && mi_arena_area(NULL, NULL) == NULL);
  void* p = mi_malloc(10);
  CHECK(!mi_arena_contains(NULL, p) && !mi_arena_contains(NULL, NULL));
  mi_free(p);
  mi_heap_t* heap = mi_heap_new_in_arena(NULL);
  p = mi_heap_malloc(heap, 100);
  belongs(heap, p, 100);
  mi_heap_destroy(heap);
  return 0;
}
