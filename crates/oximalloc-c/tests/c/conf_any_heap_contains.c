// build: link
// tests: mi_any_heap_contains mi_is_in_heap_region
// Memory of the allocator, whichever heap it belongs to, and any other.
#include "conf.h"

static int global;
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  int local;
  void* map = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(map != MAP_FAILED);
  EACH_SIZE(size) {
    char *p = mi_heap_malloc(heap, size), *q = mi_malloc(size);
    size_t last = size < 1 << 20 ? size - 1 : 1 << 20;
    CHECK(mi_any_heap_contains(p) && mi_any_heap_contains(q) && mi_any_heap_contains(p + last));
    CHECK(mi_is_in_heap_region(p) && mi_is_in_heap_region(q) && mi_is_in_heap_region(q + last / 2));
    mi_free(p);
    mi_free(q);
  }
  const void* none[] = {NULL, opaque(&local), &global, map, (void*)8, (void*)UINTPTR_MAX, (void*)main};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    CHECK(!mi_any_heap_contains(none[i]) && !mi_is_in_heap_region(none[i]));
  mi_heap_delete(heap);
  return 0;
}
