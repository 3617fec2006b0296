// build: link
// tests: mi_heap_realloc_aligned mi_heap_realloc_aligned_at
// Aligned blocks of a heap keep contents, alignment and heap.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (size_t alignment = 16; alignment <= 1 << 16; alignment *= 4) {
    EACH_SIZE(size) {
      if (size > 1 << 20 && alignment > 16) continue;
      size_t offset = size / 2 & ~(size_t)7;
      char* p = mi_heap_realloc_aligned(heap, NULL, size, alignment);
      char* q = mi_heap_realloc_aligned_at(heap, NULL, size, alignment, offset);
      for (int step = 1; step < 5; step++) {
        CHECK(p != NULL && q != NULL && aligned_to(p, alignment) && aligned_to(q + offset, alignment));
        belongs(heap, p, size * (size_t)step);
        belongs(heap, q, size * (size_t)step);
        p = mi_heap_realloc_aligned(heap, p, size * (size_t)(step + 1), alignment);
        q = mi_heap_realloc_aligned_at(heap, q, size * (size_t)(step + 1), alignment, offset);
        CHECK(p != NULL && q != NULL && filled(p, size, 3) && filled(q, size, 3));
      }
      CHECK(mi_heap_realloc_aligned(heap, p, TOO_MUCH, alignment) == NULL);
      CHECK(mi_heap_realloc_aligned_at(heap, q, TOO_MUCH, alignment, offset) == NULL);
      CHECK(filled(p, size, 3) && filled(q, size, 3) && live(heap) == 2);
      mi_free(p);
      mi_free(q);
    }
  }
  mi_heap_delete(heap);
  return 0;
}
