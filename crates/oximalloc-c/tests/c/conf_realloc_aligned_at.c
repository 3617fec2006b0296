// build: link
// tests: mi_realloc_aligned_at
// As mi_realloc_aligned, with the aligned address at an offset.
#include "conf.h"

int main(void) {
  for (size_t alignment = 16; alignment <= 1 << 16; alignment *= 4) {
    EACH_SIZE(size) {
      if (size > 10 << 20 && alignment > 16) continue;
      size_t offset = size / 2 & ~(size_t)7;
      char* p = mi_realloc_aligned_at(NULL, size, alignment, offset);
      CHECK(p != NULL && aligned_to(p + offset, alignment));
      fill(p, size, 1);
      for (size_t more = size; more < size * 4; more += size / 2 + 1) {
        p = mi_realloc_aligned_at(p, more, alignment, offset);
        CHECK(p != NULL && aligned_to(p + offset, alignment) && mi_usable_size(p) >= more && filled(p, size, 1));
      }
      CHECK(mi_realloc_aligned_at(p, TOO_MUCH, alignment, offset) == NULL && filled(p, size, 1));
      mi_free(p);
    }
  }
  return 0;
}
