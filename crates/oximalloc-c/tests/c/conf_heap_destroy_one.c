// build: link
// tests: mi_heap_destroy mi_heap_contains mi_heap_of
// Destroying one heap leaves the blocks of the others alone, and only its own are gone.
#include "conf.h"

int main(void) {
  mi_heap_t *one = mi_heap_new(), *two = mi_heap_new();
  char *a[500], *b[500], *c[500];
  for (int i = 0; i < 500; i++) {
    size_t size = (size_t)i * 37 % 3000 + 1;
    fill(a[i] = mi_heap_malloc(one, size), size, 1);
    fill(b[i] = mi_heap_malloc(two, size), size, 2);
    fill(c[i] = mi_malloc(size), size, 3);
  }
  mi_heap_destroy(one);
  for (int i = 0; i < 500; i++) {
    size_t size = (size_t)i * 37 % 3000 + 1;
    CHECK(filled(b[i], size, 2) && filled(c[i], size, 3));
    CHECK(mi_heap_of(b[i]) == two && mi_heap_of(c[i]) == mi_heap_main());
    CHECK(!mi_heap_contains(two, a[i]) && !mi_heap_contains(mi_heap_main(), a[i]));
  }
  // What the heap leaves can be used by the others.
  char* d[500];
  for (int i = 0; i < 500; i++) fill(d[i] = mi_heap_malloc(two, 3000), 3000, 4);
  for (int i = 0; i < 500; i++) {
    size_t size = (size_t)i * 37 % 3000 + 1;
    CHECK(filled(b[i], size, 2) && filled(c[i], size, 3) && filled(d[i], 3000, 4));
    mi_free(c[i]);
    if (i % 2 == 0) mi_free(b[i]);
  }
  CHECK(live(two) == 750);
  mi_heap_destroy(two);
  return 0;
}
