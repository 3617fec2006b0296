// build: link
// tests: mi_umalloc_aligned mi_uzalloc_aligned
// Aligned blocks that tell their size.
#include "conf.h"

int main(void) {
  for (size_t alignment = 8; alignment <= 1 << 20; alignment *= 8) {
    EACH_SIZE(size) {
      if (size > 10 << 20 && alignment > 8) continue;
      size_t room = 0, freed = 0;
      void* p = mi_umalloc_aligned(size, alignment, &room);
      CHECK(p != NULL && aligned_to(p, alignment) && room >= size);
      fill(p, size, 1);
      mi_ufree(p, &freed);
      CHECK(freed >= size);
      soil(size);
      p = mi_uzalloc_aligned(size, alignment, &room);
      CHECK(p != NULL && aligned_to(p, alignment) && room >= size && all_bytes(p, size, 0));
      fill(p, size, 1);
      mi_ufree(p, &freed);
      CHECK(freed >= size);
    }
  }
  mi_ufree(mi_umalloc_aligned(10, 64, NULL), NULL);
  mi_ufree(mi_uzalloc_aligned(10, 64, NULL), NULL);
  CHECK(mi_umalloc_aligned(TOO_MUCH, 64, NULL) == NULL && mi_uzalloc_aligned(TOO_MUCH, 64, NULL) == NULL);
  return 0;
}
