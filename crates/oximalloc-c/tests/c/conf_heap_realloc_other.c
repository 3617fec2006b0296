// build: link
// tests: mi_heap_realloc mi_heap_rezalloc mi_heap_realloc_aligned
// A block that moves when another heap reallocates it belongs to that heap then; plain realloc takes it to the main
// heap. Its contents move along, and nothing stays behind.
#include "conf.h"

int main(void) {
  mi_heap_t *one = mi_heap_new(), *two = mi_heap_new();
  char* p = mi_heap_malloc(one, 100);
  fill(p, 100, 1);
  CHECK(live(one) == 1 && live(two) == 0);
  p = mi_heap_realloc(two, p, 10000);
  CHECK(p != NULL && filled(p, 100, 1) && mi_heap_of(p) == two && live(one) == 0 && live(two) == 1);
  p = mi_heap_rezalloc(one, p, 1 << 20);
  CHECK(p != NULL && filled(p, 100, 1) && mi_heap_of(p) == one && live(one) == 1 && live(two) == 0);
  p = mi_heap_realloc_aligned(two, p, 3 << 20, 4096);
  CHECK(p != NULL && filled(p, 100, 1) && mi_heap_of(p) == two && live(one) == 0 && live(two) == 1);
  p = mi_realloc(p, 50 << 20);
  CHECK(p != NULL && filled(p, 100, 1) && mi_heap_of(p) == mi_heap_main() && live(one) == 0 && live(two) == 0);
  mi_heap_destroy(one);
  mi_heap_destroy(two);
  CHECK(filled(p, 100, 1));
  mi_free(p);
  return 0;
}
