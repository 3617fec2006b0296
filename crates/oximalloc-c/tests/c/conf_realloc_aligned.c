// build: link
// tests: mi_realloc_aligned
// The new block is aligned and has the old one's contents; so for NULL, for plain blocks, and for a stricter
// alignment than before.
#include "conf.h"

int main(void) {
  for (size_t alignment = 8; alignment <= 1 << 21; alignment *= 4) {
    EACH_SIZE(size) {
      char* p = mi_realloc_aligned(NULL, size, alignment);
      CHECK(p != NULL && aligned_to(p, alignment));
      fill(p, size, 1);
      p = mi_realloc_aligned(p, size * 2, alignment);
      CHECK(p != NULL && aligned_to(p, alignment) && mi_usable_size(p) >= size * 2 && filled(p, size, 1));
      p = mi_realloc_aligned(p, size, alignment);
      CHECK(p != NULL && aligned_to(p, alignment) && filled(p, size, 1));
      p = mi_realloc_aligned(p, size, alignment * 2);
      CHECK(p != NULL && aligned_to(p, alignment * 2) && filled(p, size, 1));
      CHECK(mi_realloc_aligned(p, TOO_MUCH, alignment) == NULL && filled(p, size, 1));
      mi_free(p);
      p = mi_malloc(size);
      fill(p, size, 1);
      p = mi_realloc_aligned(p, size + 1, alignment);
      CHECK(p != NULL && aligned_to(p, alignment) && filled(p, size, 1));
      mi_free(p);
    }
  }
  return 0;
}
