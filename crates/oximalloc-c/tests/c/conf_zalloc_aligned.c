// build: link
// tests: mi_zalloc_aligned mi_zalloc_aligned_at
// Zeroed and aligned, at the block's start or at an offset.
#include "conf.h"

int main(void) {
  for (size_t alignment = 16; alignment <= 1 << 16; alignment *= 4) {
    EACH_SIZE(size) {
      if (size > 10 << 20 && alignment > 16) continue;
      size_t offset = size / 3 & ~(size_t)7;
      soil(size + alignment);
      char* p = mi_zalloc_aligned(size, alignment);
      CHECK(p != NULL && aligned_to(p, alignment) && mi_usable_size(p) >= size && all_bytes(p, size, 0));
      fill(p, size, 1);
      mi_free(p);
      soil(size);
      p = mi_zalloc_aligned_at(size, alignment, offset);
      CHECK(p != NULL && aligned_to(p + offset, alignment) && mi_usable_size(p) >= size && all_bytes(p, size, 0));
      fill(p, size, 1);
      mi_free(p);
    }
  }
  return 0;
}
