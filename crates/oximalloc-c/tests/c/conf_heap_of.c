// build: link
// tests: mi_heap_of mi_heap_main
// The heap of a block, for its first byte and those inside; for what is no block, NULL. (In the reference library a
// pointer more than 4 MiB into a block has no heap: this looks no further than 1 MiB.)
#include "conf.h"

static int global;
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  int local;
  EACH_SIZE(size) {
    char *p = mi_heap_malloc(heap, size), *q = mi_malloc(size), *r = mi_heap_malloc_aligned(heap, size, 4096);
    for (size_t at = 0; at < size && at < 1 << 20; at += size / 30 + 1) {
      CHECK(mi_heap_of(p + at) == heap && mi_heap_of(r + at) == heap && mi_heap_of(q + at) == mi_heap_main());
    }
    size_t last = size < 1 << 20 ? size - 1 : 1 << 20;
    CHECK(mi_heap_of(p + last) == heap && mi_heap_of(q + last) == mi_heap_main());
    mi_free(p);
    mi_free(q);
    mi_free(r);
  }
  CHECK(mi_heap_of(NULL) == NULL && mi_heap_of(opaque(&local)) == NULL && mi_heap_of(&global) == NULL);
  CHECK(mi_heap_of((void*)main) == NULL && mi_heap_of((void*)16) == NULL && mi_heap_of((void*)UINTPTR_MAX) == NULL);
  mi_heap_delete(heap);
  return 0;
}
