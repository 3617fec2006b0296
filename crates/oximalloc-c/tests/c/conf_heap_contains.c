// build: link
// tests: mi_heap_contains
// A heap contains its own blocks, not those of another, nor what is no block.
#include "conf.h"

static int global;
int main(void) {
  mi_heap_t *one = mi_heap_new(), *two = mi_heap_new();
  int local;
  EACH_SIZE(size) {
    char *a = mi_heap_malloc(one, size), *b = mi_heap_zalloc(two, size), *c = mi_malloc(size);
    CHECK(mi_heap_contains(one, a) && !mi_heap_contains(two, a) && !mi_heap_contains(mi_heap_main(), a));
    CHECK(!mi_heap_contains(one, b) && mi_heap_contains(two, b) && !mi_heap_contains(mi_heap_main(), b));
    CHECK(!mi_heap_contains(one, c) && !mi_heap_contains(two, c) && mi_heap_contains(mi_heap_main(), c));
    CHECK(mi_heap_contains(one, a + (size < 1 << 20 ? size - 1 : 1 << 20)));
    mi_free(a);
    mi_free(b);
    mi_free(c);
  }
  CHECK(!mi_heap_contains(one, NULL) && !mi_heap_contains(one, opaque(&local)) && !mi_heap_contains(one, &global));
  mi_heap_delete(one);
  mi_heap_delete(two);
  return 0;
}
