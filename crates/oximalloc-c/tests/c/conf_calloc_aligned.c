// build: link
// tests: mi_calloc_aligned mi_calloc_aligned_at
// A number of zeroed things, aligned; a product that is too large is NULL.
#include "conf.h"

int main(void) {
  for (size_t alignment = 16; alignment <= 1 << 16; alignment *= 4) {
    EACH_SIZE(size) {
      if (size > 1 << 20 && alignment > 16) continue;
      size_t offset = size & ~(size_t)7;
      soil(3 * size);
      char* p = mi_calloc_aligned(3, size, alignment);
      CHECK(p != NULL && aligned_to(p, alignment) && mi_usable_size(p) >= 3 * size && all_bytes(p, 3 * size, 0));
      fill(p, 3 * size, 1);
      mi_free(p);
      p = mi_calloc_aligned_at(3, size, alignment, offset);
      CHECK(p != NULL && aligned_to(p + offset, alignment) && all_bytes(p, 3 * size, 0));
      fill(p, 3 * size, 1);
      mi_free(p);
    }
  }
  CHECK(mi_calloc_aligned(OVERFLOWING, 16, 64) == NULL && mi_calloc_aligned(16, OVERFLOWING, 64) == NULL);
  CHECK(mi_calloc_aligned_at(OVERFLOWING, 16, 64, 8) == NULL && mi_calloc_aligned_at(1, TOO_MUCH, 64, 8) == NULL);
  void* p = mi_calloc_aligned(0, 8, 64);
  CHECK(p != NULL && aligned_to(p, 64));
  mi_free(p);
  return 0;
}
