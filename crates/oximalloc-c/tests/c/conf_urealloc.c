// build: link
// tests: mi_urealloc
// Tells the block's size before and after; what fails leaves the block.
#include "conf.h"

int main(void) {
  size_t before = 1, after = 0;
  char* p = mi_urealloc(NULL, 10, &before, &after);
  CHECK(p != NULL && after >= 10);
  fill(p, 10, 1);
  for (size_t size = 20; size < 10 << 20; size *= 3) {
    size_t room = after;
    p = mi_urealloc(p, size, &before, &after);
    CHECK(p != NULL && before == room && after >= size && filled(p, 10, 1));
    fill(p, mi_usable_size(p), 1);
  }
  p = mi_urealloc(p, 10, &before, &after);
  CHECK(p != NULL && after >= 10 && after <= before && filled(p, 10, 1));
  CHECK(mi_urealloc(p, TOO_MUCH, &before, &after) == NULL && filled(p, 10, 1));
  p = mi_urealloc(p, 1000, NULL, NULL);
  CHECK(p != NULL && filled(p, 10, 1));
  mi_ufree(p, NULL);
  return 0;
}
