// build: link
// tests: mi_malloc_small mi_zalloc_small mi_free_small
// Small blocks of every size up to the largest small one.
#include "conf.h"

int main(void) {
  for (size_t size = 0; size <= MI_SMALL_SIZE_MAX; size++) {
    soil(size);
    unsigned char *p = mi_malloc_small(size), *z = mi_zalloc_small(size);
    CHECK(p != NULL && z != NULL && p != z);
    CHECK(mi_usable_size(p) >= size && mi_usable_size(z) >= size);
    CHECK(all_bytes(z, size, 0));
    fill(p, size, 9);
    fill(z, size, 8);
    CHECK(filled(p, size, 9));
    mi_free_small(p);
    CHECK(filled(z, size, 8));
    if (size % 2 == 0) mi_free_small(z); else mi_free(z);
  }
  // mi_free_small is for every block of such a size, however it was allocated.
  mi_free_small(mi_malloc(MI_SMALL_SIZE_MAX));
  mi_free_small(mi_calloc(4, 8));
  return 0;
}
