// build: link
// tests: mi_rezalloc
// A block that began zeroed and only grows by mi_rezalloc is zero in all that was added, in every step.
// (The reference library leaves old bytes there in some steps; the promise is the documentation's.)
#include "conf.h"

int main(void) {
  for (size_t start = 1; start < 200000; start = start * 3 + 1) {
    soil(start * 2 + 5);
    unsigned char* p = start % 2 == 0 ? mi_rezalloc(NULL, start) : mi_zalloc(start);
    CHECK(p != NULL && all_bytes(p, start, 0));
    memset(p, 0xaa, start);
    size_t size = start;
    for (int step = 0; step < 8; step++) {
      size_t more = size + size / 2 + (size_t)step;
      soil(more);
      p = mi_rezalloc(p, more);
      CHECK(p != NULL && all_bytes(p, size, 0xaa) && all_bytes(p + size, more - size, 0));
      memset(p, 0xaa, more);
      size = more;
    }
    CHECK(mi_rezalloc(p, TOO_MUCH) == NULL && all_bytes(p, size, 0xaa));
    p = mi_rezalloc(p, 0);
    CHECK(p != NULL);
    mi_free(p);
  }
  return 0;
}
