// build: link
// tests: mi_malloc_aligned_at
// It is the address at an offset into the block that is aligned, up to 64 KiB. (The reference library refuses more.)
#include "conf.h"

int main(void) {
  for (size_t alignment = 8; alignment <= 1 << 16; alignment *= 2) {
    EACH_SIZE(size) {
      for (size_t offset = 0; offset <= size; offset = offset * 5 + 8) {
        char* p = mi_malloc_aligned_at(size, alignment, offset);
        CHECK(p != NULL && aligned_to(p + offset, alignment) && mi_usable_size(p) >= size);
        fill(p, size, 1);
        CHECK(filled(p, size, 1));
        mi_free(p);
      }
    }
  }
  return 0;
}
