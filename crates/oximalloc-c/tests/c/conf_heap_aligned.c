// build: link
// tests: mi_heap_malloc_aligned mi_heap_malloc_aligned_at mi_heap_zalloc_aligned mi_heap_zalloc_aligned_at
// tests: mi_heap_calloc_aligned mi_heap_calloc_aligned_at
// Aligned blocks in a heap, at the start or at an offset, zeroed where the name says so.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (size_t alignment = 16; alignment <= 1 << 16; alignment *= 4) {
    EACH_SIZE(size) {
      if (size > 1 << 20 && alignment > 16) continue;
      size_t offset = size / 2 & ~(size_t)7;
      char* p[6];
      p[0] = mi_heap_malloc_aligned(heap, size, alignment);
      p[1] = mi_heap_malloc_aligned_at(heap, size, alignment, offset);
      soil_heap(heap, size);
      p[2] = mi_heap_zalloc_aligned(heap, size, alignment);
      p[3] = mi_heap_zalloc_aligned_at(heap, size, alignment, offset);
      soil_heap(heap, 3 * size);
      p[4] = mi_heap_calloc_aligned(heap, 3, size, alignment);
      p[5] = mi_heap_calloc_aligned_at(heap, 3, size, alignment, offset);
      for (int i = 0; i < 6; i++) {
        CHECK(p[i] != NULL && aligned_to(p[i] + (i % 2 == 0 ? 0 : offset), alignment));
        if (i >= 2) CHECK(all_bytes(p[i], i < 4 ? size : 3 * size, 0));
        belongs(heap, p[i], i < 4 ? size : 3 * size);
        CHECK(look(heap, p[i]).found == 1);
      }
      CHECK(live(heap) == 6);
      for (int i = 0; i < 6; i++) mi_free(p[i]);
    }
  }
  CHECK(mi_heap_malloc_aligned(heap, TOO_MUCH, 64) == NULL && mi_heap_malloc_aligned(heap, 10, 24) == NULL);
  CHECK(mi_heap_malloc_aligned_at(heap, 10, 24, 8) == NULL && mi_heap_zalloc_aligned(heap, TOO_MUCH, 64) == NULL);
  CHECK(mi_heap_zalloc_aligned_at(heap, TOO_MUCH, 64, 8) == NULL);
  CHECK(mi_heap_calloc_aligned(heap, OVERFLOWING, 16, 64) == NULL);
  CHECK(mi_heap_calloc_aligned_at(heap, OVERFLOWING, 16, 64, 8) == NULL);
  CHECK(live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
