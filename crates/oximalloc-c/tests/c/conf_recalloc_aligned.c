// build: link
// tests: mi_recalloc_aligned mi_recalloc_aligned_at mi_aligned_recalloc mi_aligned_offset_recalloc
// As mi_rezalloc_aligned, by a number of things; the last two are older names with the same order of arguments.
// (The reference library leaves old bytes there in some steps; the promise is the documentation's.)
#include "conf.h"

int main(void) {
  for (size_t alignment = 16; alignment <= 1 << 16; alignment *= 16)
    for (size_t each = 8; each < 10000; each = each * 3 + 8) {
      soil(each * 6);
      char* p = mi_recalloc_aligned(NULL, 2, each, alignment);
      CHECK(p != NULL && aligned_to(p, alignment) && all_bytes(p, 2 * each, 0));
      memset(p, 0x66, 2 * each);
      p = mi_recalloc_aligned(p, 5, each, alignment);
      CHECK(p != NULL && aligned_to(p, alignment));
      CHECK(all_bytes(p, 2 * each, 0x66) && all_bytes(p + 2 * each, 3 * each, 0));
      memset(p, 0x66, 5 * each);
      p = mi_aligned_recalloc(p, 11, each, alignment);
      CHECK(p != NULL && aligned_to(p, alignment));
      CHECK(all_bytes(p, 5 * each, 0x66) && all_bytes(p + 5 * each, 6 * each, 0));
      CHECK(mi_recalloc_aligned(p, OVERFLOWING, 16, alignment) == NULL);
      CHECK(mi_aligned_recalloc(p, OVERFLOWING, 16, alignment) == NULL);
      CHECK(all_bytes(p, 5 * each, 0x66));
      mi_free(p);

      soil(each * 6);
      p = mi_recalloc_aligned_at(NULL, 2, each, alignment, 8);
      CHECK(p != NULL && aligned_to(p + 8, alignment) && all_bytes(p, 2 * each, 0));
      memset(p, 0x66, 2 * each);
      p = mi_recalloc_aligned_at(p, 5, each, alignment, 8);
      CHECK(p != NULL && aligned_to(p + 8, alignment));
      CHECK(all_bytes(p, 2 * each, 0x66) && all_bytes(p + 2 * each, 3 * each, 0));
      memset(p, 0x66, 5 * each);
      p = mi_aligned_offset_recalloc(p, 11, each, alignment, 8);
      CHECK(p != NULL && aligned_to(p + 8, alignment));
      CHECK(all_bytes(p, 5 * each, 0x66) && all_bytes(p + 5 * each, 6 * each, 0));
      CHECK(mi_recalloc_aligned_at(p, OVERFLOWING, 16, alignment, 8) == NULL);
      CHECK(mi_aligned_offset_recalloc(p, OVERFLOWING, 16, alignment, 8) == NULL);
      mi_free(p);
    }
  return 0;
}
