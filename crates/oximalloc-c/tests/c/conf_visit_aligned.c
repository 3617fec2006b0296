// build: link
// tests: mi_heap_malloc_aligned
// Blocks with an alignment above 64 KiB are seen too. (The reference library leaves them out.)
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (size_t alignment = 1 << 17; alignment <= 16 << 20; alignment *= 2) {
    void *p = mi_heap_malloc_aligned(heap, 100, alignment), *q = mi_heap_malloc_aligned(heap, 300000, alignment);
    CHECK(aligned_to(p, alignment) && aligned_to(q, alignment) && live(heap) == 2);
    CHECK(look(heap, p).found == 1 && look(heap, q).found == 1);
    mi_free(p);
    CHECK(live(heap) == 1);
    mi_free(q);
  }
  CHECK(live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
