// build: link
// tests: mi_uzalloc_small
// A small zeroed block that tells its size. (The reference library does not have this function.)
#include "conf.h"

int main(void) {
  for (size_t size = 0; size <= MI_SMALL_SIZE_MAX; size += 5) {
    size_t room = 0, freed = 0;
    soil(size);
    void* p = mi_uzalloc_small(size, &room);
    CHECK(p != NULL && room >= size && all_bytes(p, size, 0));
    fill(p, mi_usable_size(p), 1);
    mi_ufree(p, &freed);
    CHECK(freed == room);
    mi_ufree(mi_uzalloc_small(size, NULL), NULL);
  }
  return 0;
}
