// build: link
// tests: mi_realloc_aligned mi_realloc_aligned_at mi_rezalloc_aligned mi_recalloc_aligned
// A bad alignment when a block has to move is NULL, and the block stays as it was.
#include "conf.h"

int main(void) {
  char* p = mi_zalloc_aligned(100, 64);
  fill(p, 100, 1);
  for (size_t bad = 24; bad < 5000; bad = bad * 3) {
    CHECK(mi_realloc_aligned(p, 100000, opaque_size(bad)) == NULL);
    CHECK(mi_realloc_aligned_at(p, 100000, opaque_size(bad), 8) == NULL);
    CHECK(mi_rezalloc_aligned(p, 100000, opaque_size(bad)) == NULL);
    CHECK(mi_recalloc_aligned(p, 1000, 100, opaque_size(bad)) == NULL);
    CHECK(filled(p, 100, 1));
  }
  CHECK(mi_realloc_aligned(NULL, 100, opaque_size(24)) == NULL);
  mi_free(p);
  return 0;
}
