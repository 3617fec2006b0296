// build: link
// tests: mi_rezalloc_aligned mi_rezalloc_aligned_at
// What a zeroed, aligned block gains by growing is zero.
// (The reference library leaves old bytes there in some steps; the promise is the documentation's.)
#include "conf.h"

static void grow(size_t alignment, size_t offset, size_t size) {
  soil(size);
  char* p = offset == 0 ? mi_rezalloc_aligned(NULL, size, alignment)
                        : mi_rezalloc_aligned_at(NULL, size, alignment, offset);
  CHECK(p != NULL && aligned_to(p + offset, alignment) && all_bytes(p, size, 0));
  for (int step = 0; step < 5; step++) {
    memset(p, 0x77, size);
    size_t more = size * 2 + 3;
    soil(more);
    p = offset == 0 ? mi_rezalloc_aligned(p, more, alignment) : mi_rezalloc_aligned_at(p, more, alignment, offset);
    CHECK(p != NULL && aligned_to(p + offset, alignment));
    CHECK(all_bytes(p, size, 0x77) && all_bytes(p + size, more - size, 0));
    size = more;
  }
  mi_free(p);
}

int main(void) {
  for (size_t alignment = 8; alignment <= 1 << 16; alignment *= 4)
    for (size_t size = 1; size < 100000; size = size * 4 + 1) {
      grow(alignment, 0, size);
      grow(alignment, 8, size + 8);
      grow(alignment, 40, size + 40);
    }
  char* p = mi_zalloc_aligned(100, 64);
  CHECK(mi_rezalloc_aligned(p, TOO_MUCH, 64) == NULL && mi_rezalloc_aligned_at(p, TOO_MUCH, 64, 8) == NULL);
  CHECK(all_bytes(p, 100, 0));
  mi_free(p);
  return 0;
}
