// build: link
// tests: mi_umalloc mi_umalloc_small mi_ucalloc mi_ufree
// The forms that also tell the block's size, which is no less than what may be used; freeing tells the same. The size
// need not be wanted.
#include "conf.h"

int main(void) {
  EACH_SIZE(size) {
    size_t room = 0, freed = 0;
    void* p = mi_umalloc(size, &room);
    CHECK(p != NULL && room >= size && mi_usable_size(p) >= size);
    CHECK(room >= mi_usable_size(p));
    fill(p, mi_usable_size(p), 1);
    CHECK(filled(p, mi_usable_size(p), 1));
    mi_ufree(p, &freed);
    CHECK(freed == room);
    soil(size);
    p = mi_ucalloc(size, 2, &room);
    CHECK(p != NULL && room >= 2 * size && all_bytes(p, 2 * size, 0));
    mi_ufree(p, &freed);
    CHECK(freed == room);
    if (size <= MI_SMALL_SIZE_MAX) {
      p = mi_umalloc_small(size, &room);
      CHECK(p != NULL && room >= size);
      fill(p, mi_usable_size(p), 1);
      mi_ufree(p, &freed);
      CHECK(freed == room);
      mi_ufree(mi_umalloc_small(size, NULL), NULL);
    }
    mi_ufree(mi_umalloc(size, NULL), NULL);
    mi_ufree(mi_ucalloc(1, size, NULL), NULL);
    // Blocks from elsewhere too.
    p = mi_malloc(size);
    mi_ufree(p, &freed);
    CHECK(freed >= size);
  }
  mi_ufree(NULL, NULL);
  size_t size = 5;
  CHECK(mi_umalloc(TOO_MUCH, &size) == NULL && mi_ucalloc(OVERFLOWING, 16, &size) == NULL);
  return 0;
}
