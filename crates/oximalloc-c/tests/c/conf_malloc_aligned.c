// build: link
// tests: mi_malloc_aligned
// Every power of two as alignment, for every kind of block; blocks stay apart and can be freed plainly.
#include "conf.h"

int main(void) {
  for (size_t alignment = 1; alignment <= 32 << 20; alignment *= 2) {
    EACH_SIZE(size) {
      void *p = mi_malloc_aligned(size, alignment), *q = mi_malloc_aligned(size, alignment);
      CHECK(p != NULL && q != NULL && aligned_to(p, alignment) && aligned_to(q, alignment));
      CHECK(mi_usable_size(p) >= size && mi_usable_size(q) >= size);
      fill(p, size, 1);
      fill(q, size, 2);
      CHECK(filled(p, size, 1) && filled(q, size, 2));
      mi_free(p);
      CHECK(filled(q, size, 2));
      mi_free(q);
    }
    void* p = mi_malloc_aligned(0, alignment);
    CHECK(p != NULL && aligned_to(p, alignment));
    mi_free(p);
  }
  return 0;
}
